import { z } from "zod";
import { refuse } from "../../core/errors.ts";
import type { UpstreamOperations, UpstreamTest, UpstreamView } from "../../operations/upstreams/upstreams.ts";
import { BARE, type Route, route } from "../http/route.ts";
import { timeText } from "../list-schema.ts";
import {
  newUpstreamSchema,
  type UpstreamBody,
  type UpstreamDetailBody,
  type UpstreamTestBody,
  upstreamDetailSchema,
  upstreamListSchema,
  upstreamTestSchema,
} from "./schema.ts";

const facts = { tag: "upstreams", who: "administrators" } as const;
const one = z.object({ name: z.string() });

/** Routes of `upstreams`. */
export function upstreamRoutes(upstreams: UpstreamOperations): readonly Route[] {
  return [
    route({
      ...BARE,
      ...{ ...facts, method: "GET", path: "/upstreams", id: "listUpstreams" },
      summary: "List the MCP servers behind the gateway",
      answer: { status: 200, description: "All of them, by name.", schema: upstreamListSchema },
      async handle({ reply }) {
        return reply({ items: upstreams.list().map(upstreamJson), next_cursor: null });
      },
    }),
    route({
      ...BARE,
      ...{ ...facts, method: "POST", path: "/upstreams", id: "registerUpstream" },
      summary: "Add an MCP server",
      description: "It is kept, started at once, and its tools are offered as soon as it is reached.",
      body: newUpstreamSchema,
      bodyExample: {
        name: "github",
        url: "https://mcp.example.com/mcp",
        headers: { Authorization: "Bearer …" },
        timeout: "60s",
      },
      refusals: ["UPSTREAM_EXISTS", "UPSTREAM_ADDRESS_REFUSED", "UPSTREAMS_TOO_MANY"],
      answer: { status: 201, description: "It is registered.", schema: upstreamDetailSchema },
      async handle({ operator, body: { name, ...entry }, reply }) {
        const registered = await upstreams.register(operator, name, entry);
        if (registered.ok) return reply(upstreamDetailJson(registered.upstream));
        const { mistakes, ...refusal } = registered;
        return mistakes === undefined ? refusal : { ...refusal, errors: [...mistakes] };
      },
    }),
    route({
      ...BARE,
      ...{ ...facts, method: "GET", path: "/upstreams/:name", id: "getUpstream" },
      summary: "Read one MCP server and what it says of itself",
      params: one,
      refusals: ["UPSTREAM_UNKNOWN"],
      answer: { status: 200, description: "The upstream.", schema: upstreamDetailSchema },
      async handle({ params, reply }) {
        const upstream = upstreams.get(params.name);
        return upstream === undefined ? refuse("UPSTREAM_UNKNOWN") : reply(upstreamDetailJson(upstream));
      },
    }),
    route({
      ...BARE,
      ...{ ...facts, method: "DELETE", path: "/upstreams/:name", id: "removeUpstream" },
      summary: "Remove an MCP server that was added at run time",
      params: one,
      refusals: ["UPSTREAM_UNKNOWN", "UPSTREAM_FROM_FILE"],
      answer: { status: 204, description: "It is gone, and its tools with it." },
      async handle({ operator, params, reply }) {
        const removed = await upstreams.remove(operator, params.name);
        return removed.ok ? reply(undefined) : removed;
      },
    }),
    route({
      ...BARE,
      ...{ ...facts, method: "POST", path: "/upstreams/:name/test", id: "testUpstream" },
      summary: "Connect to an MCP server anew and list its tools",
      description: "Beside the connection that runs. That it cannot be reached is an answer, not a refusal.",
      params: one,
      body: z.strictObject({}).describe("Nothing to say."),
      bodyExample: {},
      refusals: ["UPSTREAM_UNKNOWN", "TOO_MANY_OPEN"],
      answer: { status: 200, description: "What came of it.", schema: upstreamTestSchema },
      async handle({ operator, params, reply }) {
        const tested = await upstreams.test(operator, params.name);
        return tested.ok ? reply(testJson(tested.test)) : tested;
      },
    }),
  ];
}

function upstreamJson(view: UpstreamView): UpstreamBody {
  const { name, source, address, status, load, tools, faults, unseen, endpoints, isolation, timeoutMs, registered } =
    view;
  return {
    ...{ name, source, address, state: status.state, since: timeText(status.since) },
    last_error: status.lastError ?? null,
    next_attempt: status.nextAttempt === undefined ? null : timeText(status.nextAttempt),
    era: status.era ?? null,
    transport: status.transport,
    tools,
    list_faults: Array.from(faults, ([list, { count, items }]) => {
      return { list, count, items: items.map(({ name, leftOut, why }) => ({ name, left_out: leftOut, why })) };
    }),
    unseen_lists: [...unseen],
    endpoints: [...endpoints],
    isolation,
    timeout_ms: timeoutMs,
    load: { peers: load.peers ?? null, connected: load.connected, in_flight: load.inFlight, watched: load.watched },
    registered: registered === undefined ? null : registeredJson(registered),
  };
}

function registeredJson({
  issuer,
  subject,
  email,
  at,
}: NonNullable<UpstreamView["registered"]>): UpstreamBody["registered"] {
  return { by: { issuer, subject, email: email ?? null }, at: timeText(at) };
}

function upstreamDetailJson(view: UpstreamView): UpstreamDetailBody {
  const { serverInfo, capabilities, instructions } = view.status;
  return {
    ...upstreamJson(view),
    server_info: serverInfo === undefined ? null : { ...serverInfo },
    capabilities: { ...capabilities },
    instructions: instructions ?? null,
  };
}

function testJson(test: UpstreamTest): UpstreamTestBody {
  const { ok, ms } = test;
  if (!test.ok) return { ok, ms, why: test.why, era: null, transport: null, server_info: null, tools: [] };
  const { era, transport, serverInfo } = test.status;
  return {
    ...{ ok, ms, why: null, era: era ?? null, transport },
    server_info: serverInfo === undefined ? null : { ...serverInfo },
    tools: test.tools.map(({ name, description }) => ({ name, description: description ?? null })),
  };
}

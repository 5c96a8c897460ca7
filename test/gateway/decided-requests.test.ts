import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isObject } from "../../src/core/json.ts";
import { APPROVALS_CONFIG, people } from "../support/approval-people.ts";
import {
  connectDecided,
  type DecidedClient,
  type DecidedServer,
  ERAS,
  type Era,
  REQUESTS,
  type RequestRow,
  requestOf,
  SECRET,
  startDecidedServer,
  templateOf,
  uriOf,
} from "../support/decided-world.ts";
import { type ExternalChecks, startExternalChecks } from "../support/external-checks.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

interface Wanted {
  readonly does: string;
  readonly when?: string;
  /** What stands on record. */
  readonly decision: string;
  readonly outcome: string;
  /** Whether its server is asked, whether lists show it, and whether it answers as what nobody has. */
  readonly heard: boolean;
  readonly listed: boolean;
  /** The requests that this can be said of; all without it. */
  readonly only?: readonly RequestRow[];
}

const NO_WAIT = ["resources/subscribe", "prompt's completion", "template's completion"] as const;
const REFUSED = { outcome: "denied", heard: false, listed: true } as const;
const HIDDEN = { outcome: "denied", heard: false, listed: false } as const;
const GOES = { decision: "allow", outcome: "ok", heard: true, listed: true } as const;
/** True, and not to be told before there is a request. */
const NOW = "request.time > timestamp('2001-01-01T00:00:00Z')";

/** What becomes of what has this name, by the one policy that is about it. */
const EFFECTS: Readonly<Record<string, Wanted>> = {
  free: { does: "", ...GOES },
  allow: { does: "allow: {}", ...GOES },
  deny: { does: "deny: {}", when: NOW, decision: "deny", ...REFUSED },
  never: { does: "deny: {}", decision: "deny", ...HIDDEN },
  hide: { does: "hide: {}", decision: "hide", ...HIDDEN },
  limit: { does: 'rate_limit: { limit: 1, per: 1h, cost: "2" }', decision: "rate_limit", ...REFUSED },
  redact: { does: "redact: { detect: [email] }", ...GOES },
  signin: { does: "step_up: { acr: [mfa] }", decision: "step_up", ...REFUSED },
  "ask-yes": { does: "authorize: { by: corp }", ...GOES },
  "ask-no": { does: "authorize: { by: corp }", decision: "deny", ...REFUSED },
  "ask-lost": { does: "authorize: { by: corp }", decision: "deny", ...REFUSED },
  "look-yes": { does: "guard: { by: dlp }", ...GOES },
  "look-no": { does: "guard: { by: dlp, phases: [request] }", decision: "deny", ...REFUSED },
  "look-lost": { does: "guard: { by: dlp, phases: [request] }", decision: "deny", ...REFUSED },
  approve: { does: "request_approval: { flow: single }", decision: "request_approval", ...REFUSED, only: NO_WAIT },
};
const NAMES = Object.keys(EFFECTS);
const KINDS = (name: string) => ({
  tools: [`*/${name}`],
  prompts: [`*/${name}`],
  resources: [`*/*:${name}`, `*/*-${name}:*`],
});

const POLICIES = Object.entries(EFFECTS).flatMap(([name, { does, when }]) => {
  const condition = when === undefined ? "" : `, when: "${when}"`;
  const targets = Object.entries(KINDS(name));
  return does === ""
    ? []
    : targets.map(
        ([kind, globs]) =>
          `  - { id: ${name}-${kind}, target: { ${kind}: ${JSON.stringify(globs)} }${condition}, then: { ${does} } }`,
      );
});

let servers: Readonly<Record<Era, DecidedServer>>;
let checks: ExternalChecks;
let gateway: TestGateway;
const clients = new Map<string, DecidedClient>();
const ENDPOINTS = ["one server", "two servers"] as const;

beforeAll(async () => {
  servers = { modern: await startDecidedServer("modern", NAMES), legacy: await startDecidedServer("legacy", NAMES) };
  const upstreams = { modern: { url: servers.modern.url }, legacy: { url: servers.legacy.url } };
  checks = await startExternalChecks(() => ({}));
  gateway = await startTestGateway(
    {
      ...{ ...APPROVALS_CONFIG, upstreams },
      decision_points: { corp: { opa: { url: checks.url, path: "mcp/allow" } } },
      guards: { dlp: { webhook: { url: `${checks.url}/look`, secret: "a secret for the tests alone" } } },
    },
    { "p.yaml": `policies:\n${POLICIES.join("\n")}\n` },
  );
  const port = Number(new URL(gateway.url).port);
  for (const era of ERAS) {
    for (const path of ["/mcp", "/mcp/modern", "/mcp/legacy"]) {
      clients.set(`${era} ${path}`, await connectDecided(era, port, path, people.key("ann")));
    }
  }
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await checks.close();
  for (const server of Object.values(servers)) await server.close();
});

function clientAt(era: Era, server: Era, endpoint: (typeof ENDPOINTS)[number]): DecidedClient {
  const client = clients.get(`${era} ${endpoint === "one server" ? `/mcp/${server}` : "/mcp"}`);
  if (client === undefined) throw new Error("There is no such client.");
  return client;
}

let last = 0;
/** What came on record since this was asked last. */
async function newRows() {
  await gateway.running.wired.audit.flush();
  const { entries } = await gateway.running.wired.activity.search({ limit: 100, after: last });
  last = Math.max(last, ...entries.map(({ seq }) => seq));
  return entries;
}

const isRefused = (text: string): boolean =>
  /"error":|"isError":true/.test(text) || (text.includes("acknowledged") && !text.includes("resourceSubscriptions"));

describe.each(REQUESTS)("%s", (row) => {
  const cells = ERAS.flatMap((client) =>
    ERAS.flatMap((server) => ENDPOINTS.map((endpoint) => ({ client, server, endpoint }))),
  );
  it.each(cells)(
    "of a $client client about a $server server at an endpoint of $endpoint is decided, recorded once and enforced",
    async ({ client, server, endpoint }) => {
      const asked = clientAt(client, server, endpoint);
      const prefix = endpoint === "one server" ? "" : `${server}__`;
      await newRows();
      const unknown = await asked.ask(...requestOf(row, server, "nothing", prefix));
      expect(await newRows(), "what nobody has").toHaveLength(1);
      for (const [name, wanted] of Object.entries(EFFECTS)) {
        if (wanted.only?.includes(row) === false) continue;
        const [method, params] = requestOf(row, server, name, prefix);
        const before = row === "resources/subscribe" ? 0 : servers[server].heard(row, server, name);
        const text = await asked.ask(method, params);
        const [kind, subject] =
          params["uri"] !== undefined
            ? ["resource", uriOf(server, name)]
            : isObject(params["ref"]) && params["ref"]["type"] === "ref/resource"
              ? ["resource", templateOf(server, name)]
              : [method === "tools/call" ? "tool" : "prompt", name];
        const rows = await newRows();
        const told = `${name}: ${text}`;
        expect(rows, told).toHaveLength(1);
        expect(rows[0], told).toMatchObject({
          ...{ kind: "opened", actor: "ann", upstream: server },
          // Of calls of tools the record has always said no more than the tool.
          ...(kind === "tool" ? { tool: subject } : { method, subjectKind: kind, subject }),
          ...{ decision: wanted.decision, outcome: wanted.outcome, endedAt: expect.any(Number) },
        });
        expect(servers[server].heard(row, server, name) > before, told).toBe(wanted.heard);
        expect(isRefused(text), told).toBe(!wanted.heard);
        expect(text.includes(SECRET), told).toBe(wanted.heard && name !== "redact" && row !== "resources/subscribe");
        if (!wanted.listed) expect(text).toBe(unknown);
      }
    },
  );
});

describe.each(ERAS)("lists of a %s client", (client) => {
  const cells = ERAS.flatMap((server) => ENDPOINTS.map((endpoint) => ({ server, endpoint })));
  it.each(cells)(
    "show of a $server server at an endpoint of $endpoint what may be used",
    async ({ server, endpoint }) => {
      const asked = clientAt(client, server, endpoint);
      const prefix = endpoint === "one server" ? "" : `${server}__`;
      const shown = NAMES.filter((name) => EFFECTS[name]?.listed);
      const list = async (method: string, own: (text: string) => boolean): Promise<readonly string[]> =>
        [...(await asked.ask(method, {})).matchAll(/"(?:uri|uriTemplate|name)":"([^"]*)"/g)]
          .flatMap(([, text = ""]) => text)
          .filter((text, index, all) => own(text) && all.indexOf(text) === index)
          .sort();
      const named = shown.map((name) => `${prefix}${name}`).sort();
      const isOwn = (text: string) => text.startsWith(prefix) && NAMES.some((name) => text === `${prefix}${name}`);
      expect(await list("tools/list", isOwn)).toEqual(named);
      expect(await list("prompts/list", isOwn)).toEqual(named);
      expect(await list("resources/list", (text) => text.startsWith(`${server}:`))).toEqual(
        shown.map((name) => uriOf(server, name)).sort(),
      );
      expect(await list("resources/templates/list", (text) => text.startsWith(`${server}-`))).toEqual(
        shown.map((name) => templateOf(server, name)).sort(),
      );
    },
  );
});

import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createCallIds } from "../../src/core/ids.ts";
import { AT_HOME, LOCAL_ISSUER, type Principal } from "../../src/core/principal.ts";
import { createStdioEdge } from "../../src/downstream/stdio/stdio.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { initialize, type RawSession, send } from "../support/raw-mcp.ts";
import { answer, legacyScript, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { UNHEARD } from "../support/refusals.ts";
import { createUsers } from "../support/users.ts";

const users = createUsers({ ann: [] });
const POLICIES = { "hide.yaml": "policies:\n  - id: no\n    target: { tools: [up/secret] }\n    then: { hide: {} }\n" };

let upstream: RawUpstream;
let gateway: TestGateway;
let session: RawSession;
const port = () => Number(new URL(gateway.url).port);

beforeAll(async () => {
  const tool = (name: string) => ({ name, inputSchema: { type: "object" } });
  const result = { tools: [tool("pay"), tool("secret")], resources: [], resourceTemplates: [], content: [] };
  upstream = await startRawUpstream(legacyScript((request, response) => answer(request, response, result)));
  gateway = await startTestGateway({ auth: users.auth, upstreams: { up: { url: upstream.url } } }, POLICIES);
  session = await initialize(port(), { user: users.bearer("ann").authorization.slice("Bearer ".length) });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** The calls on record that were not when this was called last. */
const known = new Set<string>();
async function newRows() {
  await gateway.running.wired.audit.flush();
  const { entries } = await gateway.running.wired.activity.search({ limit: 100 });
  const rows = entries.filter(({ callId }) => !known.has(callId));
  for (const { callId } of rows) known.add(callId);
  return rows;
}

const body = (params: string) => `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":${params}}`;

const MALFORMED: readonly (readonly [why: string, params: string, tool: string, outcome: string])[] = [
  ["JSON that breaks off", '{"name":"up__pay","arguments":{"nr":', "pay", "JSON_MALFORMED"],
  ["a number that is rounded", '{"name":"up__pay","arguments":{"nr":9007199254740993}}', "pay", "JSON_UNSAFE_NUMBER"],
  ["a key that is refused", '{"name":"up__pay","arguments":{"__proto__":1}}', "pay", "JSON_FORBIDDEN_KEY"],
  ["too much depth", `{"name":"up__pay","arguments":{"a":${"[".repeat(70)}${"]".repeat(70)}}}`, "pay", "JSON_TOO_DEEP"],
  ["two keys that are one", '{"name":"up__pay","arguments":{"nr":1,"NR":2}}', "pay", "KEYS_AMBIGUOUS"],
  ["arguments that are no object", '{"name":"up__pay","arguments":[1]}', "pay", "PARAMS_INVALID"],
  ["arguments for a hidden tool", '{"name":"up__secret","arguments":"x"}', "secret", "PARAMS_INVALID"],
  ["a state that is not ours", '{"name":"up__pay","requestState":"x"}', "pay", "PARAMS_INVALID"],
  ["a name of another type", '{"name":["up__pay"]}', "", "PARAMS_INVALID"],
  ["params of another type", "[1]", "", "NOT_A_MESSAGE"],
];

const MODERN: readonly (readonly [why: string, rest: string, outcome: string])[] = [
  ["a number that is rounded", '"arguments":{"nr":9007199254740993}', "JSON_UNSAFE_NUMBER"],
  ["two keys that are one", '"arguments":{"nr":1,"NR":2}', "KEYS_AMBIGUOUS"],
  ["arguments that are no object", '"arguments":[1]', "PARAMS_INVALID"],
];

describe("a call that is refused for its form", () => {
  it.each(MALFORMED)("is on record without its arguments, over HTTP: %s", async (_, params, tool, outcome) => {
    await send(port(), { method: "POST", path: "/mcp", headers: session.headers, body: body(params) });
    const [row, ...more] = await newRows();
    expect(more).toEqual([]);
    expect(row).toMatchObject({ actor: "ann", kind: "opened", decision: null, tool, outcome });
    expect(row).toMatchObject({ client: "raw/0", session: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(row).toMatchObject({ upstream: tool === "" ? null : "up", argumentsDigest: null, argumentsRedacted: null });
  });

  it.each(MODERN)("is of the client that a request without a session names: %s", async (_, rest, outcome) => {
    const meta = `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"}}`;
    const { authorization } = users.bearer("ann");
    const headers = { authorization, "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call" };
    await send(port(), {
      ...{ method: "POST", path: "/mcp", headers: { ...headers, "mcp-name": "up__pay" } },
      body: body(`{${meta},"name":"up__pay",${rest}}`),
    });
    expect(await newRows()).toMatchObject([{ actor: "ann", client: "t/1", session: null, outcome }]);
  });

  it.each(MALFORMED)("is on record over standard input: %s", async (_, params, tool, outcome) => {
    const input = new PassThrough();
    const output = new PassThrough();
    const edge = createStdioEdge({
      refusals: UNHEARD,
      ...{
        gateway: gateway.running.wired.gateway,
        log: recordingLog(),
        now: Date.now,
        callIds: createCallIds(Date.now),
      },
      ...{ version: "1", input, output, errors: "result" },
      principal: { ...LOCAL, subject: `eve ${_}` },
    });
    input.write(`${JSON.stringify(INIT)}\n${body(params)}\n`);
    await eventually(async () => (String(output.read() ?? "").includes('"error"') ? true : undefined));
    edge.close();
    await edge.closed;
    expect(await newRows()).toMatchObject([{ client: "c/1", actor: `eve ${_}`, decision: null, tool, outcome }]);
  });
});

const INIT = {
  ...{ jsonrpc: "2.0", id: 1, method: "initialize" },
  params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } },
};
const LOCAL: Principal = {
  ...{ issuer: LOCAL_ISSUER, kind: "person" as const, clientId: undefined, email: undefined, name: undefined },
  ...{ roles: [], groups: [], scopes: [], claims: {}, acr: undefined, amr: [], authTime: undefined },
  ...AT_HOME,
  may: ["call"],
  subject: "eve",
};

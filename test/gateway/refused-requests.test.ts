import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { recordedRefusal } from "../../src/audit/read/recorded-refusal.ts";
import { createCallIds } from "../../src/core/ids.ts";
import { LOCAL_ISSUER } from "../../src/core/principal.ts";
import { createStdioEdge } from "../../src/downstream/stdio/stdio.ts";
import type { AuditEntry } from "../../src/store/audit/audit-rows.ts";
import { person } from "../support/approval-parts.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { initialize, type RawRequest, type RawSession, send } from "../support/raw-mcp.ts";
import { answer, legacyScript, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { createUsers } from "../support/users.ts";

const users = createUsers({ ann: [] });
const KEY = `pk_${"z".repeat(40)}`;
const ISSUER = "https://idp.somewhere.example";
const TOKEN = [{ alg: "RS256" }, { iss: ISSUER, sub: "ann" }, "sig"]
  .map((part) => Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url"))
  .join(".");

let upstream: RawUpstream;
let gateway: TestGateway;
let session: RawSession;
const port = () => Number(new URL(gateway.url).port);

beforeAll(async () => {
  upstream = await startRawUpstream(legacyScript((request, response) => answer(request, response, { tools: [] })));
  gateway = await startTestGateway({ auth: users.auth, upstreams: { up: { url: upstream.url } } });
  session = await initialize(port(), { user: users.bearer("ann").authorization.slice("Bearer ".length) });
});
afterAll(async () => {
  await gateway.close();
  await upstream.close();
});

/** What is on record that was not when this was called last. */
let seen = 0;
async function newRows(): Promise<readonly AuditEntry[]> {
  await gateway.running.wired.audit.flush();
  const { entries } = await gateway.running.wired.activity.search({ limit: 100, after: seen });
  seen = entries.at(-1)?.seq ?? seen;
  return entries;
}

const MODERN = { "mcp-protocol-version": "2026-07-28" };
const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "t", version: "1" },
};
const message = (method: string, params: object) => ({ jsonrpc: "2.0", id: 7, method, params });
const legacy = (method: string, params: object) => ({ body: message(method, params) as never, session: true });
const modern = (method: string, params: object) => ({
  body: message(method, { _meta: META, ...params }) as never,
  headers: { ...MODERN, "mcp-method": method, "mcp-name": "x" },
});

interface Row {
  readonly asked: RawRequest & { readonly session?: boolean };
  readonly code: string;
  readonly credential: string;
  readonly method?: string;
  readonly issuer?: string;
  readonly actor?: null;
}

const SECRET = "hunter2-and-more";
const nobody = (headers: RawRequest["headers"] = {}) => ({ headers: { authorization: undefined, ...headers } });
const stranger = { actor: null } as const;

const ROWS: Readonly<Record<string, Row>> = {
  "no credential": { asked: nobody(), code: "CREDENTIAL_MISSING", credential: "none", ...stranger },
  "a name and a password": {
    asked: nobody({ Authorization: `Basic ${Buffer.from(`ann:${SECRET}`).toString("base64")}` }),
    ...{ code: "CREDENTIAL_MISSING", credential: "basic", ...stranger },
  },
  "an unknown scheme": {
    asked: nobody({ Authorization: `Digest ${SECRET}` }),
    ...{ code: "CREDENTIAL_MISSING", credential: "other", ...stranger },
  },
  "an unknown key": {
    asked: nobody({ Authorization: `Bearer ${KEY}` }),
    ...{ code: "TOKEN_INVALID", credential: "key", ...stranger },
  },
  "a token of another issuer": {
    asked: nobody({ Authorization: `Bearer ${TOKEN}` }),
    ...{ code: "TOKEN_INVALID", credential: "bearer", issuer: ISSUER, ...stranger },
  },
  "a foreign host": {
    asked: { headers: { Host: "evil.example" } },
    code: "HOST_NOT_ALLOWED",
    credential: "key",
    ...stranger,
  },
  "a foreign page": {
    asked: { headers: { Origin: "https://evil.example" } },
    ...{ code: "ORIGIN_NOT_ALLOWED", credential: "key", ...stranger },
  },
  "a method of HTTP": { asked: { method: "PUT" }, code: "HTTP_METHOD_UNKNOWN", credential: "key", ...stranger },
  "an endpoint that there is not": {
    asked: { path: "/mcp/nope" },
    code: "ENDPOINT_UNKNOWN",
    credential: "key",
    ...stranger,
  },
  "another media type": {
    asked: { headers: { "Content-Type": "text/plain" } },
    code: "MEDIA_TYPE_UNSUPPORTED",
    credential: "key",
  },
  "what nobody accepts": { asked: { headers: { Accept: "text/html" } }, code: "NOT_ACCEPTABLE", credential: "key" },
  "broken JSON": { asked: { body: Buffer.from('{"x":') }, code: "JSON_MALFORMED", credential: "key" },
  "broken JSON with a method": {
    asked: { body: Buffer.from('{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{"name":') },
    ...{ code: "JSON_MALFORMED", credential: "key", method: "prompts/get" },
  },
  "no message": { asked: { body: { x: 1 } }, code: "NOT_A_MESSAGE", credential: "key" },
  "no session": { asked: { body: message("prompts/get", {}) as never }, code: "SESSION_REQUIRED", credential: "key" },
  "a session that there is not": {
    asked: { headers: { "mcp-session-id": "x".repeat(43) }, body: message("ping", {}) as never },
    ...{ code: "SESSION_UNKNOWN", credential: "key" },
  },
  "an unknown version": {
    asked: { headers: { "mcp-protocol-version": "1999-01-01" }, body: message("ping", {}) as never },
    ...{ code: "VERSION_UNSUPPORTED", credential: "key", method: "ping" },
  },
  ...Object.fromEntries(
    (
      [
        ["x/unknown", {}, "METHOD_UNKNOWN"],
        ["prompts/get", { name: 1 }, "PARAMS_INVALID"],
        ["prompts/get", { name: "a", arguments: { a: 1, A: 2 } }, "KEYS_AMBIGUOUS"],
        ["resources/read", {}, "PARAMS_INVALID"],
        ["completion/complete", { ref: 1 }, "PARAMS_INVALID"],
      ] as const
    ).flatMap(([method, params, code]) => [
      [`${method} ${code}, legacy`, { asked: legacy(method, params), code, credential: "key", method }],
      [`${method} ${code}, modern`, { asked: modern(method, params), code, credential: "key", method }],
    ]),
  ),
  "resources/subscribe, legacy": {
    asked: legacy("resources/subscribe", { uri: 1 }),
    ...{ code: "PARAMS_INVALID", credential: "key", method: "resources/subscribe" },
  },
  "subscriptions/listen, modern": {
    asked: modern("subscriptions/listen", { notifications: 1 }),
    ...{ code: "PARAMS_INVALID", credential: "key", method: "subscriptions/listen" },
  },
  "headers that say something else": {
    asked: {
      ...modern("prompts/get", { name: "x" }),
      headers: { ...MODERN, "mcp-method": "tools/list", "mcp-name": "x" },
    },
    ...{ code: "HEADER_MISMATCH", credential: "key", method: "prompts/get" },
  },
};

describe("a request that is refused before anything is decided", () => {
  it.each(Object.entries(ROWS))("is on record with its code and no more: %s", async (name, row) => {
    await newRows();
    const { session: inSession = false, headers, ...asked } = row.asked;
    const from = inSession ? session.headers : users.bearer("ann");
    const given = { ...named(from), ...named(headers ?? {}) };
    // What comes again from one address is only counted.
    const ip = `127.0.1.${Object.keys(ROWS).indexOf(name) + 1}`;
    await send(port(), { from: ip, method: "POST", path: "/mcp", ...asked, headers: given });
    const [entry, ...more] = await newRows();
    expect(more).toEqual([]);
    const { code, credential, method = null, issuer, actor = "ann" } = row;
    expect(entry).toMatchObject({ kind: "refused", outcome: code, clientIp: ip, method, actor });
    expect(entry && recordedRefusal(entry)).toMatchObject({ at: "mcp", credential, claimedIssuer: issuer, count: 1 });
    expect(JSON.stringify(entry)).not.toMatch(/hunter2|zzzz|eyJ|"sig"/);
  });

  it.each([
    ['{"jsonrpc":"2.0","id":7,"method":"x/unknown"}', "METHOD_UNKNOWN", "x/unknown"],
    ['{"jsonrpc":"2.0","id":7,"method":"prompts/get","params":{"name":1}}', "PARAMS_INVALID", "prompts/get"],
    ['{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":', "JSON_MALFORMED", "resources/read"],
    ['[{"jsonrpc":"2.0","id":7,"method":"ping"}]', "BATCH_NOT_ALLOWED", "ping"],
  ])("is on record over standard input: %s", async (line, outcome, method) => {
    await newRows();
    const { wired } = gateway.running;
    const [input, output] = [new PassThrough(), new PassThrough()];
    const edge = createStdioEdge({
      ...{ gateway: wired.gateway, refusals: wired.refusals, log: recordingLog(), now: Date.now },
      ...{ callIds: createCallIds(Date.now), version: "1", input, output },
      principal: person(`eve ${outcome}`, { issuer: LOCAL_ISSUER }),
    });
    const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "c", version: "1" } };
    input.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params })}\n${line}\n`);
    await eventually(async () => (String(output.read() ?? "").includes('"error"') ? true : undefined));
    edge.close();
    await edge.closed;
    const rows = await newRows();
    expect(rows).toMatchObject([{ kind: "refused", outcome, method, actor: `eve ${outcome}`, clientIp: "" }]);
  });

  it("is counted in no figure", async () => {
    const { wired } = gateway.running;
    const now = Date.now();
    const { points } = await wired.activity.overview({ since: now - 3_600_000, until: now + 1, stepMs: 3_600_000 });
    expect(points.flatMap(({ decisions }) => Object.keys(decisions))).toEqual([]);
  });
});

/** With names as `send` writes its own. */
function named(headers: NonNullable<RawRequest["headers"]>): NonNullable<RawRequest["headers"]> {
  const own = ["Accept", "Authorization", "Content-Type"];
  const nameOf = (name: string) =>
    own.find((known) => known.toLowerCase() === name.toLowerCase()) ?? name.toLowerCase();
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [nameOf(name), value]));
}

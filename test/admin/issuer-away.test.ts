import { afterAll, beforeAll, expect, it } from "vitest";
import { KEY_TIMES } from "../../src/identity/options.ts";
import { APPROVALS_CONFIG } from "../support/approval-people.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { modern, type RawRequest, send } from "../support/raw-mcp.ts";

const AUDIENCE = "https://mcp.example/mcp";

let now = Date.now();
let issuer: TestIssuer;
let gateway: TestGateway;
beforeAll(async () => {
  issuer = await startIssuer();
  const auth = { ...APPROVALS_CONFIG.auth, jwt: [{ issuer: issuer.issuer, audience: AUDIENCE }], anonymous: false };
  gateway = await startTestGateway({ ...APPROVALS_CONFIG, auth }, {}, { now: () => now });
});
afterAll(async () => {
  await gateway.close();
  await issuer.close();
});

/** Wherever a token can be shown. `good`: the status for one that is, from somebody without any role. */
const PLACES: Readonly<Record<string, { readonly request: RawRequest; readonly good: number }>> = {
  "POST /mcp": { request: modern("tools/list"), good: 200 },
  "POST /mcp/<name>": { request: { ...modern("tools/list"), path: "/mcp/nobody" }, good: 404 },
  "a handshake": {
    request: {
      body: {
        jsonrpc: "2.0",
        id: 1,
        method: "initialize",
        params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
      },
    },
    good: 200,
  },
  "GET /mcp": { request: { method: "GET", headers: { Accept: "text/event-stream" } }, good: 400 },
  "DELETE /mcp": { request: { method: "DELETE" }, good: 400 },
  "the API": { request: { method: "GET", path: "/api/v1/approvals" }, good: 200 },
  "what changes something in the API": {
    request: { path: "/api/v1/approvals/apr_1/cancel", headers: { "Content-Type": "application/json" }, body: {} },
    good: 404,
  },
  "what only administrators see": { request: { method: "GET", path: "/api/v1/audit" }, good: 403 },
};

async function ask({ headers, ...request }: RawRequest) {
  const seconds = Math.floor(now / 1000);
  const token = await issuer.mint({
    sub: "ann",
    aud: AUDIENCE,
    iat: seconds,
    exp: seconds + 600,
    jti: `${Math.random()}`,
  });
  const { port } = new URL(gateway.url);
  return send(Number(port), { ...request, headers: { ...headers, Authorization: `Bearer ${token}` } });
}

it.each(Object.entries(PLACES))(
  "%s answers 503 while the issuer is away, and lets its people in again",
  async (_place, { request, good }) => {
    // Its keys are too old to serve, if it has shown any.
    now += KEY_TIMES.maxAgeMs;
    issuer.behave("gone");
    const answer = await ask(request);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
    expect(answer.headers).not.toHaveProperty("www-authenticate");
    expect(answer.text).toContain("Keep it, and try again shortly.");
    now += Number(answer.headers["retry-after"]) * 1000;
    issuer.behave("well");
    expect((await ask(request)).status).toBe(good);
  },
);

it("what a token opens only a little further is shut meanwhile", async () => {
  now += KEY_TIMES.maxAgeMs;
  issuer.behave("gone");
  const answer = await ask({ method: "GET", path: "/readyz" });
  expect([answer.status, answer.json]).toEqual([200, { status: "ready" }]);
});

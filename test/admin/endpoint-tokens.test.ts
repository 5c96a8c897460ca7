import { afterAll, beforeAll, expect, it } from "vitest";
import { APPROVALS_CONFIG } from "../support/approval-people.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import { modern, type RawAnswer, type RawRequest, send } from "../support/raw-mcp.ts";

const PATHS = ["/mcp", "/mcp/alpha", "/mcp/beta", "/mcp/both"];

let issuer: TestIssuer;
let upstream: Awaited<ReturnType<typeof startModernUpstream>>;
let gateway: TestGateway;
beforeAll(async () => {
  [issuer, upstream] = await Promise.all([startIssuer(), startModernUpstream()]);
  const { url } = upstream;
  gateway = await startTestGateway({
    ...APPROVALS_CONFIG,
    auth: { jwt: [{ issuer: issuer.issuer }], anonymous: false, admin: { roles: ["platform-admin"] } },
    upstreams: { alpha: { url }, beta: { url } },
    endpoints: { both: { upstreams: ["alpha", "beta"] } },
  });
});
afterAll(async () => {
  await gateway.close();
  await Promise.all([issuer.close(), upstream.close()]);
});

function ask(request: RawRequest, token?: string): Promise<RawAnswer> {
  const headers = { ...request.headers, Authorization: token === undefined ? undefined : `Bearer ${token}` };
  return send(Number(new URL(gateway.url).port), { ...request, headers });
}

function mint(aud: unknown, more: object = {}): Promise<string> {
  const seconds = Math.floor(Date.now() / 1000);
  return issuer.mint({ sub: "ann", aud, iat: seconds, exp: seconds + 600, ...more });
}

/** The resource that a client finds by the challenge of an answer. RFC 9728 §5.1 */
async function resourceBy(answer: RawAnswer): Promise<unknown> {
  const [, found = ""] = /resource_metadata="([^"]+)"/.exec(answer.headers["www-authenticate"] ?? "") ?? [];
  expect(found.startsWith(gateway.url)).toBe(true);
  const metadata = await ask({ method: "GET", path: found.slice(gateway.url.length) });
  expect(metadata.json["authorization_servers"]).toEqual([issuer.issuer]);
  return metadata.json["resource"];
}

it.each(PATHS)(
  "a client of %s gets by challenge and metadata to a token that is good there and nowhere else",
  async (path) => {
    const challenged = await ask({ ...modern("tools/list"), path });
    expect(challenged.status).toBe(401);
    const resource = await resourceBy(challenged);
    expect(resource).toBe(gateway.url + path);
    const token = await mint(resource);
    for (const other of PATHS) {
      const answer = await ask({ ...modern("tools/list"), path: other }, token);
      expect([other, answer.status]).toEqual([other, other === path ? 200 : 401]);
      if (other !== path) expect(await resourceBy(answer)).toBe(gateway.url + other);
    }
  },
);

it("the API takes tokens for /mcp, which its challenge leads to, and none for an endpoint", async () => {
  const approvals: RawRequest = { method: "GET", path: "/api/v1/approvals" };
  const resource = await resourceBy(await ask(approvals));
  expect((await ask(approvals, await mint(resource))).status).toBe(200);
  for (const path of PATHS.slice(1)) expect((await ask(approvals, await mint(gateway.url + path))).status).toBe(401);
});

it("a token that names the API among others is no administrator's where the configuration does not name the API", async () => {
  const all = [`${gateway.url}/mcp`, `${gateway.url}/api/v1`];
  const audit: RawRequest = { method: "GET", path: "/api/v1/audit" };
  const roles = ["platform-admin"];
  expect((await ask(audit, await mint(all, { roles }))).json["code"]).toBe("CREDENTIAL_INSUFFICIENT");
  expect((await ask(audit, await mint(all, { roles, scope: "portcullis:admin" }))).status).toBe(200);
});

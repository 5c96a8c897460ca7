import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ERRORS, type ErrorCode } from "../../src/core/errors.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { modern, type RawRequest, send } from "../support/raw-mcp.ts";

// openssl passwd -apr1 -salt abcdefgh secret
const APR1 = "$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/";
const KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
const configOf = (users: string) => ({
  auth: {
    basic: { htpasswd: users, realm: "Acme", users: { ann: { roles: ["platform-admin"] } } },
    api_keys: [{ name: "crm", key: KEY, metadata: { tier: "gold" }, groups: ["bots"] }],
    api_key_header: "X-Acme-Key",
    admin: { roles: ["platform-admin"] },
  },
});

// Nothing listens there.
const UPSTREAMS = { upstreams: { any: { url: "http://127.0.0.1:9/mcp" } } };

let gateway: TestGateway;
let port: number;
beforeAll(async () => {
  gateway = await startTestGateway(configOf(`ann:${APR1}`));
  port = Number(new URL(gateway.url).port);
});
afterAll(() => gateway.close());

const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString("base64")}` });
const list = (headers: NonNullable<RawRequest["headers"]>, path = "/mcp") => {
  const request = modern("tools/list", {});
  return send(port, { ...request, path, headers: { ...request.headers, Authorization: undefined, ...headers } });
};
const api = (headers: NonNullable<RawRequest["headers"]>) =>
  send(port, { method: "GET", path: "/api/v1/upstreams", headers });

describe("over HTTP", () => {
  it("a password and a key in the operator's header are good at the endpoint", async () => {
    expect((await list(basic("ann:secret"))).status).toBe(200);
    expect((await list({ "X-Acme-Key": KEY })).status).toBe(200);
  });

  it.each<[string, NonNullable<RawRequest["headers"]>, ErrorCode]>([
    ["a wrong password", basic("ann:nonsense"), "PASSWORD_INVALID"],
    ["a user that there is not", basic("eve:secret"), "PASSWORD_INVALID"],
    ["nothing", {}, "CREDENTIAL_MISSING"],
    ["a key in a header that nobody named", { "X-API-Key": KEY }, "CREDENTIAL_MISSING"],
    ["an unknown key", { "X-Acme-Key": `${KEY}x` }, "TOKEN_INVALID"],
    ["a password and a key", { ...basic("ann:secret"), "X-Acme-Key": KEY }, "TOKEN_INVALID"],
  ])("%s is refused with both challenges", async (_what, headers, code) => {
    const answer = await list(headers);
    expect([answer.status, answer.text.includes(ERRORS[code].message)]).toEqual([401, true]);
    expect(answer.headers["www-authenticate"]).toMatch(/^Bearer .*, Basic realm="Acme", charset="UTF-8"$/);
  });

  it("a password is none in the API, which offers none", async () => {
    const answer = await api(basic("ann:secret"));
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).not.toContain("Basic");
  });

  it("users come and go while the gateway runs", async () => {
    gateway.reconfigure(configOf(`bob:${APR1}\nann:${APR1}`));
    expect((await list(basic("bob:secret"))).status).toBe(200);
    gateway.reconfigure({ ...configOf(`ann:${APR1}`) });
    expect((await list(basic("bob:secret"))).status).toBe(401);
    expect((await list(basic("ann:secret"))).status).toBe(200);
  });

  it("an endpoint says who may enter, also from now on", async () => {
    const at = async (headers: NonNullable<RawRequest["headers"]>) => {
      const { status } = await list(headers, "/mcp/ops");
      return status;
    };
    const { upstreams } = UPSTREAMS;
    const reconfigure = (auth: string[]) =>
      gateway.reconfigure({
        ...configOf(`ann:${APR1}`),
        upstreams,
        endpoints: { ops: { upstreams: ["any"], ...(auth.length > 0 && { auth }) } },
      });
    const results: number[][] = [];
    for (const auth of [[], ["basic"], ["api_keys"], ["api_keys/bots"], ["api_keys", "basic"]]) {
      reconfigure(auth);
      results.push([await at(basic("ann:secret")), await at({ "X-Acme-Key": KEY }), await at({})]);
    }
    expect(results).toEqual([
      [200, 200, 401],
      [200, 403, 401],
      [403, 200, 401],
      [403, 200, 401],
      [200, 200, 401],
    ]);
    reconfigure(["basic"]);
    expect((await list({ "X-Acme-Key": KEY })).status).toBe(200);
  });
});

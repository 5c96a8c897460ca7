import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiGateway, type Caller, startApiGateway } from "../support/api-gateway.ts";
import { people } from "../support/approval-people.ts";
import { postForm } from "../support/console.ts";
import { send } from "../support/raw-mcp.ts";

let api: ApiGateway;

beforeAll(async () => {
  api = await startApiGateway();
});

afterAll(() => api.close());

const asked = (headers: Readonly<Record<string, string | undefined>>, path = "/readyz") =>
  send(api.port, { method: "GET", path, headers: { Authorization: undefined, ...headers } });

/** The cookie of a session of the console. */
async function cookieOf(who: "ann" | "root"): Promise<string> {
  const key = people.bearer(who).authorization.slice("Bearer ".length);
  const answer = await postForm(api.gateway, "/console/sign-in", { key });
  return answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
}

const EVERYTHING = {
  status: "ready",
  state: "ready",
  policies: { digest: expect.stringMatching(/^[0-9a-f]{64}$/), count: 0, refused: false },
  audit: { rows: expect.any(Number), seq: expect.any(Number), hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
  upstreams: { modern: { state: "ready", era: "modern", since: expect.any(String) } },
};

describe("whether the gateway is ready", () => {
  it.each<Caller>(["nobody", "ann", "fin", "eve", "robot"])("is all that %s learns", async (who) => {
    const { status, json } = await asked({ Authorization: api.authorization(who) });
    expect([status, json]).toEqual([200, { status: "ready" }]);
  });

  it.each([
    ["a credential that is none", { Authorization: "Bearer pk_wrong" }],
    ["two of them", { Authorization: "Bearer a, Bearer b" }],
    ["a cookie that is none", { Cookie: "portcullis-console=aaa" }],
    ["any Host", { Host: "10.1.2.3" }],
    ["a foreign Origin", { Origin: "https://evil.example" }],
  ])("is answered as to everybody with %s", async (_, headers) => {
    const { status, json } = await asked(headers);
    expect([status, json]).toEqual([200, { status: "ready" }]);
  });

  it("comes with names, states and the policies for administrators", async () => {
    expect((await asked({ Authorization: api.authorization("root") })).json).toEqual(EVERYTHING);
    expect((await asked({ Cookie: await cookieOf("root") })).json).toEqual(EVERYTHING);
    expect((await asked({ Cookie: await cookieOf("ann") })).json).toEqual({ status: "ready" });
  });

  it.each([
    ["on a foreign Host", { Host: "evil.example" }],
    ["from a foreign page", { Origin: "https://evil.example" }],
  ])("comes without them for administrators %s", async (_, headers) => {
    const credentials = [{ Authorization: api.authorization("root") }, { Cookie: await cookieOf("root") }];
    for (const credential of credentials) {
      expect((await asked({ ...credential, ...headers })).json).toEqual({ status: "ready" });
    }
  });

  it("is not told by /healthz, which says that the process lives", async () => {
    expect((await asked({ Authorization: api.authorization("root") }, "/healthz")).json).toEqual({ status: "ok" });
  });
});

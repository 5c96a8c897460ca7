import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { vote } from "../support/api-cases-approvals.ts";
import { type ApiGateway, get, post, startApiGateway } from "../support/api-gateway.ts";
import { people } from "../support/approval-people.ts";
import { csrfTokenIn, postForm } from "../support/console.ts";
import { type RawAnswer, type RawRequest, send } from "../support/raw-mcp.ts";

const PARTNER = "https://partner.example";

/** Who signed in with a browser: the cookie, and the token that its pages carry. */
interface SignedIn {
  readonly cookie: string;
  readonly token: string;
}

let api: ApiGateway;
let fin: SignedIn;
let flo: SignedIn;

beforeAll(async () => {
  api = await startApiGateway({ server: { allowed_origins: [PARTNER] } });
  fin = await signIn("fin");
  flo = await signIn("flo");
});
afterAll(() => api.close());

async function signIn(who: "fin" | "flo" | "root"): Promise<SignedIn> {
  const { url } = api.gateway;
  const answer = await postForm({ url }, "/console/sign-in", { key: people.key(who) });
  const cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  const page = await fetch(`${url}/console/you`, { headers: { Cookie: cookie } });
  return { cookie, token: csrfTokenIn(await page.text()) };
}

function ask(request: RawRequest, headers: RawRequest["headers"]): Promise<RawAnswer> {
  return send(api.port, { ...request, headers: { Authorization: undefined, ...headers } });
}

async function votes(headers: (url: string) => RawRequest["headers"]): Promise<[RawAnswer, ApprovalRequest]> {
  const request = await api.ask();
  const answer = await ask(vote(request), headers(api.gateway.url));
  const after = await api.gateway.running.wired.approvals.get(request.id);
  await api.forget();
  if (after === undefined) throw new Error("The request is gone.");
  return [answer, after];
}

describe("a session of the console", () => {
  it("reads without a token", async () => {
    const request = await api.ask();
    const answer = await ask(get(`/approvals/${request.id}`), { Cookie: fin.cookie });
    expect([answer.status, answer.json["may_decide"]]).toEqual([200, true]);
    await api.forget();
  });

  it("decides from a page of its own, which carries its token", async () => {
    const [answer, request] = await votes((url) => ({ Cookie: fin.cookie, Origin: url, "X-CSRF-Token": fin.token }));
    expect(answer.status).toBe(200);
    expect(request.decisions).toMatchObject([{ approver: { subject: "fin" } }]);
  });

  it.each<[string, (url: string) => RawRequest["headers"], number, string]>([
    ["no token", (url) => ({ Cookie: fin.cookie, Origin: url }), 403, "CSRF_TOKEN_INVALID"],
    ["an empty one", (url) => ({ Cookie: fin.cookie, Origin: url, "X-CSRF-Token": "" }), 403, "CSRF_TOKEN_INVALID"],
    [
      "another session's",
      (url) => ({ Cookie: fin.cookie, Origin: url, "X-CSRF-Token": flo.token }),
      403,
      "CSRF_TOKEN_INVALID",
    ],
    ["no origin", () => ({ Cookie: fin.cookie, "X-CSRF-Token": fin.token }), 403, "ORIGIN_NOT_ALLOWED"],
    ["no known origin", () => own("null"), 403, "ORIGIN_NOT_ALLOWED"],
    ["a foreign origin", () => own("https://evil.example"), 403, "ORIGIN_NOT_ALLOWED"],
    ["an origin that may use MCP", () => own(PARTNER), 403, "ORIGIN_NOT_ALLOWED"],
    ["a cookie of nobody", (url) => ({ ...own(url), Cookie: "portcullis-console=x" }), 401, "CREDENTIAL_MISSING"],
    ["two cookies", (url) => ({ ...own(url), Cookie: `${fin.cookie}; ${flo.cookie}` }), 401, "CREDENTIAL_MISSING"],
    ["a credential that is none", (url) => ({ ...own(url), Authorization: "Bearer pk_no" }), 401, "TOKEN_INVALID"],
  ])("decides nothing with %s", async (_, headers, status, code) => {
    const [answer, request] = await votes(headers);
    expect([answer.status, answer.json["code"]]).toEqual([status, code]);
    expect(request.decisions).toEqual([]);
  });

  it("does not show what it sees to an origin that may use MCP", async () => {
    const answer = await ask(get("/approvals"), { Cookie: fin.cookie, Origin: PARTNER });
    expect([answer.status, answer.json["code"]]).toEqual([403, "ORIGIN_NOT_ALLOWED"]);
  });

  it("does not count beside a credential", async () => {
    const [answer, request] = await votes(() => ({ ...people.bearer("flo"), Cookie: fin.cookie }));
    expect(answer.status).toBe(200);
    expect(request.decisions).toMatchObject([{ approver: { subject: "flo" } }]);
  });

  it("ends with the sign-out", async () => {
    const root = await signIn("root");
    expect((await ask(get("/policies"), { Cookie: root.cookie })).status).toBe(200);
    const { url } = api.gateway;
    await postForm({ url }, "/console/sign-out", { csrf_token: root.token }, { Cookie: root.cookie });
    expect((await ask(get("/policies"), { Cookie: root.cookie })).status).toBe(401);
    const posted = await ask(post("/policies/evaluate", { tool: "modern/echo" }), {
      ...{ Cookie: root.cookie, Origin: url, "X-CSRF-Token": root.token },
    });
    expect(posted.status).toBe(401);
  });
});

function own(origin: string): RawRequest["headers"] {
  return { Cookie: fin.cookie, Origin: origin, "X-CSRF-Token": fin.token };
}

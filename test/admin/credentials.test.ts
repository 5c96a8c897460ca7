import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createApiKey } from "../../src/identity/api-keys.ts";
import { type ApiCase, apiCases } from "../support/api-cases.ts";
import { vote } from "../support/api-cases-approvals.ts";
import { type ApiDocument, readApiDocument } from "../support/api-document.ts";
import { type ApiGateway, get, startApiGateway } from "../support/api-gateway.ts";
import { people } from "../support/approval-people.ts";
import { csrfTokenIn, postForm } from "../support/console.ts";
import { type Claims, startIssuer, type TestIssuer } from "../support/issuer.ts";
import { freePort } from "../support/program.ts";
import { modern, type RawAnswer, type RawRequest } from "../support/raw-mcp.ts";

/** Roles of somebody who may approve and administer; what they may not, is for the credential to say. */
const ROLES = ["finance-lead", "platform-admin"];

const keys = { person: createApiKey(), plain: createApiKey(), machine: createApiKey(), robot: createApiKey() };

/** Where the gateway is. What tokens for the API are for is known before it listens. */
let url: string;
let issuer: TestIssuer;
let api: ApiGateway;
let described: ApiDocument;
let cases: Readonly<Record<string, ApiCase>>;

beforeAll(async () => {
  issuer = await startIssuer();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const entry = (name: keyof typeof keys, more: object) => ({ name, hash: keys[name].hash, roles: ROLES, ...more });
  const config = {
    auth: {
      jwt: [{ issuer: issuer.issuer, audience: [`${url}/mcp`, `${url}/api/v1`] }],
      api_keys: [
        ...people.auth.api_keys,
        entry("person", { user: "pia", kind: "person" }),
        entry("plain", { user: "pia" }),
        entry("machine", { user: "pia", kind: "machine" }),
        entry("robot", {}),
      ],
      admin: { roles: ["platform-admin"] },
    },
    // Without it nothing says for certain that Pia's token is not Ann's, whose key has no address.
    people: [
      { name: "Ann", identities: [{ key: "key-of-ann" }] },
      { name: "Pia", identities: [{ issuer: issuer.issuer, subject: "pia" }, { key: "person" }, { key: "plain" }] },
    ],
  };
  api = await startApiGateway(config, {}, { port });
  described = await readApiDocument(api.port);
  cases = apiCases(api);
});
afterAll(async () => {
  await api.close();
  await issuer.close();
});
afterEach(() => api.forget());

type Headers = NonNullable<RawRequest["headers"]>;

async function token(claims: Claims): Promise<Headers> {
  const seconds = Math.floor(Date.now() / 1000);
  const all = {
    sub: "pia",
    aud: `${url}/mcp`,
    iat: seconds,
    exp: seconds + 600,
    roles: ROLES,
    client_id: "agent",
    ...claims,
  };
  return { Authorization: `Bearer ${await issuer.mint(all)}` };
}

async function session(): Promise<Headers> {
  const cookie = (await signIn("person")).headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  const headers = { Origin: url, Cookie: cookie };
  const page = await api.as("nobody", { method: "GET", path: "/console/you", headers });
  return { ...headers, "X-CSRF-Token": csrfTokenIn(page.text) };
}

function signIn(name: keyof typeof keys): Promise<Response> {
  return postForm({ url }, "/console/sign-in", { key: keys[name].key });
}

const key = (name: keyof typeof keys) => async () => ({ Authorization: `Bearer ${keys[name].key}` });

type Verdict = "serves" | "lacks a scope" | "lacks a person";

const CREDENTIALS: readonly [string, () => Promise<Headers>, Verdict][] = [
  ["a key of kind person", key("person"), "serves"],
  ["a key of a user", key("plain"), "serves"],
  ["a key of kind machine that acts for a user", key("machine"), "lacks a person"],
  ["a key without a user", key("robot"), "lacks a person"],
  ["a session of the console", session, "serves"],
  ["a token of an agent", () => token({}), "lacks a scope"],
  ["a token of an agent with scopes for tools", () => token({ scope: "mcp:tools admin portcullis" }), "lacks a scope"],
  ["a token with a scope that only begins like it", () => token({ scope: "portcullis:admin2" }), "lacks a scope"],
  ["a token with the API's scope", () => token({ scope: "mcp:tools portcullis:admin" }), "serves"],
  ["a token with the API's scope in a list", () => token({ scp: ["portcullis:admin"] }), "serves"],
  ["a token for the API", () => token({ aud: [`${url}/mcp`, `${url}/api/v1`] }), "serves"],
  [
    "a token for something below the API",
    () => token({ aud: [`${url}/mcp`, `${url}/api/v1/approvals`] }),
    "lacks a scope",
  ],
  [
    "a token with the API's scope of an agent that acts for a person",
    () => token({ scope: "portcullis:admin", act: { sub: "bot" } }),
    "lacks a person",
  ],
  [
    "a machine's token with the API's scope",
    () => token({ sub: "agent", scope: "portcullis:admin" }),
    "lacks a person",
  ],
];

/** What whoever has any credential may ask; what they are shown is their own. */
const OPEN = ["cancelApproval", "getApproval", "getOpenapi", "listApprovals", "listenToEvents"];

describe("what is done in the name of a person", () => {
  it("is everything but looking after one's own requests", () => {
    const open = described.operations.filter(({ spec }) => !JSON.stringify(spec).includes("CREDENTIAL_INSUFFICIENT"));
    expect(open.map(({ id }) => id).sort()).toEqual(OPEN);
  });

  it.each(CREDENTIALS)("by %s", async (_what, credential, verdict) => {
    const headers = await credential();
    for (const operation of described.operations) {
      const { good, status } = cases[operation.id] ?? {};
      const answer = await api.as("nobody", withHeaders(await good?.(), headers));
      const refused = answer.json["code"] === "CREDENTIAL_INSUFFICIENT";
      const closed = verdict !== "serves" && !OPEN.includes(operation.id);
      expect([operation.id, refused], answer.text).toEqual([operation.id, closed]);
      if (refused) expect(challengeOf(answer)).toBe(verdict === "lacks a scope" ? "portcullis:admin" : undefined);
      // Pia asked for none of them.
      const own = operation.id === "cancelApproval" || (operation.id === "getApproval" && verdict !== "serves");
      if (!closed) expect([operation.id, answer.status], answer.text).toEqual([operation.id, own ? 404 : status]);
      expect(described.mistakes(operation, answer), answer.text).toEqual([]);
    }
  });

  it("leaves a request as it is where the credential does not serve", async () => {
    const request = await api.ask();
    for (const [, credential, verdict] of CREDENTIALS) {
      if (verdict === "serves") continue;
      await api.as("nobody", withHeaders(vote(request), await credential()));
    }
    expect(await api.gateway.running.wired.approvals.get(request.id)).toMatchObject({
      state: "pending",
      decisions: [],
    });
  });
});

describe("an agent's token", () => {
  it("shows its owner's requests, and nobody else's", async () => {
    const other = await api.ask();
    const own = await api.ask({ principal: { issuer: issuer.issuer, subject: "pia" } });
    const headers = await token({});
    const listed = await api.as("nobody", withHeaders(get("/approvals?limit=100"), headers));
    expect(listed.text).toContain(own.id);
    expect(listed.text).not.toContain(other.id);
    expect((await api.as("nobody", withHeaders(get(`/approvals/${own.id}`), headers))).status).toBe(200);
    expect((await api.as("nobody", withHeaders(get(`/approvals/${other.id}`), headers))).status).toBe(404);
  });
});

describe("a session of the console", () => {
  it("calls no tools", async () => {
    const { Cookie } = await session();
    const asked = modern("tools/call", { name: "modern__echo", arguments: { text: "hello" } });
    const answer = await api.as("nobody", withHeaders(asked, { Cookie }));
    expect(answer.status).toBe(401);
  });
});

it("an agent's key signs nobody in to the console", async () => {
  for (const name of ["machine", "robot"] as const) {
    const answer = await signIn(name);
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([403, []]);
  }
});

function withHeaders(request: RawRequest | undefined, headers: Headers): RawRequest {
  if (request === undefined) throw new Error("There is no case for an operation.");
  return { ...request, headers: { ...request.headers, ...headers } };
}

/** The scope that a challenge asks for. RFC 6750 §3 */
function challengeOf({ headers }: RawAnswer): string | undefined {
  const challenge = headers["www-authenticate"];
  if (challenge === undefined) return undefined;
  expect(challenge).toContain('error="insufficient_scope"');
  return /scope="([^"]*)"/.exec(challenge)?.[1];
}

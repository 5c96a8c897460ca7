import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Era } from "../../src/core/call.ts";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { pendingAnswer } from "../../src/downstream/render-common.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type OidcServer, STEP_UP_SECRET, startOidc } from "../support/oidc.ts";
import { CALLERS_AUTH, decide, LINKS } from "../support/paused-callers.ts";
import { initialize, modern, type RawAnswer, type RawSession, send } from "../support/raw-mcp.ts";
import { answer, type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";
import { RESOURCE, signInAt } from "../support/step-up-gateway.ts";

/*
 * Prompts and resources that wait for people, or for a sign-in, in both eras: each is decided, recorded with what it waits
 * for, run once or not at all, and answered in a form that its client can read.
 */

const POLICIES = `policies:
  - { id: look, target: { prompts: [bank/summary], resources: ["bank/bank://summary/*"] }, then: { request_approval: { flow: money } } }
  - { id: pin, target: { prompts: [bank/pin], resources: ["bank/bank://pin/*"] }, then: { step_up: { acr: [mfa], per: call } } }
`;

const COMPLETE = { resultType: "complete", ttlMs: 0, cacheScope: "private" };
const DAYS = 86_400_000;
const KINDS = ["prompt", "resource"] as const;
type Kind = (typeof KINDS)[number];
const ERAS = ["modern", "legacy"] as const satisfies readonly Era[];
const METHODS = { prompt: "prompts/get", resource: "resources/read" } as const;

let described = "As it was.";
let listed = true;
let passed = 0;
let count = 0;
let upstream: RawUpstream;
let idp: OidcServer;
let gateway: TestGateway;
let port: number;

beforeAll(async () => {
  upstream = await startRawUpstream((request, response) => {
    const items = <T>(made: readonly T[]): readonly T[] => (listed ? made : []);
    const args = [{ name: "n" }];
    const prompts = items(["summary", "pin"]).map((name) => ({ name, description: described, arguments: args }));
    const templates = items(["summary", "pin"]).map((name) => {
      return { name, description: described, uriTemplate: `bank://${name}/{n}` };
    });
    const { params } = request.body;
    const results: Readonly<Record<string, JsonObject>> = {
      "server/discover": { supportedVersions: ["2026-07-28"], capabilities: { prompts: {}, resources: {} } },
      "prompts/list": { prompts },
      "resources/list": { resources: [] },
      "resources/templates/list": { resourceTemplates: templates },
      "prompts/get": { messages: [{ role: "user", content: { type: "text", text: "done" } }] },
      "resources/read": { contents: [{ uri: isObject(params) ? String(params["uri"]) : "", text: "done" }] },
    };
    answer(request, response, { ...COMPLETE, ...results[request.method] });
  });
  let url = "";
  idp = await startOidc({
    accounts: [{ id: "ann", email: "ann@acme.com", roles: ["employee"] }],
    resources: { [RESOURCE]: ["mcp:tools"] },
    acrValues: ["pwd", "mfa"],
    stepUpCallback: () => `${url}/oauth/callback`,
  });
  gateway = await startTestGateway(
    {
      auth: { ...CALLERS_AUTH, jwt: [{ issuer: idp.issuer, audience: RESOURCE }] },
      server: { hold: "20s" },
      step_up: { oidc: { issuer: idp.issuer, client_id: "portcullis", client_secret: STEP_UP_SECRET } },
      approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
      upstreams: { bank: { url: upstream.url } },
    },
    { "p.yaml": POLICIES },
    { now: () => Date.now() + passed, timing: { stepUp: { pollMs: 20 }, approvals: { pollMs: 20 } } },
  );
  url = gateway.url;
  port = Number(new URL(url).port);
}, 60_000);
afterAll(async () => {
  await gateway?.close();
  await idp?.close();
  await upstream?.close();
}, 30_000);

beforeEach(async () => {
  passed = 0;
  const stale = !listed || described !== "As it was.";
  listed = true;
  described = "As it was.";
  if (stale) await gateway.restart();
});

/** One request, told from all others by its argument or its URI. */
interface Wanted {
  readonly kind: Kind;
  readonly method: (typeof METHODS)[Kind];
  readonly params: JsonObject;
  /** As it stands on record. */
  readonly subject: string;
}

function wanted(kind: Kind, name: "summary" | "pin"): Wanted {
  count += 1;
  const n = String(count);
  const uri = `bank://${name}/${n}`;
  return kind === "prompt"
    ? { kind, method: METHODS[kind], params: { name: `bank__${name}`, arguments: { n } }, subject: name }
    : { kind, method: METHODS[kind], params: { uri }, subject: uri };
}

/** A request that waits, in one era. */
interface Waiting {
  /** What its client has so far, where it was sent away. */
  readonly away: JsonObject | undefined;
  /** Its end, once people have acted: the client comes back, or has been waiting. `more`: what it brings along. */
  end(more?: JsonObject): Promise<RawAnswer>;
}

const BEARER = "Bearer ";

async function begin(era: Era, { method, params }: Wanted, authorization: string): Promise<Waiting> {
  if (era === "modern") {
    const ask = (more: JsonObject = {}) => {
      const request = modern(method, { ...params, ...more }, { meta: LINKS });
      return send(port, { ...request, headers: { ...request.headers, Authorization: authorization } });
    };
    const first = await ask();
    const { result } = first.json;
    if (!isObject(result) || result["resultType"] !== "input_required") throw new Error(first.text);
    return { away: result, end: (more) => ask({ requestState: result["requestState"] ?? null, ...more }) };
  }
  const session = await legacy(authorization);
  const over = session.request(method, params);
  return { away: undefined, end: () => over };
}

function legacy(authorization: string): Promise<RawSession> {
  const capabilities = { elicitation: { url: {} } };
  return initialize(port, { capabilities, user: authorization.slice(BEARER.length) });
}

const ANN = `${BEARER}pk_${"ann".padEnd(40, "0")}`;
const pending = () =>
  eventually(async () => {
    const { items } = await gateway.running.wired.approvals.list({ states: ["pending"], limit: 1 });
    return items[0];
  });
const runs = (method: string) => upstream.requests.filter((request) => request.method === method).length;

/** The entries of the record about one request, the oldest first. */
async function entriesOf({ method, subject }: Wanted, approval?: string) {
  await gateway.running.wired.audit.flush();
  const reader = openStoreReader({ url: `file:${gateway.dir}/data/portcullis.db` });
  const { entries } = await reader.audit.list({ limit: 100, method, subject, ...(approval && { approval }) });
  reader.close();
  return entries;
}

const REFUSED = { code: -32001, data: { "portcullis/approval": expect.objectContaining({ id: expect.any(String) }) } };

interface Case {
  readonly what: string;
  /** What becomes of a request that waits. */
  readonly act: (id: string) => Promise<unknown>;
  readonly state: string;
  /** Its word in the record. Default: the state. */
  readonly word?: string;
  readonly text: RegExp;
  readonly runs: number;
  readonly only?: Kind;
}

const CASES: readonly Case[] = [
  { what: "approved", act: (id) => decide(gateway, id), state: "succeeded", text: /done/, runs: 1 },
  {
    what: "rejected",
    act: (id) => decide(gateway, id, "reject"),
    state: "rejected",
    word: "reject",
    text: /was rejected/,
    runs: 0,
  },
  {
    what: "not decided in time",
    act: async () => {
      passed = 3 * DAYS;
      await gateway.running.wired.approvals.sweep();
    },
    state: "expired",
    text: /request for approval has expired. (Getting the prompt|Reading the resource) again asks anew/,
    runs: 0,
  },
  {
    what: "approved as it was described before",
    act: (id) => {
      described = "Otherwise.";
      return decide(gateway, id);
    },
    state: "invalidated",
    text: /definition of the (prompt|resource) has changed/,
    runs: 0,
  },
  {
    what: "approved, and gone",
    act: (id) => {
      listed = false;
      return decide(gateway, id);
    },
    state: "invalidated",
    text: /The prompt is no longer there|definition of the resource has changed/,
    runs: 0,
  },
];

const TABLE = KINDS.flatMap((kind) => ERAS.flatMap((era) => CASES.map((one) => ({ kind, era, ...one }))));

describe.each(TABLE)(
  "a $kind that a $era client asks for, and that is $what",
  ({ kind, era, act, state, word: recordedAs = state, text, runs: times }) => {
    it("is decided, recorded, run as often as it should be, and answered", async () => {
      const request = wanted(kind, "summary");
      const before = runs(request.method);
      const waiting = await begin(era, request, ANN);
      const { id, method, tool } = await pending();
      expect({ method, tool }).toEqual({ method: request.method, tool: request.subject });
      await act(id);
      const { json, text: whole } = await waiting.end();
      if (times === 0) {
        expect(json).toMatchObject({ error: { ...REFUSED, message: expect.stringMatching(text) } });
        expect(json).not.toHaveProperty("result");
      } else {
        expect(json).not.toHaveProperty("error");
        expect(json["result"]).not.toHaveProperty("isError");
        expect(whole).toMatch(text);
      }
      expect(runs(request.method)).toBe(before + times);
      expect((await gateway.running.wired.approvals.get(id))?.state).toBe(state);
      const entries = await entriesOf(request, id);
      expect(entries.filter(({ kind }) => kind === "opened").filter(({ outcome }) => outcome === "ok")).toHaveLength(
        times,
      );
      expect(entries.filter(({ kind }) => kind === "decided").map(({ outcome }) => outcome)).toContain(recordedAs);
      expect(entries.every(({ tool: named }) => named === null)).toBe(true);
    });
  },
);

describe.each(KINDS)("a %s that nobody has decided on yet", (kind) => {
  it("says so in an error, with the same facts as a tool's, and how to ask again", async () => {
    const request = wanted(kind, "summary");
    const waiting = await begin("modern", request, ANN);
    const pendingNow = await pending();
    const told = pendingAnswer({ id: "call_1", ...request }, { request: pendingNow }, "https://link");
    const name = kind === "prompt" ? "get the prompt bank__summary again" : `read ${request.subject} again`;
    expect(told).toMatchObject({ kind: "error", error: { ...REFUSED, message: expect.stringContaining(name) } });
    await decide(gateway, pendingNow.id, "reject");
    await waiting.end();
  });

  it("is looked after with the status tool, which runs nothing", async () => {
    const request = wanted(kind, "summary");
    const before = runs(request.method);
    const waiting = await begin("modern", request, ANN);
    const { id } = await pending();
    await decide(gateway, id);
    const status = modern("tools/call", { name: "portcullis_approval_status", arguments: { id } });
    const told = await send(port, { ...status, headers: { ...status.headers, Authorization: ANN } });
    expect(told.json).toMatchObject({ result: { isError: true } });
    const again = kind === "prompt" ? "get the prompt summary again" : `read ${request.subject} again`;
    expect(told.text).toContain(again);
    expect(runs(request.method)).toBe(before);
    expect((await waiting.end()).text).toContain("done");
    expect(runs(request.method)).toBe(before + 1);
  });
});

describe.each(KINDS.flatMap((kind) => ERAS.map((era) => ({ kind, era }))))(
  "a $kind that a $era client's user has to sign in for",
  ({ kind, era }) => {
    /** Asks, and gives the link; `answers`: how the client's user takes it. */
    async function challenged(request: Wanted, action: "accept" | "decline") {
      const { accessToken } = await idp.signIn({ account: "ann", resource: RESOURCE, scope: "mcp:tools" });
      if (era === "modern") {
        const waiting = await begin(era, request, `${BEARER}${accessToken}`);
        const asked = JSON.stringify(waiting.away);
        const responses = action === "decline" ? { inputResponses: { step_up: { action } } } : {};
        return { asked, end: () => waiting.end(responses) };
      }
      const session = await legacy(`${BEARER}${accessToken}`);
      const stream = await session.stream(request.method, request.params);
      const question = await eventually(async () =>
        stream.events.find(({ data }) => data.includes("elicitation/create")),
      );
      const { id } = JSON.parse(question.data);
      await session.post({ jsonrpc: "2.0", id, result: { action } });
      const end = async () => {
        await stream.ended;
        return { json: JSON.parse(stream.events.filter(({ data }) => data !== "").at(-1)?.data ?? "{}") };
      };
      return { asked: question.data, end };
    }
    const linkIn = (asked: string): string => /https?:[^"\\ ]+\/step-up\/[\w-]+/.exec(asked)?.[0] ?? "";
    const deed = kind === "prompt" ? "getting the prompt bank__pin" : "reading bank://pin/";

    it("is run once after that, and the sign-in is on record as one for it", async () => {
      const request = wanted(kind, "pin");
      const before = runs(request.method);
      const { asked, end } = await challenged(request, "accept");
      expect(asked).toContain(`Sign in again to allow ${deed}`);
      expect((await signInAt(linkIn(asked), "ann")).status).toBe(200);
      const { json } = await end();
      expect(JSON.stringify(json["result"])).toContain("done");
      expect(runs(request.method)).toBe(before + 1);
      const entries = await entriesOf(request);
      const signedIn = entries.filter(({ outcome }) => outcome === "signed_in").slice(0, 1);
      expect(signedIn).toMatchObject([{ subjectKind: kind, tool: null, subject: request.subject }]);
    });

    it("is refused in an error where they do not want to, and never run", async () => {
      const request = wanted(kind, "pin");
      const before = runs(request.method);
      const { end } = await challenged(request, "decline");
      expect((await end()).json).toMatchObject({
        error: { code: -32001, message: expect.stringContaining("declined") },
      });
      expect(runs(request.method)).toBe(before);
    });
  },
);

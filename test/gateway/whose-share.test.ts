import { describe, expect, it } from "vitest";
import { createEventStreams } from "../../src/admin/events/streams.ts";
import { createAudit } from "../../src/audit/create-audit.ts";
import { buildView } from "../../src/catalog/view.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import type { Call, ClientPeer } from "../../src/core/call.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import { createPeople } from "../../src/core/people.ts";
import { createPersons, isMadeBy } from "../../src/core/persons.ts";
import { KEYS_ISSUER, type Principal } from "../../src/core/principal.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import { createSeal } from "../../src/core/seal.ts";
import { NO_CREDENTIAL } from "../../src/downstream/credential-ends.ts";
import { createEdge, type Edge } from "../../src/downstream/edge.ts";
import { LegacySession } from "../../src/downstream/legacy/session.ts";
import { createSessionRegistry } from "../../src/downstream/legacy/session-registry.ts";
import { createListens, type Listens } from "../../src/downstream/modern/listen.ts";
import { createModernPeers } from "../../src/downstream/modern/peers.ts";
import type { EdgeLimits } from "../../src/downstream/options.ts";
import { absentPeer } from "../../src/gateway/approvals/approval-context.ts";
import { startApprovedRunner } from "../../src/gateway/approvals/approved-runner.ts";
import { createRedactionFilter } from "../../src/gateway/filters/redaction-filter.ts";
import { createRequestStates } from "../../src/gateway/requests/request-state.ts";
import { createRetryTokens } from "../../src/gateway/requests/retry-tokens.ts";
import { createLinks } from "../../src/gateway/steps/links.ts";
import { digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";
import { MemorySessions, person, SILENT } from "../support/mcp-endpoint.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";
import { UNHEARD } from "../support/refusals.ts";
import { ToolGateway } from "../support/tool-gateway.ts";

const KEY: Partial<Principal> = { issuer: KEYS_ISSUER, clientId: "anns-key" };
const subjects = [
  { issuer: person("").issuer, subject: "3f2c" },
  { issuer: KEYS_ISSUER, subject: "ann" },
];

/** Two credentials of one person, by what says so. */
const ONE_PERSON: ReadonlyArray<readonly [how: string, one: Principal, other: Principal]> = [
  [
    "an address that counts",
    { ...person("3f2c"), email: "ann@acme.com" },
    { ...person("ann"), ...KEY, email: "Ann@acme.com" },
  ],
  ["`people:`", { ...person("3f2c"), person: "ann" }, { ...person("ann"), ...KEY, person: "ann" }],
];

/** Whether `other` comes upon what `one` has taken, or has. */
type Place = (one: Principal, other: Principal) => boolean | Promise<boolean>;

/** What is shared out: somebody with two credentials has one share. */
const SHARED: Readonly<Record<string, Place>> = {
  "room and calls at servers": (one, other) => modernPeer(one).holder === modernPeer(other).holder,
  "room and calls at servers, of a legacy client": (one, other) => legacyPeer(one).holder === legacyPeer(other).holder,
  "room and calls at servers, without a client": (one, other) => absentOf(one).holder === absentOf(other).holder,
  "calls that are held": (one, other) => {
    const { holds } = edgeOf({ maxHeldPerPerson: 1 });
    const waits: number[] = [];
    const stepUp = {
      wait(ms: number): Promise<never> {
        waits.push(ms);
        return new Promise(() => {});
      },
    };
    for (const principal of [one, other]) void holds.holdSignIn(callOf(principal), Object.assign(nothing(), stepUp), 9);
    return waits[1] === 0;
  },
  "streams of changes": async (one, other) => {
    const listens = createListens(edgeOf({ maxListensPerPerson: 1 }));
    void listen(listens, one);
    const refused = await Promise.race([listen(listens, other), soon(undefined)]);
    listens.close();
    return refused !== undefined;
  },
  sessions: async (one, other) => {
    const registry = createSessionRegistry(edgeOf({ maxSessionsPerPerson: 1 }), new MemorySessions());
    for (const principal of [one, other]) await registry.open(INITIALIZE, contextOf(principal));
    return registry.live === 1;
  },
  "event streams of the API": (one, other) => {
    const streams = createEventStreams({
      events: { subscribe: () => () => {}, close() {} },
      admit: () => new Promise(() => {}),
      beatMs: 60_000,
    });
    const open = (principal: Principal) => streams.open({ principal, admin: false, lacks: undefined }, nothing());
    for (let count = 0; count < 20; count++) open(one);
    const refused = !(open(other) instanceof Response);
    streams.close();
    return refused;
  },
  "rows that wait to be written": async (one, other) => {
    const audit = createAudit({
      rows: { append: () => new Promise(() => {}) },
      ...{ now: () => 0, log: SILENT, arguments: "full", digest, limits: { maxRows: 4 } },
      seal: createSeal(Buffer.alloc(32, 7), "audit-arguments"),
    });
    for (const id of ["call_1", "call_2"]) void audit.open(opening(id, { principal: one }));
    return (await Promise.race([audit.open(opening("call_3", { principal: other })), soon(true)])) === false;
  },
  "searches of long results": async (one, other) => {
    const holders: string[] = [];
    const longRedactions = {
      async redact(_kind: unknown, _bytes: unknown, _redactions: unknown, { holder }: { readonly holder: string }) {
        holders.push(holder);
        return { kind: "same" } as const;
      },
    };
    for (const principal of [one, other]) {
      const set = policySet("policies: [{ id: p, then: { redact: { detect: [email] } } }]");
      const input = policyInput({ principal });
      const guard = createRedactionFilter({ set, input, hash: () => "", log: SILENT, longRedactions });
      await guard.result(RawJson.fromValue({ content: [{ type: "text", text: "x".repeat(20_000) }] }));
    }
    return holders[0] === holders[1];
  },
  "runs of approved calls": (one, other) => {
    const all = one.person === undefined ? [] : [{ name: one.person, subjects, emails: [] }];
    const persons = createPersons({ people: createPeople(all), hash: (text) => text });
    const begun: string[] = [];
    let offer: (request: ApprovalRequest) => void = () => {};
    startApprovedRunner({
      approvals: {
        onRunnable(listener) {
          offer = listener;
          return () => {};
        },
        runnable: async () => [],
        get(id) {
          begun.push(id);
          return new Promise(() => {});
        },
        personKey: ({ requester }) => persons.personKey(requester),
      },
      upstreams: { onEvent: () => () => {} },
      runs: nothing(),
      log: SILENT,
    });
    const requestOf = (id: string, principal: Principal): ApprovalRequest =>
      Object.assign(nothing(), { id, requester: persons.who(principal) });
    for (let count = 0; count < 16; count++) offer(requestOf(`${count}`, one));
    offer(requestOf("last", other));
    return !begun.includes("last");
  },
};

/** What is bound to who may use it: nobody has it by another credential, however sure it is that they are one person. */
const BOUND: Readonly<Record<string, Place>> = {
  "a session with a server": (one, other) => modernPeer(one).key === modernPeer(other).key,
  "a session with a server, without a client": (one, other) => absentOf(one).key === absentOf(other).key,
  "a session": async (one, other) => {
    const registry = createSessionRegistry(edgeOf(), new MemorySessions());
    const opened = await registry.open(INITIALIZE, contextOf(one));
    return (await registry.find(opened?.id ?? "", contextOf(other))) !== undefined;
  },
  "the state of a call": (one, other) => {
    const states = createRequestStates(createSeal(Buffer.alloc(32, 7), "states"), () => 0);
    const sealed = states.seal(callOf(one), "mail", { state: "s", asked: [], retryToken: undefined, place: "" });
    return states.open(callOf(other), { name: "mail", place: "" }, sealed) !== undefined;
  },
  "a receipt": (one, other) => {
    const receipts = createRetryTokens();
    const receipt = receipts.issue(modernPeer(one).owner, { drawn: true, signedIn: undefined });
    return receipts.exchange(modernPeer(other).owner, receipt) !== undefined;
  },
  "a link in a result": (one, other) => {
    const scope = { endpoint: "", upstreams: ["mail", "chat"], prefixed: true, shows: () => true };
    const links = createLinks({ catalog: { view: () => buildView(scope, () => undefined) } });
    const link = { type: "resource_link", name: "x", uri: "file:///x" };
    links.from({ scope, holder: legacyPeer(one).owner }, "mail").result(RawJson.fromValue({ content: [link] }));
    return links.resolve({ scope, holder: legacyPeer(other).owner }, link.uri).ok;
  },
  "talk outside of calls": (one, other) => absentOf(one).owner === absentOf(other).owner,
  "the end of an approved call": (one, other) => isMadeBy(one, other),
};

describe.each(ONE_PERSON)("two credentials of one person, by %s", (_how, one, other) => {
  it.each(Object.entries(SHARED))("have one share of: %s", async (_what, place) => {
    expect(await place(one, other)).toBe(true);
    expect(await place(one, person("bob"))).toBe(false);
  });

  it.each(Object.entries(BOUND))("do not have in common: %s", async (_what, place) => {
    expect(await place(one, one)).toBe(true);
    expect(await place(one, other)).toBe(false);
  });
});

it("a session that somebody else asks for is not kept as theirs", async () => {
  const store = new MemorySessions();
  const opened = await createSessionRegistry(edgeOf(), store).open(INITIALIZE, contextOf(person("ann")));
  const restarted = createSessionRegistry(edgeOf(), store);
  const id = opened?.id ?? "";
  const [theirs, own] = await Promise.all(["eve", "ann"].map((name) => restarted.find(id, contextOf(person(name)))));
  expect(theirs).toBeUndefined();
  expect(own?.legacy.peer.holder).toBe(modernPeer(person("ann")).holder);
});

const INITIALIZE = { ok: true, protocolVersion: "2025-11-25", clientInfo: { name: "c" }, capabilities: {} } as const;

/** What the place under test does not look at. */
function nothing(): never {
  return Object.create(null) as never;
}

function soon<T>(value: T): Promise<T> {
  return new Promise((resolve) => setImmediate(() => resolve(value)));
}

function edgeOf(limits: Partial<EdgeLimits> = {}): Edge {
  const gateway = new ToolGateway();
  return createEdge({
    refusals: UNHEARD,
    gateway,
    limits,
    log: SILENT,
    now: () => 0,
    callIds: () => "call_1",
    version: "1",
  });
}

function modernPeer(principal: Principal): ClientPeer {
  const meta = { version: "2026-07-28", clientInfo: { name: "c" }, capabilities: {}, logLevel: undefined };
  const peer = createModernPeers().of({ ...principal, clientId: "c" }, meta);
  if (peer === undefined) throw new Error("The client says too much.");
  return peer;
}

function legacyPeer(principal: Principal): ClientPeer {
  const facts = { ...INITIALIZE, handle: "h", logLevel: undefined, subscriptions: [] };
  const output = { push: () => true, listening: () => true, save: async () => {} };
  return new LegacySession(edgeOf(), facts, principal, output).peer;
}

function absentOf(principal: Principal): ClientPeer {
  const client = { id: undefined, name: "c", version: "1", ip: "", userAgent: "" };
  const context = { endpoint: "", place: undefined, session: undefined, headers: {}, client, peer: undefined };
  return absentPeer({ ...principal, clientId: "c" }, { ...context, granted: [] });
}

function contextOf(principal: Principal): Parameters<ReturnType<typeof createSessionRegistry>["open"]>[1] {
  const scope = new ToolGateway().scope("") ?? nothing();
  const facts = { ip: "", userAgent: "", hasHeaders: false, policyHeaders: {}, receivedAt: 0, authenticate: undefined };
  return { principal, credential: NO_CREDENTIAL, scope, ...facts, header: () => undefined };
}

function callOf(principal: Principal): Call {
  const { scope } = contextOf(principal);
  const call = { principal, scope, method: "tools/call", params: { name: "pay" }, cancellation: new Cancellation() };
  return Object.assign(nothing(), call);
}

async function listen(listens: Listens, principal: Principal): Promise<string | undefined> {
  const request = { kind: "request", id: 1, method: "subscriptions/listen", params: { notifications: {} } } as const;
  const meta = { version: "2026-07-28", clientInfo: {}, capabilities: {}, logLevel: undefined };
  const reply = {
    streams: true,
    ended: false,
    send: () => true,
    end() {},
    endUnauthorized: () => false,
    endEmpty() {},
  };
  const peer = modernPeer(principal);
  const context = contextOf(principal);
  return (await listens.open({ request, meta, context, cancellation: new Cancellation(), reply }, peer))?.code;
}

import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { createPeople, named, type PersonOptions } from "../../src/core/people.ts";
import { AT_HOME, LOCAL_ISSUER, type Principal, personKeys } from "../../src/core/principal.ts";
import { FULL_STANDING, GUEST_STANDING } from "../../src/core/standing.ts";
import { ANONYMOUS } from "../../src/identity/anonymous.ts";
import { principalOf } from "../../src/identity/api-keys.ts";
import { principalFromClaims } from "../../src/identity/tokens/claims.ts";
import { flow, stage, yes } from "../support/approval-parts.ts";
import { rowsOf, testApprovals, testPersons } from "../support/approval-service.ts";

const HOME = "https://idp.acme.com";
const PARTNER = "https://idp.partner.example";
const claims = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };

function token(sub: string, more: JsonObject, issuer = HOME, standing = FULL_STANDING): Principal {
  const said = { iss: issuer, sub, roles: ["finance-lead"], client_id: "agent", ...more };
  return principalFromClaims({ issuer, claims, standing }, sub, said, { now: 1_790_000_000_000, toleranceMs: 0 });
}

function key(name: string, user: string | undefined, email?: string, kind?: "person" | "machine"): Principal {
  const said = { name, hash: "", user, email, roles: ["finance-lead"], groups: [], kind };
  return principalOf(said);
}

const VERIFIED = { email: "ann@acme.com", email_verified: true };
const TRUSTED = { ...FULL_STANDING, home: false, emailDomains: ["acme.com"] };

it.each<[claim: string, one: JsonObject, other: JsonObject]>([
  ["badge", { badge: 301 }, { badge: "301" }],
  ["phone_number", { phone_number: "+49 30 1" }, { phone_number: "+49301" }],
])(
  "two accounts with one %s are two people, and may be one where the configuration says that it names one alone",
  (claim, ...both) => {
    const who = (more: JsonObject, sub: string, identity: readonly string[]) =>
      principalFromClaims(
        { issuer: HOME, claims: { ...claims, identity }, standing: FULL_STANDING },
        sub,
        { iss: HOME, sub, ...more },
        { now: 1_790_000_000_000, toleranceMs: 0 },
      );
    const persons = testPersons();
    const sameness = (identity: readonly string[]) => {
      const [one, other] = both.map((more, index) => persons.who(who(more, `u-${index}`, identity)));
      return one && other && persons.sameness(one, other);
    };
    expect(sameness([])).toBe("different");
    expect(sameness([claim])).toBe("unknown");
  },
);

/** Ways in which one human comes, none of them linked by the operator. */
const ANN = {
  "a token with a verified address": token("a-1", VERIFIED),
  "a token with an unverified address": token("a-1", { ...VERIFIED, email_verified: false }),
  "a token with upn alone": token("a-2", { upn: "ann@acme.com" }),
  "a token with preferred_username alone": token("a-3", { preferred_username: "Ann@acme.com" }),
  "an address with a blank before": token("a-4", { email: " ann@acme.com" }),
  "an address with U+200B behind": token("a-5", { email: "ann@acme.com\u200b", email_verified: true }),
  "an address in full-width letters": token("a-6", { email: "ＡＮＮ@acme.com", email_verified: true }),
  "an address with a tag": token("a-7", { email: "ann+pay@acme.com", email_verified: true }),
  "an address in quotes": token("a-8", { email: '"ann"@acme.com', email_verified: true }),
  "an address with a comment": token("a-9", { email: "ann(x)@acme.com", email_verified: true }),
  "an address as a link": token("a-10", { email: "mailto:ann@acme.com", email_verified: true }),
  "an address with a name before it": token("a-11", { email: "Ann <ann@acme.com>", email_verified: true }),
  "an address with a blank of Braille": token("a-12", { email: "ann\u2800@acme.com", email_verified: true }),
  "an address with a dot behind": token("a-13", { email: "ann@acme.com.", email_verified: true }),
  "an address with another full stop": token("a-14", { email: "ann@acme。com", email_verified: true }),
  "an address with a dot within": token("a-15", { email: "a.nn@acme.com", email_verified: true }),
  "a token with an account": token("a-16", { preferred_username: "ann" }),
  "an address that is passed on by a percent sign": token("a-17", {
    email: "ann%acme.com@acme.com",
    email_verified: true,
  }),
  "an address that is passed on by a mark": token("a-18", { email: "acme.com!ann@acme.com", email_verified: true }),
  "an address with another tag": token("a-19", { email: "ann=pay@acme.com", email_verified: true }),
  "an address in a claim of one's own": token("a-20", { "https://acme.com/email": "ann@acme.com" }),
  "another address": token("a-21", { alternate_emails: ["ann@acme.com"] }),
  "an address of her mailbox": token("a-22", { proxyAddresses: ["SMTP:ann@acme.com", "smtp:a@acme.com"] }),
  "an identity of hers": token("a-23", { identities: [{ provider: "x", user_id: "ann@acme.com" }] }),
  "a machine's key of her name": key("ann", undefined),
  "a key of her name, for another user": key("ann", "robot"),
  "a key with an address in quotes": key("ann-tablet", '"ann"@acme.com', '"ann"@acme.com'),
  "a machine of another issuer": token("agent", { client_id: "agent" }, PARTNER, GUEST_STANDING),
  "a key with the address": key("ann-laptop", "ann@acme.com", "ann@acme.com"),
  "a key of an agent of hers": key("ann-bot", "ann@acme.com", "ann@acme.com", "machine"),
  "a key without an address": key("ann-phone", "ann"),
  "a key under another name": key("ann-old", "ann.smith"),
  "a token of another issuer": token("x-1", VERIFIED, PARTNER, GUEST_STANDING),
  "a token of a second issuer of the company": token("x-2", VERIFIED, PARTNER, TRUSTED),
  "a token of another issuer with the same subject": token("a-1", {}, PARTNER, TRUSTED),
  "no credential": ANONYMOUS,
  "a program over stdio": { ...key("stdio", "ann"), issuer: "portcullis:local", ...AT_HOME },
} satisfies Record<string, Principal>;

/** Where each pair takes a store of its own: each way once as the first and once as the second. */
const USUAL = "a token with a verified address";
const stored = () => pairs.filter(({ one, other }) => one === USUAL || other === USUAL || one === other);

/** Names that nothing ties to the others within one issuer: to that issuer these are accounts of other people. */
const ALONE = new Set([
  "a key under another name",
  "a key without an address",
  "a token of another issuer with the same subject",
  "a machine of another issuer",
]);

const MACHINE = "a machine's key of her name";

const persons = testPersons();
const pairs = Object.entries(ANN).flatMap(([one, first]) =>
  Object.entries(ANN).map(([other, second]) => ({ one, other, first, second })),
);

/** Whether nothing ties these two, so that what is said elsewhere of two humans holds. */
function isUntied({ one, other, first, second }: (typeof pairs)[number]): boolean {
  if (one === other) return false;
  const alone = ALONE.has(one) || ALONE.has(other);
  if (one === MACHINE || other === MACHINE) return alone || [one, other].includes("no credential");
  // Within one issuer each subject is somebody else, unless a name ties them together.
  return alone && first.issuer === second.issuer;
}

describe("one human with two credentials", () => {
  const samenessOf = ({ first, second }: (typeof pairs)[number]) =>
    persons.sameness(persons.who(first), persons.who(second));

  it.each(Object.keys(ANN))("%s, then any other: never certainly two people", (name) => {
    const two = pairs.filter((pair) => pair.one === name && !isUntied(pair) && samenessOf(pair) === "different");
    expect(two.map(({ other }) => other)).toEqual([]);
  });

  it.each(Object.keys(ANN))("%s, then any other: nothing is theirs that is not certain", (name) => {
    const one = pairs.filter((pair) => pair.one === name && samenessOf(pair) === "same");
    const certain = pairs.filter(
      ({ one, first, second }) => one === name && first.issuer === second.issuer && first.subject === second.subject,
    );
    expect(one).toEqual(certain);
  });
});

/** Pairs of two humans, or of a human and a machine, that work without a word under `people:`. */
const TWO: readonly (readonly [string, Principal, Principal])[] = [
  ["two subjects of one issuer", token("a-1", {}), token("b-1", {})],
  ["two users of keys", key("a", "ann"), key("b", "bob")],
  ["two addresses of one domain, by token and key", token("a-1", VERIFIED), key("bob", "bob@acme.com", "bob@acme.com")],
  ["a machine and a token", key("ci", undefined), token("b-1", {})],
  ["a client's own token and a key", token("agent", {}), key("bob", "bob")],
  [
    "the company's two issuers, with addresses of its domain",
    token("a-1", VERIFIED),
    token("b-1", { email: "bob@acme.com", email_verified: true }, PARTNER, TRUSTED),
  ],
];

/** Of these nobody can tell, so that the operator has to. */
const UNTOLD: readonly (readonly [string, Principal, Principal])[] = [
  ["a token and a key without an address", token("a-1", VERIFIED), key("bob", "bob")],
  [
    "a token whose address nobody verified, and a key",
    token("a-1", { email: "ann@acme.com" }),
    key("b", "b", "b@acme.com"),
  ],
  [
    "addresses of two domains",
    token("a-1", { email: "ann@home.example", email_verified: true }),
    key("b", "b", "b@acme.com"),
  ],
  [
    "two issuers of which one may say no address",
    token("a-1", VERIFIED),
    token("b-1", VERIFIED, PARTNER, GUEST_STANDING),
  ],
  ["who comes without a credential, and a token", ANONYMOUS, token("b-1", {})],
  ["two keys of which one has a name that may be the other's account", key("a", "bob"), key("b", "bob@acme.com")],
  [
    "two subjects of which one has an address that is not plain",
    token("a-1", { email: '"a"@acme.com' }),
    token("b-1", {}),
  ],
  ["a mailbox, and one with a tag", token("a-1", VERIFIED), token("b-1", { ...VERIFIED, email: "ann+b@acme.com" })],
  ["a machine of another issuer, and a token", token("agent", {}, PARTNER, GUEST_STANDING), token("b-1", {})],
];

describe("two humans", () => {
  it.each(TWO)("%s: are told apart", (_what, one, other) => {
    expect(persons.sameness(persons.who(one), persons.who(other))).toBe("different");
    expect(persons.sameness(persons.who(other), persons.who(one))).toBe("different");
  });

  it.each(UNTOLD)("%s: are not, until the operator says so", (_what, one, other) => {
    expect(persons.sameness(persons.who(one), persons.who(other))).toBe("unknown");
    const both = testPersons([personOf("Ann", one), personOf("Bob", other)]);
    expect(both.sameness(both.who(one), both.who(other))).toBe("different");
  });

  it("are one person where the operator says so", () => {
    const [one, other] = [token("a-1", {}), key("b", "bob")];
    const linked: PersonOptions = { name: "Ann", subjects: [one, other].map(identity), emails: [] };
    const said = testPersons([linked]);
    expect(said.sameness(said.who(one), said.who(other))).toBe("same");
    const people = createPeople([linked]);
    expect(personKeys(named(one, people))).toEqual(personKeys(named(other, people)));
  });

  it("are not made one by an address under people that nobody vouches for", () => {
    const said = testPersons([{ name: "Ann", subjects: [], emails: ["ann@acme.com"] }]);
    const mallory = token("m-1", { email: "ann@acme.com", email_verified: false });
    expect(said.sameness(said.who(mallory), said.who(token("a-1", VERIFIED)))).toBe("unknown");
    const partner = token("x", VERIFIED, PARTNER, GUEST_STANDING);
    expect(said.sameness(said.who(partner), said.who(token("a-1", VERIFIED)))).toBe("unknown");
  });
});

function identity({ issuer, subject }: Principal) {
  return { issuer, subject };
}

function personOf(name: string, principal: Principal): PersonOptions {
  return { name, subjects: [identity(principal)], emails: [] };
}

describe("an address under people", () => {
  const persons = testPersons([{ name: "Ann", subjects: [], emails: ["ann@acme.com"] }]);
  const ann = persons.who(token("a-1", VERIFIED));
  const local = { ...key("stdio", "ann@acme.com", "ann@acme.com"), issuer: LOCAL_ISSUER, ...AT_HOME };

  it.each([
    ["in capitals", token("a-2", { ...VERIFIED, email: "ANN@acme.com" }), "same"],
    ["of a key", key("laptop", "ann@acme.com", "ann@acme.com"), "same"],
    ["with a tag", token("a-2", { ...VERIFIED, email: "ann+x@acme.com" }), "unknown"],
    ["in quotes", token("a-2", { ...VERIFIED, email: '"ann"@acme.com' }), "unknown"],
    ["with an invisible character", token("a-2", { ...VERIFIED, email: "ann\u200b@acme.com" }), "unknown"],
    ["that who starts a program over stdio gives", local, "unknown"],
  ])("%s: %s", (_what, principal, sameness) => {
    expect(persons.sameness(persons.who(principal), ann)).toBe(sameness);
  });

  it("is a local user's where the operator says so", () => {
    const person = { name: "Ann", subjects: [identity(local)], emails: ["ann@acme.com"] };
    const said = testPersons([person]);
    expect(said.sameness(said.who(local), ann)).toBe("same");
  });
});

describe("who asked", () => {
  const single = flow({ stages: [stage("finance-lead")] });
  const refusals = stored().filter(({ second }) => second.kind === "person" && second.may.includes("approve"));

  it.each(refusals)("by $one, does not approve by $other", async (found) => {
    if (isUntied(found)) return;
    const { first, second } = found;
    const { approvals, opened } = testApprovals({ flows: [single] });
    const request = await opened({ principal: first });
    expect(await approvals.decide(yes(request, second))).toMatchObject({ ok: false, code: "APPROVAL_OWN" });
    expect(approvals.mayDecide(request, second)).toMatchObject({ ok: false, code: "APPROVAL_OWN" });
    expect((await approvals.list({ decidableBy: second, limit: 10 })).items).toEqual([]);
    expect(await approvals.count({ decidableBy: second, limit: 10 })).toBe(0);
    const mine = first.issuer === second.issuer && first.subject === second.subject;
    expect(approvals.isRequester(request, second)).toBe(mine);
    expect(await approvals.cancel(request.id, second)).toMatchObject({ ok: mine });
  });

  it.each([
    ["a token", token("a-1", VERIFIED), "under people in the configuration"],
    ["a program over stdio", { ...key("stdio", "ann"), issuer: LOCAL_ISSUER }, "by the issuer portcullis:local"],
    ["nobody in particular", ANONYMOUS, "requester_may_approve"],
  ])("is told the next step where nobody can tell: %s", async (_what, principal, step) => {
    const { approvals, opened } = testApprovals({ flows: [single] });
    const request = await opened({ principal });
    const refused = await approvals.decide(yes(request, key("bob", "bob")));
    expect(refused).toMatchObject({ code: "APPROVAL_OWN", detail: expect.stringContaining(step) });
  });

  it("is told what helps: of a program over stdio, and without a credential", async () => {
    const [local, bob] = [{ ...key("stdio", "ann"), issuer: LOCAL_ISSUER }, key("bob", "bob")];
    const persons = testPersons([personOf("Ann", local), personOf("Bob", bob)]);
    const named = testApprovals({ flows: [single], persons });
    expect(await named.approvals.decide(yes(await named.opened({ principal: local }), bob))).toMatchObject({
      ok: true,
    });
    const open = testApprovals({ flows: [flow({ stages: [stage("finance-lead")], requesterMayApprove: true })] });
    expect(await open.approvals.decide(yes(await open.opened({ principal: ANONYMOUS }), bob))).toMatchObject({
      ok: true,
    });
  });

  it.each(TWO)("is another one than who approves: %s", async (_what, one, other) => {
    const { approvals, opened } = testApprovals({ flows: [single] });
    const request = await opened({ principal: one });
    expect(await approvals.count({ decidableBy: other, limit: 10 })).toBe(1);
    expect(await approvals.decide(yes(request, other))).toMatchObject({ ok: true });
  });

  it("sees and takes back by each credential that is theirs under people", async () => {
    const [one, other] = [token("a-1", {}), key("laptop", "ann")];
    const linked = { name: "Ann", subjects: [one, other].map(identity), emails: [] };
    const people = createPeople([linked]);
    const { approvals, opened } = testApprovals({
      flows: [single],
      persons: testPersons([linked]),
      limits: { openPerUser: 1 },
    });
    const request = await opened({ principal: named(one, people) });
    expect((await approvals.list({ requester: other, limit: 10 })).items).toHaveLength(1);
    expect((await approvals.list({ visibleTo: named(other, people), limit: 10 })).items).toHaveLength(1);
    expect(await approvals.decide(yes(request, named(other, people)))).toMatchObject({ code: "APPROVAL_OWN" });
    expect(await approvals.request({ ...askBy(named(other, people)) })).toMatchObject({ ok: false });
    expect(await approvals.cancel(request.id, named(other, people))).toMatchObject({ ok: true });
  });

  it("has one cap on open requests by a key and a token with one address", async () => {
    const { approvals, opened } = testApprovals({ flows: [single], limits: { openPerUser: 1 } });
    await opened({ principal: token("a-1", VERIFIED) });
    expect(await approvals.request(askBy(key("k", "ann@acme.com", "ann@acme.com")))).toMatchObject({ ok: false });
  });

  it("is written down without a name in clear that was not there before", async () => {
    const { opened, path } = testApprovals({ flows: [single] });
    await opened({ principal: token("a-1", { email: "secret@acme.com", upn: "hidden@acme.com" }) });
    const text = JSON.stringify(rowsOf(path, "SELECT * FROM approval_requests"));
    expect(text).not.toContain("secret@acme.com");
    expect(text).not.toContain("hidden@acme.com");
  });
});

describe("whom the configuration names one person after they have decided", () => {
  const [ann, bob, cid] = [token("a-1", {}), token("b-1", {}), token("c-1", {})];
  const linked = (...all: readonly Principal[]) => ({
    persons: testPersons([{ name: "Ann", subjects: all.map(identity), emails: [] }]),
  });
  const two = flow({ stages: [stage("finance-lead", 2)] });

  it.each<[string, readonly Principal[], string | undefined]>([
    ["runs nothing where they asked and approved", [ann, bob], "Who approved it is who asked for it"],
    ["runs nothing where they approved twice", [bob, cid], "Two who approved it are one person"],
    ["changes nothing about others", [ann, token("d-1", {})], undefined],
  ])("%s", async (_, same, reason) => {
    const { approvals, opened, another } = testApprovals({ flows: [two] });
    let request = await opened({ principal: ann });
    for (const approver of [bob, cid]) {
      const acted = await approvals.decide(yes(request, approver));
      if (!acted.ok) throw new Error(acted.code);
      request = acted.request;
    }
    expect(request.state).toBe("approved");
    const later = another(linked(...same)).approvals;
    expect((await later.claim(request.id, request.version)) === undefined).toBe(reason !== undefined);
    expect((await later.get(request.id))?.state).toBe(reason === undefined ? "executing" : "invalidated");
    const events = await later.history(request.id);
    expect(events.at(-1)?.reason ?? "").toContain(reason ?? "");
  });
});

describe("one person has one voice", () => {
  // So that the first one may decide, whoever they are.
  const pair = flow({ stages: [stage("finance-lead", 2)], requesterMayApprove: true });
  const deciding = stored().filter(({ first, second }) =>
    [first, second].every((who) => who.kind === "person" && who.may.includes("approve")),
  );

  it.each(deciding)("by $one, and not again by $other", async (found) => {
    if (isUntied(found)) return;
    const { first, second } = found;
    const { approvals, opened } = testApprovals({ flows: [pair] });
    const request = await opened({ principal: key("ci", undefined) });
    const once = await approvals.decide(yes(request, first));
    if (!once.ok) throw new Error(once.code);
    expect(await approvals.decide(yes(once.request, second))).toMatchObject({ code: "APPROVAL_TWICE" });
  });
});

function askBy(principal: Principal) {
  return {
    principal,
    method: "tools/call" as const,
    ...{ clientName: "claude-code", era: "modern" as const, upstream: "expenses", tool: "create_expense" },
    ...{ definitionDigest: "d".repeat(64), arguments: { other: 1 }, policySet: "0".repeat(64) },
    approvals: [{ policy: "large-expenses", flow: "finance", message: "" }],
    ...{ run: "caller" as const, idempotent: false, context: { endpoint: "" } },
  };
}

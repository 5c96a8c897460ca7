import { describe, expect, it } from "vitest";
import { createCallDigests } from "../../src/approvals/call-digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { PersonOptions } from "../../src/core/people.ts";
import { isThemselves, type Principal } from "../../src/core/principal.ts";
import { FULL_STANDING } from "../../src/core/standing.ts";
import { principalOf } from "../../src/identity/api-keys.ts";
import { readPrincipal } from "../../src/identity/stored-principal.ts";
import { principalFromClaims } from "../../src/identity/tokens/claims.ts";
import { withVouchedSignIn } from "../../src/identity/tokens/vouched-sign-in.ts";
import { bindingOf } from "../../src/step-up/binding.ts";
import { wantsBetterToken } from "../../src/step-up/strength.ts";
import { flow, stage, yes } from "../support/approval-parts.ts";
import { testApprovals, testPersons } from "../support/approval-service.ts";

const HOME = "https://idp.acme.com";
const NOW = 1_790_000_000_000;
const mapping = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };

function token(sub: string, more: JsonObject = {}): Principal {
  const claims = {
    iss: HOME,
    sub,
    roles: ["finance-lead"],
    client_id: "agent",
    acr: "mfa",
    auth_time: NOW / 1000,
    ...more,
  };
  const issuer = { issuer: HOME, claims: mapping, standing: FULL_STANDING };
  return withVouchedSignIn(principalFromClaims(issuer, sub, claims, { now: NOW, toleranceMs: 0 }));
}

const key = (name: string, user: string, email?: string) =>
  principalOf({ name, hash: "", user, email, roles: ["finance-lead"], groups: [] });

const ann = token("a-1");
const zoe = token("z-1", { preferred_username: "zoe" });

/** By what a token of Ann's says that Bob acts for her, and as what Bob comes to approve. */
const BOB: readonly (readonly [how: string, act: JsonObject, approver: Principal])[] = [
  ["his subject", { sub: "b-1" }, token("b-1")],
  ["his subject, of another issuer", { sub: "b-1", iss: "https://sts.acme.com" }, token("b-1")],
  ["his subject, further back", { sub: "bot", act: { sub: "b-1" } }, token("b-1")],
  ["his address, with a token", { sub: "x", email: "Bob@acme.com" }, token("b-1", { email: "bob@acme.com" })],
  ["his account, with a token", { sub: "x", preferred_username: "bob" }, token("b-1", { upn: "bob@acme.com" })],
  ["his address, with a key", { sub: "bob@acme.com" }, key("laptop", "bob", "bob@acme.com")],
  ["the name of his key", { client_id: "laptop" }, key("laptop", "bob@acme.com", "bob@acme.com")],
];
const PEOPLE: readonly PersonOptions[] = [
  { name: "Ann", subjects: [{ issuer: HOME, subject: "a-1" }], emails: ["ann@acme.com"] },
  {
    name: "Bob",
    subjects: [
      { issuer: HOME, subject: "b-1" },
      { issuer: "portcullis:keys", subject: "bob" },
    ],
    emails: ["bob@acme.com"],
  },
];

describe.each([
  ["", []],
  [", where both stand under people", PEOPLE],
] as const)("whoever acts for somebody by a token%s", (_where, people) => {
  const persons = testPersons(people);

  it.each([...BOB, ["another credential of his", { sub: "b-1" }, key("desk", "bob")] as const])(
    "is never certainly somebody else than who asked: by %s",
    (_how, act, approver) => {
      const [asked, other] = [persons.who(token("a-1", { act })), persons.who(approver)];
      expect(persons.sameness(asked, other)).toBe("unknown");
      expect(persons.sameness(other, asked)).toBe("unknown");
    },
  );

  it.each(BOB)("does not approve what they asked for: by %s", async (_how, act, approver) => {
    const flows = [flow({ stages: [stage("finance-lead")] })];
    const { approvals, opened } = testApprovals({ persons, flows });
    const request = await opened({ principal: token("a-1", { act }) });
    expect(await approvals.decide(yes(request, approver))).toMatchObject({ ok: false, code: "APPROVAL_OWN" });
    expect(await approvals.decide(yes(request, ann))).toMatchObject({ ok: false, code: "APPROVAL_OWN" });
    expect(await approvals.decide(yes(request, zoe))).toMatchObject({ ok: true });
  });
});

describe("a token by which somebody acts", () => {
  const acting = token("z-1", { act: { sub: "bot" } });

  it("is still its subject's, who may call, and neither approve nor administer", () => {
    const persons = testPersons();
    expect(persons.sameness(persons.who(acting), persons.who(zoe))).toBe("same");
    expect(acting.may).toEqual(["call", "step_up"]);
    expect([isThemselves(acting), isThemselves(zoe)]).toEqual([false, true]);
  });

  it("decides nothing", async () => {
    const { approvals, opened } = testApprovals({ flows: [flow({ stages: [stage("finance-lead")] })] });
    const request = await opened({ principal: ann });
    expect(await approvals.decide(yes(request, acting))).toMatchObject({ ok: false, code: "APPROVAL_NOT_ELIGIBLE" });
  });

  it("says nothing of a sign-in, and asks for no better token", () => {
    expect(acting).toMatchObject({ acr: undefined, amr: [], authTime: undefined });
    expect(zoe).toMatchObject({ acr: "mfa", authTime: NOW });
    expect([acting, zoe].map((one) => wantsBetterToken({ challenge: "rfc9470" }, one))).toEqual([false, true]);
  });

  it("shares neither an approval nor a sign-in with what they do themselves, or who else acts for them", async () => {
    const digests = createCallDigests(Buffer.alloc(32, 7));
    const all = [acting, zoe, token("z-1", { act: { sub: "bot", act: { sub: "desk" } } })];
    const call = { method: "tools/call" as const, upstream: "bank", tool: "pay", definitionDigest: "d", arguments: {} };
    const bound = await Promise.all(all.map((principal) => digests.call({ principal, ...call })));
    expect(new Set(bound).size).toBe(3);
    for (const per of ["call", "tool", "session"] as const) {
      const targets = all.map(
        (principal) => bindingOf(per, { principal, callDigest: "d", tool: "t", session: "s" }).target,
      );
      expect(new Set(targets).size).toBe(3);
    }
  });

  it("is read back as it was written down", () => {
    expect(readPrincipal(JSON.parse(JSON.stringify(acting)))).toEqual(acting);
    const { actors: _, ...before } = zoe;
    expect(readPrincipal(JSON.parse(JSON.stringify(before)))).toEqual(zoe);
  });
});

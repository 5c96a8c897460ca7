import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ApprovalFilter } from "../../src/approvals/approvals.ts";
import { refusalOf } from "../../src/approvals/eligibility.ts";
import { APPROVAL_STATES, type ApprovalRequest, OPEN_STATES } from "../../src/core/approval.ts";
import type { Principal } from "../../src/core/principal.ts";
import type { ApprovalQuery, ApproverKeys } from "../../src/store/approvals/approvals.ts";
import { ask, DAY, flow, HOUR, no, person, stage, yes } from "../support/approval-parts.ts";
import { type TestApprovals, testApprovals, testPersons } from "../support/approval-service.ts";

/*
 * Lists are found by indices; here they are held against what the rules say of each request, for many people and many
 * requests in all states.
 */

const ROLES = ["clerk", "lead", "cfo", "board"];

const flows = [
  flow({
    name: "one",
    stages: [{ ...stage("lead"), escalate: { afterMs: HOUR, to: { roles: ["board"], users: [] } } }],
  }),
  flow({ name: "two", stages: [stage("lead"), stage("cfo", 2)], pendingTtlMs: DAY / 2 }),
  flow({
    name: "named",
    stages: [
      { approvers: { roles: [], users: ["p3", "P4@Acme.com"] }, required: 1, escalate: undefined },
      stage("cfo"),
    ],
  }),
  flow({ name: "own", stages: [stage("clerk")], requesterMayApprove: true, pendingTtlMs: 2 * DAY }),
];

const people: readonly Principal[] = Array.from({ length: 13 }, (_, n) =>
  person(n === 12 ? "P2@acme.com" : `p${n}`, {
    roles: ROLES.filter((_role, index) => ((n * 7) >> index) % 2 === 1),
    // Some come by two credentials (one of them has the address for its subject), some have no address, one has more roles than anybody should.
    ...(n === 9 ? { email: "p1@acme.com" } : n === 10 ? { email: undefined } : {}),
    ...(n === 12 ? { email: undefined, roles: ROLES } : {}),
    ...(n === 11 ? { roles: ["lead", ...Array.from({ length: 150 }, (_unused, role) => `role-${role}`)] } : {}),
  }),
);

/** Requests in all states, made by seeded chance. */
async function populate(test: TestApprovals): Promise<readonly ApprovalRequest[]> {
  const { approvals } = test;
  const choose = fc.sample(fc.record({ who: fc.nat(12), flow: fc.nat(3), fate: fc.nat(9), wait: fc.nat(3) }), {
    numRuns: 120,
    seed: 7,
  });
  for (const [n, chance] of choose.entries()) {
    const principal = people[chance.who] ?? person("nobody");
    const name = flows[chance.flow]?.name ?? "one";
    const request = await test.opened({
      principal,
      arguments: { n },
      approvals: [{ policy: "p", flow: name, message: "" }],
    });
    // Some at the same moment as the one before.
    if (chance.wait === 0) await test.pass(HOUR / 4);
    if (chance.fate === 0) await approvals.invalidate(request.id, "x");
    if (chance.fate === 1) await approvals.cancel(request.id, principal);
    for (const approver of chance.fate > 5 ? people : []) {
      const seen = await approvals.get(request.id);
      if (seen !== undefined && approvals.mayDecide(seen, approver).ok && approver !== people[(n * 5) % 12]) {
        await approvals.decide(chance.fate === 9 ? no(seen, approver) : yes(seen, approver));
        if (chance.fate === 6) break;
      }
    }
    const after = await approvals.get(request.id);
    if (after?.state === "approved" && n % 3 === 0) await approvals.claim(after.id, after.version);
  }
  await test.pass(0);
  return everything(test, {});
}

async function everything(test: TestApprovals, filter: Omit<ApprovalFilter, "limit">) {
  const found: ApprovalRequest[] = [];
  for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
    const page = await test.approvals.list({ ...filter, limit: 7 }, cursor);
    found.push(...page.items);
    cursor = page.nextCursor;
  }
  return found;
}

const ids = (requests: readonly ApprovalRequest[]) => requests.map((request) => request.id);

/** What waits for somebody: the next to end first. */
function byEnd(a: ApprovalRequest, b: ApprovalRequest): number {
  return a.pendingUntil - b.pendingUntil || (a.id < b.id ? -1 : 1);
}

function mayApproveAny(request: ApprovalRequest, who: Principal): boolean {
  const rules = flows.filter((one) => request.flows.includes(one.name)).flatMap((one) => one.stages);
  const all = rules.flatMap((rule) => [rule.approvers, ...(rule.escalate === undefined ? [] : [rule.escalate.to])]);
  return all.some(
    ({ roles, users }) =>
      roles.some((role) => who.roles.includes(role)) ||
      users.some((user) => user === who.subject || user.toLowerCase() === who.email?.toLowerCase()),
  );
}

describe("a list", () => {
  it("holds exactly what the rules say, for everybody, in order, in pages of any size", async () => {
    const test = testApprovals({ flows, limits: { openPerUser: 1_000 } });
    const all = await populate(test);
    expect(all).toHaveLength(120);
    expect(new Set(all.map((request) => request.state)).size).toBeGreaterThanOrEqual(6);
    let decidable = 0;
    for (const who of people) {
      const own = all.filter((request) => test.approvals.mayDecide(request, who).ok).sort(byEnd);
      expect(ids(await everything(test, { decidableBy: who }))).toEqual(ids(own));
      expect(await test.approvals.count({ decidableBy: who, limit: 500 })).toBe(own.length);
      expect(await test.approvals.count({ decidableBy: who, limit: 3 })).toBe(Math.min(own.length, 3));
      decidable += own.length;
      const theirs = (request: ApprovalRequest) =>
        mayApproveAny(request, who) ||
        (request.requester.issuer === who.issuer && request.requester.subject === who.subject);
      for (const states of [
        undefined,
        OPEN_STATES,
        ["pending"],
        ["rejected", "approved"],
        [...APPROVAL_STATES],
      ] as const) {
        const filter = { visibleTo: who, ...(states === undefined ? {} : { states }) };
        const wanted = all.filter((request) => states === undefined || states.some((state) => state === request.state));
        expect(ids(await everything(test, filter))).toEqual(ids(wanted.filter(theirs)));
      }
      const both = await everything(test, { visibleTo: who, decidableBy: who, flow: "two" });
      expect(ids(both)).toEqual(ids(own.filter((request) => request.flows.includes("two"))));
    }
    expect(decidable).toBeGreaterThan(50);
  });

  it("agrees with the decision itself about who may decide", async () => {
    const test = testApprovals({ flows, limits: { openPerUser: 1_000 } });
    const request = await test.opened({ ...ask(), approvals: [{ policy: "p", flow: "named", message: "" }] });
    for (const who of people) {
      const listed = (await test.approvals.list({ decidableBy: who, limit: 1 })).items.length === 1;
      const approvers = request.stages[0]?.approvers;
      expect(listed).toBe(refusalOf({ ...request, approvers }, who, request.createdAt, testPersons()) === undefined);
    }
  });

  it("answers whatever of that by which it finds requests is there or not", async () => {
    const test = testApprovals({ flows, limits: { openPerUser: 1_000 } });
    // One that is open, and one that has ended.
    const two = async (who: string, name: string) => {
      const asked = { principal: person(who), approvals: [{ policy: "p", flow: name, message: "" }] };
      const open = await test.opened(asked);
      const ended = await test.opened({ ...asked, arguments: { n: 2 } });
      await test.approvals.invalidate(ended.id, "x");
      return { open: open.id, ended: ended.id };
    };
    const [own, byRole, byName] = [await two("p1", "own"), await two("p2", "one"), await two("p5", "named")];
    const { issuer } = person("p1");
    const manyRoles = Array.from({ length: 101 }, (_unused, n) => `role-${n}`);
    const either = [true, false];
    const combinations = either.flatMap((asked) =>
      either.flatMap((hash) =>
        [[], ["lead"], ["lead", ...manyRoles]].flatMap((roles) =>
          either.flatMap((subject) => either.map((email) => ({ asked, hash, roles, subject, email }))),
        ),
      ),
    );
    for (const { asked, hash, roles, subject, email } of combinations) {
      const visibleTo: ApproverKeys = {
        belongings: {
          subjects: asked ? [{ issuer, subject: "p1" }] : [],
          personHash: hash ? "nobody's" : undefined,
        },
        roles,
        subjects: subject ? ["p3"] : [],
        email: email ? "p4@acme.com" : undefined,
      };
      const wanted = [
        ...(asked ? [own] : []),
        ...(roles.length > 0 ? [byRole] : []),
        ...(subject || email ? [byName] : []),
      ];
      const list = async (query: Partial<ApprovalQuery>) =>
        (await test.store.approvals.list({ limit: 10, ...query })).map(({ record }) => record.id).sort();
      expect(await list({ visibleTo, states: OPEN_STATES })).toEqual(wanted.map(({ open }) => open).sort());
      expect(await list({ visibleTo })).toEqual(wanted.flatMap(({ open, ended }) => [open, ended]).sort());
      const decidableBy = { keys: visibleTo, now: test.clock.now };
      const theirs = wanted.filter((one) => one !== own).map(({ open }) => open);
      expect(await list({ decidableBy, visibleTo })).toEqual(theirs.sort());
      expect(await list({ requester: visibleTo.belongings })).toEqual(asked ? [own.open, own.ended].sort() : []);
    }
  });

  it("shows those who may not approve what they asked for themselves", async () => {
    const test = testApprovals({ flows });
    const approvals = [{ policy: "p", flow: "one", message: "" }];
    const guest = person("guest", { may: ["call"], roles: ["lead"] });
    const mine = await test.opened({ principal: guest, approvals });
    await test.opened({ principal: person("p1"), approvals });
    for (const states of [undefined, OPEN_STATES, [...APPROVAL_STATES]]) {
      const filter = { visibleTo: guest, ...(states === undefined ? {} : { states }) };
      expect(ids(await everything(test, filter))).toEqual([mine.id]);
    }
  });
});

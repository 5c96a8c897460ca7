import { describe, expect, it } from "vitest";
import { createCallDigests } from "../../src/approvals/call-digest.ts";
import { ann, ask, requester, yes } from "../support/approval-parts.ts";
import { done, testApprovals } from "../support/approval-service.ts";
import { SECRET } from "../support/audit-key.ts";
import { countedSlices } from "../support/slices.ts";

const LONG = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, n]));

/** A request for a call with ten thousand arguments, and what is done with it. */
async function longOne() {
  const counted = countedSlices();
  const test = testApprovals({
    slices: counted.slices,
    misfits: async ({ arguments: given }) =>
      Object.keys(given)
        .slice(0, 1)
        .map((name) => `${name} is no argument of this tool.`),
  });
  return { ...test, request: await test.opened({ arguments: LONG }), counted };
}

type Long = Awaited<ReturnType<typeof longOne>>;

describe("long arguments", () => {
  it.each<[string, (test: Long) => Promise<unknown>]>([
    ["another is asked for", ({ opened }) => opened({ arguments: { ...LONG, last: 1 } })],
    ["the same is asked for again", ({ approvals }) => approvals.request(ask({ arguments: LONG }))],
    ["it is looked for", ({ approvals }) => approvals.find(ask({ arguments: LONG }))],
    ["they are shown", ({ approvals, request }) => approvals.arguments(request.id)],
    ["their run is decided", ({ approvals, request }) => approvals.requestedCall(request.id)],
    [
      "they are run",
      async ({ approvals, request }) => {
        const { version } = done(await approvals.decide(yes(request, ann)));
        expect(await approvals.claim(request.id, version)).toMatchObject({ arguments: LONG });
      },
    ],
  ])("are gone through in slices when %s", async (_, work) => {
    const test = await longOne();
    const before = test.counted.turns;
    await work(test);
    expect(test.counted.turns - before).toBeGreaterThan(20);
  });

  it("are not opened for any list, nor when it is looked how a request stands", async () => {
    const { approvals, request, counted } = await longOne();
    const before = counted.turns;
    expect(await approvals.get(request.id)).toMatchObject({ misfits: ["k0 is no argument of this tool."] });
    await approvals.list({ limit: 100 });
    await approvals.list({ decidableBy: ann, limit: 100 });
    await approvals.count({ requester, limit: 100 });
    await approvals.history(request.id);
    expect(approvals.mayDecide(request, ann)).toMatchObject({ ok: true });
    expect(counted.turns).toBe(before);
  });

  it("have the digest of a call, however it is made", async () => {
    const digests = createCallDigests(SECRET);
    const call = ask({ arguments: LONG });
    const { keyed, bare } = await digests.both(call, countedSlices().slices());
    expect(await digests.call(call)).toBe(keyed);
    expect([await digests.isCall(keyed, call), await digests.isCall(bare, call)]).toEqual([true, true]);
  });
});

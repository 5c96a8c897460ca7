import { expect, it } from "vitest";
import { createSeal } from "../../src/core/seal.ts";
import { testApprovals } from "../support/approval-service.ts";
import { SECRET } from "../support/audit-key.ts";
import { forge } from "../support/forging.ts";

/* What is sealed of a request may be megabytes: whoever looks at it again within a minute does not have it opened again. */

function counting() {
  const seal = createSeal(SECRET, "approvals");
  let opened = 0;
  const test = testApprovals({
    seal: {
      ...seal,
      openBytes(text, label) {
        opened += 1;
        return seal.openBytes(text, label);
      },
    },
  });
  return { test, opened: () => opened };
}

async function run({ test }: ReturnType<typeof counting>): Promise<string> {
  const claim = await test.claimed();
  await test.approvals.finish(claim, { kind: "succeeded", isError: false, result: Buffer.from("{}") });
  return claim.request.id;
}

it("arguments and a result are opened once, however often somebody looks", async () => {
  const world = counting();
  const { approvals } = world.test;
  const id = await run(world);
  const before = world.opened();
  const looks = await Promise.all([approvals.arguments(id), approvals.result(id)]);
  for (let look = 0; look < 3; look++)
    expect(await Promise.all([approvals.arguments(id), approvals.result(id)])).toEqual(looks);
  expect(looks).not.toContain(undefined);
  expect(world.opened() - before).toBe(2);
});

it("nothing is given that somebody wrote into the database meanwhile, or that was purged", async () => {
  const world = counting();
  const { approvals, path } = world.test;
  const looks = (id: string) =>
    Promise.all([approvals.arguments(id), approvals.requestedCall(id), approvals.result(id)]);
  const id = await run(world);
  expect(await looks(id)).not.toContain(undefined);
  forge(path, `UPDATE approval_requests SET sub = 'eve' WHERE id = '${id}'`);
  expect(await looks(id)).toEqual([undefined, undefined, undefined]);

  const other = counting();
  const purged = await run(other);
  expect(await other.test.approvals.result(purged)).toBeDefined();
  await other.test.approvals.delivered(purged);
  await other.test.pass(400 * 86_400_000);
  expect(await other.test.approvals.result(purged)).toBeUndefined();
  expect(await other.test.approvals.arguments(purged)).toBeUndefined();
});

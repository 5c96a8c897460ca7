import { expect, it } from "vitest";
import { startApprovedRunner } from "../../src/gateway/approvals/approved-runner.ts";
import type { ApprovedRuns } from "../../src/gateway/approvals/approved-runs.ts";
import { person } from "../support/approval-parts.ts";
import { type TestApprovals, testApprovals } from "../support/approval-service.ts";
import { eventually } from "../support/eventually.ts";

/** A runner whose runs go on until they are told to end. As in the store, each begins once, however often it is offered. */
function startRunner(world: TestApprovals) {
  const running = new Map<string, () => void>();
  const subjects: string[] = [];
  const begin: ApprovedRuns["begin"] = async ({ id, requester }) => {
    if (running.has(id)) return { kind: "changed" };
    subjects.push(requester.subject);
    return { kind: "running", over: new Promise<void>((resolve) => running.set(id, resolve)) };
  };
  const stop = startApprovedRunner({
    approvals: world.approvals,
    upstreams: { onEvent: () => () => {} },
    runs: { begin, listen: () => () => {}, whenPeerIsFree: (_key, release) => release(), drain: async () => {} },
    log: world.log,
  });
  const approve = (subject: string, number: number) =>
    world.approved({ principal: person(subject), run: "gateway", arguments: { number } });
  const runsOf = (subject: string): number => subjects.filter((one) => one === subject).length;
  return { stop, approve, runsOf, running };
}

it("approved calls of one requester leave room for those of the next, however long they run", async () => {
  const { stop, approve, runsOf, running } = startRunner(testApprovals());
  for (const subject of ["mallory", "eve"]) for (let number = 0; number < 20; number++) await approve(subject, number);
  await approve("honest", 0);
  await eventually(async () => (runsOf("honest") === 1 ? true : undefined));
  expect(runsOf("mallory")).toBe(16);
  // What waited has its turn when others end.
  const over = [...running.values()];
  for (const end of over) end();
  await eventually(async () => (runsOf("mallory") === 20 && runsOf("eve") === 20 ? true : undefined));
  stop();
});

it("approved calls that wait are not begun any more once the gateway stops", async () => {
  const { stop, approve, runsOf, running } = startRunner(testApprovals());
  for (let number = 0; number < 18; number++) await approve("mallory", number);
  await eventually(async () => (runsOf("mallory") === 16 ? true : undefined));
  stop();
  for (const end of running.values()) end();
  await new Promise((resolve) => setImmediate(resolve));
  expect(runsOf("mallory")).toBe(16);
});

import { afterAll, beforeAll, expect, it } from "vitest";
import { timelineSteps } from "../../src/console/activity/timeline-steps.ts";
import type { CallTimeline } from "../../src/operations/activity/activity.ts";
import { principalOf } from "../support/approval-people.ts";
import { eventually } from "../support/eventually.ts";
import { callRaw, challengeIn, type StepUpGateway, signInAt, startStepUpGateway } from "../support/step-up-gateway.ts";

let world: StepUpGateway;
let ann: Record<string, string>;

beforeAll(async () => {
  world = await startStepUpGateway();
  ann = await world.headers("ann");
}, 60_000);
afterAll(() => world?.close(), 30_000);

/** What happened, in words: `call step_up`, `end step_up_pending`, `sign_in signed_in`. */
function gist(timeline: CallTimeline | undefined, id: string): readonly string[] {
  if (timeline === undefined) return [];
  return timelineSteps(timeline, id).map((step) => {
    if (step.kind === "call") return `call ${step.entry.decision}`;
    return step.kind === "approval" ? `approval ${step.event.act}` : `${step.kind} ${step.entry.outcome}`;
  });
}

const timelineOf = (id: string, admin = true) =>
  world.gateway.running.wired.activity.timeline({ principal: principalOf("root"), admin, lacks: undefined }, id);

it("a call that needed a sign-in is one timeline with the sign-in and the call after it, from either end", async () => {
  const { id, url } = challengeIn(await callRaw(world.gateway, ann, "pay for the timeline"));
  await signInAt(url, "ann");
  await callRaw(world.gateway, ann, "pay for the timeline");
  await callRaw(world.gateway, ann, "pay for another timeline");
  const whole = [
    "call step_up",
    "end step_up_pending",
    "sign_in signed_in",
    "call step_up",
    expect.stringMatching(/^end (ok|input_required)$/),
  ];
  const timeline = await eventually(async () => {
    const found = await timelineOf(id);
    return gist(found, id).length === whole.length ? found : undefined;
  });
  expect(gist(timeline, id)).toEqual(whole);
  for (const { callId } of timeline.entries) expect(gist(await timelineOf(callId), callId)).toEqual(whole);
});

it("there is no timeline of what nobody knows, and none for who is no administrator", async () => {
  const { id } = challengeIn(await callRaw(world.gateway, ann, "pay in private"));
  expect(await eventually(() => timelineOf(id))).toMatchObject({ cut: false, approval: undefined });
  expect(await timelineOf(id, false)).toBeUndefined();
  expect(await timelineOf("call_unknown")).toBeUndefined();
});

import { afterAll, beforeAll, expect, it } from "vitest";
import { storySteps } from "../../src/console/activity/story-steps.ts";
import type { CallStory } from "../../src/operations/activity/activity.ts";
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
function gist(story: CallStory | undefined, id: string): readonly string[] {
  if (story === undefined) return [];
  return storySteps(story, id).map((step) => {
    if (step.kind === "call") return `call ${step.entry.decision}`;
    return step.kind === "approval" ? `approval ${step.event.act}` : `${step.kind} ${step.entry.outcome}`;
  });
}

const storyOf = (id: string, admin = true) =>
  world.gateway.running.wired.activity.story({ principal: principalOf("root"), admin, lacks: undefined }, id);

it("a call that needed a sign-in is one story with the sign-in and the call after it, from either end", async () => {
  const { id, url } = challengeIn(await callRaw(world.gateway, ann, "pay for the story"));
  await signInAt(url, "ann");
  await callRaw(world.gateway, ann, "pay for the story");
  await callRaw(world.gateway, ann, "pay for another story");
  const whole = [
    "call step_up",
    "end step_up_pending",
    "sign_in signed_in",
    "call step_up",
    expect.stringMatching(/^end (ok|input_required)$/),
  ];
  const story = await eventually(async () => {
    const found = await storyOf(id);
    return gist(found, id).length === whole.length ? found : undefined;
  });
  expect(gist(story, id)).toEqual(whole);
  for (const { callId } of story.entries) expect(gist(await storyOf(callId), callId)).toEqual(whole);
});

it("there is no story of what nobody knows, and none for who is no administrator", async () => {
  const { id } = challengeIn(await callRaw(world.gateway, ann, "pay in private"));
  expect(await eventually(() => storyOf(id))).toMatchObject({ cut: false, approval: undefined });
  expect(await storyOf(id, false)).toBeUndefined();
  expect(await storyOf("call_unknown")).toBeUndefined();
});

import { expect, it } from "vitest";
import type { Call } from "../../src/core/call.ts";
import { Cancellation } from "../../src/core/cancellation.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import type { InputRequiredRound, Round } from "../../src/core/round.ts";
import { followRounds } from "../../src/gateway/steps/rounds.ts";

const RESULT: Round = { kind: "result", result: RawJson.fromValue({ content: [] }) };
const LINKS = { result: (it: unknown) => it, error: (it: unknown) => it, params: (it: unknown) => it };

/** Follows rounds of a call by a clock that is set by hand. */
function following(): {
  readonly ends: readonly unknown[];
  follow(round: Round): ReturnType<ReturnType<typeof followRounds>>;
  setClock(ms: number): void;
  asking(then: Round, answeredAfterMs: number): InputRequiredRound;
} {
  let clock = 1_000;
  const ends: unknown[] = [];
  const follow = followRounds({
    call: { era: "legacy", cancellation: new Cancellation() } as unknown as Call,
    upstream: { name: "a", place: "" },
    states: {} as never,
    links: LINKS as never,
    now: () => clock,
    onEnd: (...end) => ends.push(end),
  });
  return {
    ends,
    follow,
    setClock: (ms) => {
      clock = ms;
    },
    asking: (then, answeredAfterMs) => ({
      kind: "input_required",
      era: "legacy",
      inputRequests: {},
      state: undefined,
      resume: async () => {
        clock += answeredAfterMs;
        return then;
      },
      abandon: () => {},
      onSuperseded: () => {},
    }),
  };
}

it("tells for how long a server waited for its user, in all its questions, and nothing of its own time", async () => {
  const { follow, ends, setClock, asking } = following();
  const first = await follow(asking(asking(RESULT, 30), 20));
  if (first.kind !== "input_required") throw new Error("It asked nothing.");
  setClock(6_000);
  const second = await first.resume({});
  if (second.kind !== "input_required") throw new Error("It asked once only.");
  setClock(6_520);
  await second.resume({});
  expect(ends).toEqual([["ok", 5_500]]);
});

it("tells of none where the server asked nothing", async () => {
  const { follow, ends } = following();
  await follow(RESULT);
  expect(ends).toEqual([["ok", 0]]);
});

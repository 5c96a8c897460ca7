import { expect, it } from "vitest";
import { createIntake } from "../../src/upstream/messages/intake.ts";
import { createFlood } from "../../src/upstream/waiting/flood.ts";
import { recordingLog } from "../support/recording-log.ts";

it("a fault at what an upstream sent ends its connection, names it in the log, and reaches nobody else", async () => {
  const log = recordingLog();
  const faults: string[] = [];
  const intake = createIntake({ upstream: "up", log, onFault: (detail) => faults.push(detail) });
  let ended = 0;
  const fail = (): void => {
    throw new RangeError("Maximum call stack size exceeded");
  };
  intake.guard(fail, () => {
    ended++;
  });
  // What ends the connection may fail, too.
  intake.guard(fail, fail);
  intake.own(Promise.reject(new Error("nobody waits for this")));
  await new Promise<void>((resolve) => {
    intake.later(() => {
      resolve();
      fail();
    }, 0);
  });
  expect(ended).toBe(1);
  expect(faults).toHaveLength(4);
  expect(log.lines.every(({ fields }) => fields["upstream"] === "up")).toBe(true);
});

it("what is counted is counted by the second, and never refused for good", () => {
  let time = 0;
  const flood = createFlood(() => time, { burst: 3, perSecond: 2 });
  const taken = (): readonly boolean[] => [flood.take(), flood.take(), flood.take(), flood.take()];
  expect(taken()).toEqual([true, true, true, false]);
  time += 1_000;
  expect(taken()).toEqual([true, true, false, false]);
  time += 60_000;
  expect(taken()).toEqual([true, true, true, false]);
});

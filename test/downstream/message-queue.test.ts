import { Writable } from "node:stream";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { DeliveryClass } from "../../src/downstream/delivery-class.ts";
import { MessageQueue } from "../../src/downstream/http/message-queue.ts";

const MAX = 4_000;

/** A stream whose reader takes what there is when it is told to. */
function setUp() {
  let read: (() => void) | undefined;
  let got = "";
  const output = new Writable({
    highWaterMark: 64 * 1024,
    write(chunk: Buffer, _encoding, done) {
      read = () => {
        got += chunk.toString();
        done();
      };
    },
  });
  let bytes = 0;
  const outbox = new MessageQueue({
    output,
    maxBytes: MAX,
    encode: (message) => `${message}\n`,
    onBytes: (now) => {
      bytes = now;
    },
  });
  return {
    output,
    outbox,
    bytes: () => bytes,
    lines: () => got.split("\n").filter((line) => line !== "" && !line.startsWith("=")),
    async readAll() {
      while (read !== undefined) {
        const now = read;
        read = undefined;
        now();
        await new Promise(setImmediate);
      }
    },
  };
}

/** More than the stream takes at once. */
const FILL = `${"=".repeat(70_000)}\n`;

const kinds: readonly DeliveryClass[] = [
  { kind: "answer" },
  { kind: "message" },
  { kind: "state", about: "list" },
  { kind: "state", about: "uri" },
  { kind: "progress", about: "p" },
  { kind: "progress", about: "q" },
  { kind: "log", level: "info" },
  { kind: "log", level: "no such level" },
];

it("keeps what must arrive in order, the latest of what is replaced, and the count of what is left out", async () => {
  const step = fc.oneof(
    { weight: 30, arbitrary: fc.tuple(fc.constantFrom(...kinds), fc.integer({ min: 1, max: 600 })) },
    { weight: 1, arbitrary: fc.constant("read" as const) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 200 }), async (steps) => {
      const { outbox, lines, readAll, bytes } = setUp();
      outbox.send(FILL, { kind: "message" });
      const sent: Array<{ readonly delivery: DeliveryClass; readonly nth: number; readonly taken: boolean }> = [];
      for (const [nth, one] of steps.entries()) {
        if (one === "read") {
          await readAll();
          outbox.send(FILL, { kind: "message" });
          continue;
        }
        const [delivery, size] = one;
        const text = `${nth} ${"x".repeat(size)}\n`;
        sent.push({ delivery, nth, taken: outbox.send(text, delivery) });
        // Beyond its room only what cannot wait, and one message.
        const answers = sent.filter((each) => each.delivery.kind === "answer").length;
        expect(bytes()).toBeLessThanOrEqual(MAX + (answers + 1) * 610);
      }
      await readAll();
      const came = lines()
        .filter((line) => /^\d/.test(line))
        .map((line) => Number(line.split(" ")[0]));
      const leftOut = lines()
        .filter((line) => line.startsWith("{"))
        .reduce((sum, line) => sum + Number(/"data":"(\d+) log/.exec(line)?.[1]), 0);
      const of = (wanted: DeliveryClass["kind"]) => sent.filter(({ delivery }) => delivery.kind === wanted);
      expect(came).toEqual([...came].sort((one, other) => one - other));
      for (const { nth } of of("answer")) expect(came).toContain(nth);
      for (const { nth, taken } of of("message")) expect(came.includes(nth)).toBe(taken);
      for (const { taken } of [...of("answer"), ...of("progress"), ...of("log")]) expect(taken).toBe(true);
      for (const about of ["list", "uri"]) {
        const last = of("state").findLast(
          ({ delivery, taken }) => taken && "about" in delivery && delivery.about === about,
        );
        if (last !== undefined) expect(came).toContain(last.nth);
      }
      expect(of("log").filter(({ nth }) => came.includes(nth)).length + leftOut).toBe(of("log").length);
      expect(bytes()).toBe(0);
    }),
    { numRuns: 300 },
  );
});

it("calls what waits for a message to leave, wherever it waited", async () => {
  const { outbox, readAll } = setUp();
  const left: string[] = [];
  outbox.send("a\n", { kind: "answer" }, () => left.push("a"));
  outbox.send(FILL, { kind: "message" });
  outbox.send("b\n", { kind: "answer" }, () => left.push("b"));
  expect(left).toEqual([]);
  await readAll();
  expect(left).toEqual(["a", "b"]);
});

it("forgets what waits when nobody reads any more", () => {
  const { outbox, bytes } = setUp();
  outbox.send(FILL, { kind: "message" });
  outbox.send("x\n", { kind: "answer" });
  expect(bytes()).toBe(2);
  outbox.clear();
  expect([bytes(), outbox.empty]).toEqual([0, true]);
});

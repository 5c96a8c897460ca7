import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Notification } from "../../src/core/call.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { openLegacyStream } from "../../src/upstream/http/legacy-stream.ts";
import { ListenSink } from "../../src/upstream/http/listen.ts";
import type { ReplySink, UpstreamResponse } from "../../src/upstream/http/response.ts";
import { createIntake, type Intake } from "../../src/upstream/messages/intake.ts";
import { Throttle } from "../../src/upstream/messages/throttle.ts";
import { Subscriptions } from "../../src/upstream/protocol/subscriptions.ts";
import { WEIGHT, weightOf } from "../../src/upstream/waiting/flood.ts";
import { recordingLog } from "../support/recording-log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const TICK_MS = 20;

function intakeOf(): Intake {
  return createIntake({ upstream: "up", log: recordingLog(), onFault: () => {} });
}

function bytesOf(message: Json): Buffer {
  return Buffer.from(JSON.stringify(message));
}

const SMALL = bytesOf({ jsonrpc: "2.0", method: "notifications/message", params: { level: "debug", data: "x" } });

/** A connection that is read unless it is paused. */
function connect(intake: Intake) {
  let paused = false;
  let pauses = 0;
  const connection = {
    pause() {
      paused = true;
      pauses++;
    },
    resume() {
      paused = false;
    },
  };
  const throttle = new Throttle(() => connection, intake, Date.now);
  return {
    pauses: () => pauses,
    /** How many of so many messages are read now. */
    say(count: number): number {
      let read = 0;
      while (read < count && !paused) {
        throttle.take(SMALL);
        read++;
      }
      return read;
    },
  };
}

describe("the connections of one server together", () => {
  const SECONDS = 20;
  const within = (burst: number, perSecond: number): number => (burst + perSecond * SECONDS) / weightOf(SMALL);

  it.each([1, 40, 250])("are read no faster than one (%s)", (count) => {
    const intake = intakeOf();
    const connections = Array.from({ length: count }, () => connect(intake));
    let read = 0;
    for (let ms = 0; ms < SECONDS * 1_000; ms += TICK_MS) {
      for (const connection of connections) read += connection.say(20_000 / count);
      vi.advanceTimersByTime(TICK_MS);
    }
    expect(read).toBeLessThan(within(WEIGHT.burst, WEIGHT.perSecond) * 1.1 + count * within(65_536, 2_048));
  });

  it("all have their turn, and one that says little is not held up by the others", () => {
    const intake = intakeOf();
    const loud = Array.from({ length: 40 }, () => ({ connection: connect(intake), read: 0 }));
    const quiet = connect(intake);
    let heard = 0;
    // Whoever may be read again says something before the next may.
    for (let ms = 0; ms < SECONDS * 1_000; ms++) {
      for (const one of loud) one.read += one.connection.say(100);
      if (ms % 200 === 0) heard += quiet.say(1);
      vi.advanceTimersByTime(1);
    }
    expect([heard, quiet.pauses()]).toEqual([SECONDS * 5, 0]);
    const reads = loud.map(({ read }) => read);
    expect(Math.min(...reads)).toBeGreaterThan(Math.max(...reads) / 2);
  });
});

describe("what is of no use comes out of the same allowance", () => {
  const noise = JSON.stringify({ jsonrpc: "2.0", neither: "x".repeat(1_000) });

  it.each<readonly [string, (intake: Intake, reply: UpstreamResponse) => ReplySink]>([
    [
      "on the stream of a legacy session",
      (intake, reply) => {
        let reading: ReplySink | undefined;
        openLegacyStream({
          intake,
          now: Date.now,
          open(_id, sink) {
            reading = sink;
            return reply;
          },
          delay: () => 1_000,
          onNotification() {},
          onRequest() {},
          onOddQuestion() {},
          onSessionLost() {},
          onFlood() {},
        });
        return reading as unknown as ReplySink;
      },
    ],
    [
      "on a subscription",
      (intake, reply) => {
        const handlers = { onAcknowledged() {}, onNotification() {}, onEnd() {} };
        const sink = new ListenSink(1, handlers, intake, Date.now);
        sink.attach(reply);
        return sink;
      },
    ],
  ])("%s", (_where, open) => {
    const intake = intakeOf();
    intake.allowance.spend(WEIGHT.burst);
    intake.allowance.spend(WEIGHT.burst);
    let pauses = 0;
    const reply = { pause: () => void pauses++, resume() {}, abort() {} } as unknown as UpstreamResponse;
    const sink = open(intake, reply);
    for (let nth = 0; nth < 100; nth++)
      sink.onEvent({ event: "message", data: noise, id: undefined, retryMs: undefined });
    expect(pauses).toBeGreaterThan(0);
  });
});

describe("updates of resources that many watch", () => {
  const LISTENERS = 250;

  async function watched(intake: Intake, uris: readonly string[]) {
    const told: JsonObject[] = [];
    const subscriptions = new Subscriptions(
      () => Promise.resolve({ ok: true }),
      () => {},
      intake,
    );
    for (const uri of uris) {
      for (let nth = 0; nth < LISTENERS; nth++) {
        await subscriptions.add(uri, ({ params }: Notification) => void told.push(params));
      }
    }
    const say = (uri: string, n: number): void =>
      subscriptions.updated({ method: "notifications/resources/updated", params: { uri, n } });
    return { told, say };
  }

  it("are told at once the first time, then as one where they follow closely, and the last is never lost", async () => {
    const { told, say } = await watched(intakeOf(), ["a://r"]);
    say("a://r", 0);
    expect(told).toHaveLength(LISTENERS);
    for (let n = 1; n <= 490; n++) {
      vi.advanceTimersByTime(2);
      say("a://r", n);
    }
    vi.advanceTimersByTime(1_000);
    expect(told.length).toBeLessThan(LISTENERS * 15);
    expect(told.at(-1)).toEqual({ uri: "a://r", n: 490 });
  });

  it("cost the server's allowance as if it had said them so often, and none is lost", async () => {
    const intake = intakeOf();
    const uris = Array.from({ length: 40 }, (_, nth) => `a://${nth}`);
    const { told, say } = await watched(intake, uris);
    const seconds = 20;
    let last = 0;
    for (let ms = 0; ms < seconds * 1_000; ms += TICK_MS) {
      last++;
      for (const uri of uris) say(uri, last);
      vi.advanceTimersByTime(TICK_MS);
    }
    const each = weightOf(bytesOf({ uri: "a://1", n: 1 }));
    expect(told.length).toBeLessThan(((WEIGHT.burst + WEIGHT.perSecond * seconds) / each) * 1.1);
    vi.advanceTimersByTime(60_000);
    const latest = new Map(told.map(({ uri, n }) => [uri, n]));
    expect([...latest.values()]).toEqual(uris.map(() => last));
  });
});

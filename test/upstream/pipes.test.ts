import { PassThrough, Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { createLastWords } from "../../src/upstream/process/last-words.ts";
import { createStderrLog } from "../../src/upstream/process/stderr-log.ts";
import { StdinQueue } from "../../src/upstream/process/stdin-queue.ts";
import { FLOOD_DETAIL } from "../../src/upstream/waiting/flood.ts";
import { recordingLog } from "../support/recording-log.ts";
import { nextEvent, nodeUpstream, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

/** A server that answers the handshake and then writes `line` to its output without end. */
const flooding = (line: string): string => `
  process.stdout.on("error", () => process.exit());
  const chunk = ${JSON.stringify(line)}.repeat(${Math.ceil(65_536 / line.length)});
  const flood = () => { if (process.stdout.write(chunk)) setImmediate(flood); else process.stdout.once("drain", flood); };
  require("readline").createInterface({ input: process.stdin }).on("line", (text) => {
    const { id, method } = JSON.parse(text);
    if (id === undefined) return;
    const result = method === "initialize"
      ? { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "f", version: "1" } }
      : {};
    console.log(JSON.stringify({ jsonrpc: "2.0", id, result }));
    if (method === "initialize") setTimeout(flood, 300);
  });`;

it.each(["\n", " \r\n", "{\n", "garbage\n", '{"jsonrpc":"2.0","id":999999,"result":{}}\n'])(
  "a server whose output never ends is closed: %j",
  async (line) => {
    const upstreams = closing(startUpstreams([nodeUpstream("up", ["-e", flooding(line)], { era: "legacy" })]));
    const lost = nextEvent(upstreams, (event) => event.kind === "state" && event.status.state !== "ready");
    const up = await upstreamIn(upstreams, "up");
    await lost;
    expect(JSON.stringify(up.status())).toContain(FLOOD_DETAIL);
  },
);

it("what is written to stderr without end is thrown away, and the pipe rests", async () => {
  const log = recordingLog();
  let time = 0;
  const pipe = new PassThrough();
  const words = createLastWords((text) => text);
  const { take } = createStderrLog(pipe, { upstream: "up", log, now: () => time, words });
  take(Buffer.from("first\n\nhalf"));
  for (let count = 0; count < 100; count++) take(Buffer.alloc(65_536, "\n"));
  expect(pipe.isPaused()).toBe(true);
  time += 11_000;
  take(Buffer.from("later\n"));
  const lines = log.lines.map((line) => JSON.stringify(line)).join("\n");
  for (const text of ["first", "half", "later", "Lines of an upstream's stderr were left out."])
    expect(lines).toContain(text);
  await expect.poll(() => pipe.isPaused()).toBe(false);
});

describe("lines for a process that does not read", () => {
  const megabytes = (count: number, fill = "x"): string => fill.repeat(count * 1024 * 1024);

  /** A pipe that takes nothing until it is told to, and what it took then. */
  function stuck() {
    const got: string[] = [];
    let go: (() => void) | undefined;
    const open = new Promise<void>((resolve) => {
      go = resolve;
    });
    const pipe = new Writable({
      write(chunk: Buffer, _encoding, done) {
        void open.then(() => {
          got.push(chunk.toString("utf8").slice(0, 3));
          done();
        });
      },
    });
    return { pipe, got, read: () => go?.() };
  }

  it("wait in their order, up to a bound, and those that nobody wants any more do not", async () => {
    const { pipe, got, read } = stuck();
    const queue = new StdinQueue(pipe);
    const always = () => true;
    let wanted = true;
    const sent = [queue.send(megabytes(20, "a"), always), queue.send(megabytes(8, "b"), always)];
    sent.push(queue.send(megabytes(8, "c"), () => wanted));
    expect(await queue.send("d", always)).toBe("full");
    wanted = false;
    sent.push(queue.send("ddd", always));
    read();
    expect(await Promise.all(sent)).toEqual(["sent", "sent", "sent", "sent"]);
    expect(got).toEqual(["aaa", "bbb", "ddd"]);
  });

  it("are given back when the input closes", async () => {
    const { pipe } = stuck();
    const queue = new StdinQueue(pipe);
    void queue.send(megabytes(1), () => true).catch(() => {});
    const waiting = queue.send("x", () => true);
    pipe.destroy();
    await expect(waiting).rejects.toThrow();
  });
});

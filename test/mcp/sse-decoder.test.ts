import { expect, it } from "vitest";
import { createSseDecoder, type SseEvent } from "../../src/mcp/sse.ts";

const STREAM =
  "id: 1\r\nretry: 5\r\ndata: a\r\ndata: b\r\n\r\n: c\n\ndata: x\r\rdata: é\n\nevent: foo\ndata: {}\n\ndata:tail\n\n";

function decode(bytes: Buffer, size: number, maxBytes = 1_000): { events: SseEvent[]; ok: boolean } {
  const events: SseEvent[] = [];
  const decoder = createSseDecoder({ maxBytes, onEvent: (event) => events.push(event) });
  for (let at = 0; at < bytes.length; at += size) {
    if (!decoder.push(bytes.subarray(at, at + size))) return { events, ok: false };
  }
  return { events, ok: true };
}

it.each([1, 2, 3, 5, 7, 11, 1_000])(
  "reads the same events from chunks of %i bytes, whatever ends the lines",
  (size) => {
    const { events, ok } = decode(Buffer.from(STREAM), size, 8_000);
    expect(ok).toBe(true);
    expect(events.map(({ event, data }) => [event, data])).toEqual([
      ["message", "a\nb"],
      ["message", "x"],
      ["message", "é"],
      ["foo", "{}"],
      ["message", "tail"],
    ]);
    expect(events[0]).toMatchObject({ id: "1", retryMs: 5 });
  },
);

it("bears ids without data for a while, and nothing but them no longer", () => {
  const priming = (events: number) => decode(Buffer.from("id: 1\ndata: \n\n".repeat(events)), 1_000);
  expect(priming(10).ok).toBe(true);
  expect(priming(30).ok).toBe(false);
});

it("bears comments for as long as events come", () => {
  const text = `${": keep-alive\n".repeat(20)}data: x\n\n`.repeat(20);
  const { events, ok } = decode(Buffer.from(text), 100);
  expect(ok).toBe(true);
  expect(events).toHaveLength(20);
});

it.each([
  ["one endless line", `data: ${"x".repeat(200)}`],
  ["many lines of one event", "data: 0123456789\n".repeat(20)],
  ["many empty lines of data", "data\n".repeat(10)],
  ["comments without end", ": keep-alive\n".repeat(10)],
  ["blank lines without end", "\n".repeat(10)],
  ["carriage returns without end", "\r".repeat(10)],
])("refuses an event beyond the limit: %s", (_name, text) => {
  expect(decode(Buffer.from(text), 1_000, 100)).toEqual({ events: [], ok: false });
});

it("weighs each chunk, so that one byte at a time is no way around the limit", () => {
  const text = "data: 0123456789\n\n";
  expect(decode(Buffer.from(text.repeat(50)), 1, 2_000)).toMatchObject({ ok: true });
  expect(decode(Buffer.from(`data: ${"x".repeat(50)}`), 1, 2_000)).toEqual({ events: [], ok: false });
});

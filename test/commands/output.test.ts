import { PassThrough, Writable } from "node:stream";
import { expect, it } from "vitest";
import { painter, plainText, print } from "../../src/commands/terminal/output.ts";

async function* texts(count: number): AsyncGenerator<string> {
  for (let index = 0; index < count; index++) yield `${index} ${"x".repeat(1_000)}\n`;
}

function failing(code: string, after: number): Writable {
  let left = after;
  return new Writable({
    write(_chunk, _encoding, done) {
      left -= 1;
      done(left < 0 ? Object.assign(new Error(code), { code }) : null);
    },
  });
}

it("everything reaches a reader that is slower than the writer, in order", async () => {
  const output = new PassThrough({ highWaterMark: 100 });
  let read = "";
  output.on("data", (chunk: Buffer) => {
    read += chunk.toString("utf8");
    output.pause();
    setImmediate(() => output.resume());
  });
  expect(await print(output, texts(200))).toBe(true);
  expect(read.match(/^\d+/gm)).toEqual(Array.from({ length: 200 }, (_, index) => String(index)));
});

it.each([0, 1, 5])("a reader that goes away after %d writes ends the printing without a fault", async (after) => {
  expect(await print(failing("EPIPE", after), texts(10))).toBe(false);
});

it("a reader that goes away at the only write is no fault either", async () => {
  expect(await print(failing("EPIPE", 0), texts(1))).toBe(false);
});

it("any other trouble of the stream is a fault", async () => {
  await expect(print(failing("ENOSPC", 2), texts(10))).rejects.toMatchObject({ code: "ENOSPC" });
});

it.each([
  ["a\u001b[31mb", "a\\u{1b}[31mb"],
  ["one\ntwo\r", "one\\u{a}two\\u{d}"],
  ["\u202egnp.exe", "\\u{202e}gnp.exe"],
  ["zero\u200bwidth\u2028", "zero\\u{200b}width\\u{2028}"],
  ["Größe 😀 日本", "Größe 😀 日本"],
])("%j is shown as %s", (text, shown) => {
  expect(plainText(text)).toBe(shown);
});

it("colours show only where they are wanted", () => {
  expect(painter(true)("red", "no")).toBe("\u001b[31mno\u001b[0m");
  expect(painter(false)("red", "no")).toBe("no");
});

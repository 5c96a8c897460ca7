import { expect, it } from "vitest";
import { createLineReader } from "../../src/downstream/stdio/lines.ts";

it("counts bytes and not characters, so that no alphabet gets more room than another", () => {
  const heard: string[] = [];
  const read = createLineReader({
    maxBytes: 300,
    onLine: (line) => heard.push(line),
    onTooLong: () => heard.push("too long"),
  });
  read(Buffer.from(`${"語".repeat(100)}\n${"語".repeat(101)}\n${"x".repeat(300)}\n`));
  expect(heard).toEqual(["語".repeat(100), "too long", "x".repeat(300)]);
});

import { describe, expect, it } from "vitest";
import { createMask } from "../../src/upstream/link/mask.ts";

const SECRET = "s3cr+t/päss-w0rd [x]";

const mask = createMask({ kind: "stdio", command: "x", args: [], env: { DB_PASSWORD: SECRET }, cwd: undefined });

const base64 = (text: string) => Buffer.from(text).toString("base64");

describe("what a program says of its secrets", () => {
  it.each([
    ["as it stands", SECRET],
    ["in upper case", SECRET.toUpperCase()],
    ["in lower case", SECRET.toLowerCase()],
    ["as a part of a URL", `postgres://app:${encodeURIComponent(SECRET)}@db/x`],
    ["as a value of a form", new URLSearchParams({ p: SECRET }).toString().slice(2)],
    ["with per cent signs in lower case", encodeURIComponent(SECRET).toLowerCase()],
    ["in base64", base64(SECRET)],
    ["behind one byte in base64", base64(`:${SECRET}`)],
    ["behind a name in base64, as in Basic", base64(`app:${SECRET}`)],
    ["between others in base64", base64(`user=app;password=${SECRET};host=db`)],
    ["in base64url", Buffer.from(`ü:${SECRET}`).toString("base64url")],
    ["in hex", Buffer.from(SECRET).toString("hex")],
    ["in hex, upper case", Buffer.from(SECRET).toString("hex").toUpperCase()],
    ["as a text of JSON", JSON.stringify('s3cr"t\\pass')],
  ])("is not told %s", (_, text) => {
    const said = createMask({
      kind: "stdio",
      command: "x",
      args: [],
      env: { A: SECRET, B: 's3cr"t\\pass' },
      cwd: undefined,
    })(`before ${text} behind`);
    expect(said).toMatch(/^before .*\[…\].* behind$/);
    // What is left beside the mark is no more than what stood around it.
    expect(said.replace("[…]", "").length).toBeLessThan(70);
    for (const form of [
      SECRET,
      encodeURIComponent(SECRET),
      base64(SECRET).slice(0, -4),
      Buffer.from(SECRET).toString("hex"),
    ])
      expect(said).not.toContain(form);
  });

  it("leaves everything else", () => {
    const text = `connected to db.example.com as app ${base64("hello world")}`;
    expect(mask(text)).toBe(text);
  });
});

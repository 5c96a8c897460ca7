import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/json.ts";
import { redactResult } from "../../src/redaction/redact.ts";
import { hash, redacted, rule } from "./helpers.ts";

const SPELLINGS = ["secret", "Secret", "SECRET", "ſecret", "ｓｅｃｒｅｔ", "sec\u200bret", "\u00adsecret", "ⓢecret"];

/** Ways by which a path names a member, with a value in which it stands under this name. */
const WAYS: readonly (readonly [string, (name: string) => Json])[] = [
  ["$.secret", (name) => ({ [name]: "x1" })],
  ["$['secret']", (name) => ({ [name]: "x1" })],
  ["$.SECRET", (name) => ({ [name]: "x1" })],
  ["$['ſecret']", (name) => ({ [name]: "x1" })],
  ["$['a', 'secret']", (name) => ({ [name]: "x1" })],
  ["$.*.secret", (name) => ({ a: { [name]: "x1" } })],
  ["$.rows[*].secret", (name) => ({ rows: [{ [name]: "x1" }] })],
  ["$.rows[0].secret", (name) => ({ rows: [{ [name]: "x1" }] })],
  ["$.rows[0:1].secret", (name) => ({ rows: [{ [name]: "x1" }] })],
  ["$.secret.inner", (name) => ({ [name]: { inner: "x1" } })],
  ["$.secret[*]", (name) => ({ [name]: ["x1"] })],
  ["$..secret", (name) => ({ a: [{ b: { [name]: "x1" } }] })],
  ["$..['secret']", (name) => ({ a: [{ b: { [name]: "x1" } }] })],
  ["$.rows[?@.secret]", (name) => ({ rows: [{ [name]: "x1" }] })],
  ["$.rows[?@.secret == 'x1'].note", (name) => ({ rows: [{ [name]: "x1", note: "x1" }] })],
  ["$.rows[?@.a.secret == $.secret].note", (name) => ({ [name]: 1, rows: [{ a: { [name]: 1 }, note: "x1" }] })],
  ["$.rows[?length(@.secret) == 2].note", (name) => ({ rows: [{ [name]: "x1", note: "x1" }] })],
  ["$.rows[?count(@.secret) == 1].note", (name) => ({ rows: [{ [name]: "x1", note: "x1" }] })],
  ["$.rows[?@..secret]", (name) => ({ rows: [{ a: [{ [name]: "x1" }] }] })],
];
const cases = WAYS.flatMap(([path, value]) => SPELLINGS.map((name) => [path, name, value(name)] as const));

describe("a member that a path names, however the server spells it", () => {
  it.each(cases)("%s finds %j", (path, _name, value) => {
    const paths = rule({ paths: [path] });
    const { result, found } = redacted({ structuredContent: value }, paths);
    expect(found).toEqual({ path: 1 });
    expect(result).not.toEqual({ structuredContent: value });
    const text = redacted({ content: [{ type: "text", text: JSON.stringify(value) }] }, paths);
    expect(text.found).toEqual({ path: 1 });
    expect(JSON.parse(JSON.stringify(text.result)).content[0].text).toBe(JSON.stringify(result["structuredContent"]));
  });

  it("is found under all of its spellings at once, also in an object of many members", () => {
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`Field${index}`, index]));
    for (const others of [{}, many]) {
      const value = { ...others, ...Object.fromEntries(SPELLINGS.map((name) => [name, "x1"])) };
      const { result } = redacted({ structuredContent: value }, rule({ paths: ["$.secret"], with: "drop" }));
      expect(result).toEqual({ structuredContent: others });
    }
  });

  it("is not any other member", () => {
    const value = { secrets: 1, ecret: 1, "secret ": 1, se: { cret: 1 }, sécret: 1, list: ["secret"] };
    expect(
      redacted({ structuredContent: value }, rule({ paths: ["$.secret", "$..secret", "$.list.secret"] })).found,
    ).toEqual({});
  });
});

describe("a filter whose name is there in two spellings", () => {
  it.each([
    "$.rows[?@.kind == 'k'].v",
    "$.rows[?!(@.kind == 'j')].v",
    "$.rows[?!@.kind].v",
    "$.rows[?!(@.in[?@.kind == 'x'])].v",
  ])("takes out what stands behind it: %s", (path) => {
    const both = { kind: "j", Kind: "k" };
    const value = { rows: [{ ...both, in: [both], v: "x1" }] };
    expect(redacted({ structuredContent: value }, rule({ paths: [path] })).found).toEqual({ path: 1 });
  });
});

describe("names that cannot be compared", () => {
  const value = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`${"é".repeat(200)}${index}`, 1]));
  const endless = { ["é".repeat(300)]: 1 };

  it("withhold a result that paths look into", () => {
    for (const it of [value, endless]) {
      const outcome = redactResult("tool", { structuredContent: it }, [rule({ paths: ["$.secret"] })], hash);
      expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining("names") });
    }
  });

  it("do not where a path passes them by, or where there are none", () => {
    expect(redactResult("tool", { structuredContent: { a: endless } }, [rule({ paths: ["$.secret"] })], hash).ok).toBe(
      true,
    );
    expect(redactResult("tool", { structuredContent: endless }, [rule({ detect: ["email"] })], hash).ok).toBe(true);
  });
});

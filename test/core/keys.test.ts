import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold } from "../../src/core/fold.ts";
import { findAmbiguousKey } from "../../src/core/keys.ts";

const CODE_POINTS = Array.from({ length: 0x110000 }, (_, code) => code).filter((c) => c < 0xd800 || c > 0xdfff);

/** Every letter that has another case, as one text. */
const CASED = CODE_POINTS.map((code) => String.fromCodePoint(code)).filter(
  (char) => char.toLowerCase() !== char || char.toUpperCase() !== char,
);

describe("the folded form of a key", () => {
  // `iu` compares by simple case folding, as Go's bytes.EqualFold does.
  it("is one for all letters that simple case folding takes for one", () => {
    const all = CASED.join("");
    for (const char of CASED) {
      const pattern = new RegExp(`\\u{${char.codePointAt(0)?.toString(16)}}`, "giu");
      for (const [equal] of all.matchAll(pattern)) expect(fold(equal), `${char} and ${equal}`).toBe(fold(char));
    }
  });

  // .NET's OrdinalIgnoreCase compares capitals of single code points, Java's equalsIgnoreCase small letters of those.
  it("is one for a letter, its capital and its small letter", () => {
    for (const char of CASED) {
      const forms = [char.toLowerCase(), char.toUpperCase()].filter((form) => [...form].length === 1);
      for (const form of forms) expect(fold(form), char).toBe(fold(char));
    }
  });

  it("is one for a character and its compatibility form", () => {
    for (const code of CODE_POINTS) {
      const char = String.fromCodePoint(code);
      const form = char.normalize("NFKC");
      if (form !== char) expect(fold(form), code.toString(16)).toBe(fold(char));
    }
  });

  it("is stable", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 12 }), (key) => {
        expect(fold(fold(key))).toBe(fold(key));
      }),
    );
  });

  it.each([
    ["Amount", "amount"],
    ["argumentſ", "arguments"],
    ["\u212Aey", "key"],
    ["İd", "id"],
    ["ıd", "id"],
    ["i\u0307d", "id"],
    ["name\u0000", "name"],
    ["na\u200Bme", "name"],
    ["na\u00ADme", "name"],
    ["name\uFE0F", "name"],
    ["name\u{E0061}", "name"],
    ["na\u202Eme", "name"],
    ["\uFEFFname", "name"],
    ["ｎａｍｅ", "name"],
    ["ΑΣ", "ας"],
    ["straße", "STRASSE"],
    ["e\u200B\u0301", "É"],
    ["a\uD800", "a\uDFFF"],
    ["a\uD800", "a\uFFFD"],
    ["ﬁle", "FILE"],
    ["\u2160", "i"],
  ])("is one for %j and %j", (one, other) => {
    expect(fold(one)).toBe(fold(other));
  });

  it.each([
    ["user_id", "userid"],
    ["a", "а"],
    ["first name", "firstname"],
    ["x-a", "x_a"],
    ["0", "o"],
  ])("is not one for %j and %j", (one, other) => {
    expect(fold(one)).not.toBe(fold(other));
  });
});

describe("an object with keys that could be taken for one", () => {
  it.each([
    [{ amount: 1, Amount: 2 }, "$"],
    [{ AMOUNT: 1, Amount: 2 }, "$"],
    [{ Amount: 1, amount: 2 }, "$"],
    [{ a: [{}, { b: { key: 1, "\u212Aey": 2 } }] }, "$.a[1].b"],
    [{ "secret data": { x: 1, X: 2 } }, "$[?]"],
    [{ name: 1, "name\u0000": 2 }, "$"],
    [{ "name\u0000": 2 }, "$"],
    [{ "name\u0000junk": 2, name: 1 }, "$"],
    [{ ["é".repeat(2000)]: 1 }, "$"],
    [[[{ x: 1, X: 1 }]], "$[0][0]"],
  ])("%j is found at %s", (value, path) => {
    expect(findAmbiguousKey(value, "$")).toBe(path);
  });

  it.each([
    [{ amount: 1, Amounts: 2, userId: 3, user_id: 4 }],
    [{ Größe: 1, größer: 2, 名前: 3 }],
    [{ README: 1, "readme.md": 2 }],
    [{ a: { Amount: 1 }, b: { amount: 1 } }],
    [["x", "X"]],
    [null],
    ["x"],
  ])("%j is clear", (value) => {
    expect(findAmbiguousKey(value, "$")).toBeUndefined();
  });

  it("is taken for one where it has more names than can be compared, and rows of the same names count once", () => {
    const wide = Object.fromEntries(Array.from({ length: 10_001 }, (_, index) => [`é${index}`, 0]));
    expect(findAmbiguousKey({ rows: [wide] }, "$")).toBe("$.rows[0]");
    expect(
      findAmbiguousKey(
        Array.from({ length: 20_000 }, () => ({ 名前: 1, größe: 2 })),
        "$",
      ),
    ).toBeUndefined();
  });

  it.each([
    ["one that is long", { [`é${"a".repeat(256)}`]: 0 }],
    [
      "many that stand for eighteen characters each",
      Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`${"\uFDFA".repeat(100)}${n}`, 0])),
    ],
    [
      "many with marks",
      Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`a${"\u0323\u0301".repeat(50)}${n}`, 0])),
    ],
  ])("is taken for one where folding it would take long: %s", (_what, value) => {
    expect(findAmbiguousKey(value, "$")).toBe("$");
  });

  it("is found wherever a reader that ignores case would read another value", () => {
    const key = fc.oneof(
      fc.constantFrom("a", "A", "k", "\u212A", "s", "ſ", "a\u200B", "i", "İ", "ß", "ss"),
      fc.string(),
    );
    const value = fc.letrec((tie) => ({
      node: fc.oneof({ maxDepth: 3 }, fc.integer(), fc.array(tie("node"), { maxLength: 3 }), tie("object")),
      object: fc.dictionary(key, tie("node"), { maxKeys: 5 }),
    })).object;
    fc.assert(
      fc.property(value, (object) => {
        if (findAmbiguousKey(object as never, "$") !== undefined) return;
        const check = (node: unknown): void => {
          if (typeof node !== "object" || node === null) return;
          if (!Array.isArray(node)) {
            const forms = Object.keys(node).map((name) => name.normalize("NFKC").toUpperCase().toLowerCase());
            expect(new Set(forms).size).toBe(forms.length);
          }
          for (const child of Object.values(node)) check(child);
        };
        check(object);
      }),
    );
  });
});

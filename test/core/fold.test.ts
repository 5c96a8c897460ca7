import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fold } from "../../src/core/fold.ts";

describe("a text that is compared", () => {
  it.each([
    ["upper case", "ANN@ACME.COM"],
    ["full-width letters", "ａｎｎ@acme.com"],
    ["mathematical letters", "𝐚𝐧𝐧@acme.com"],
    ["a zero-width space behind", "ann@acme.com\u200b"],
    ["a soft hyphen inside", "an\u00adn@acme.com"],
    ["a mark of direction", "\u202eann@acme.com"],
    ["NUL", "ann@acme.com\u0000"],
    ["a tag character", "ann@acme.com\u{e0041}"],
    ["a variation selector", "ann\ufe0f@acme.com"],
  ])("is the same with %s", (_what, spelt) => {
    expect(fold(spelt)).toBe("ann@acme.com");
  });

  it.each([
    ["a long s", "argument\u017f", "arguments"],
    ["the Kelvin sign", "\u212aey", "key"],
    ["a sharp s", "Stra\u00dfe", "STRASSE"],
    ["a dotless i", "\u0131d", "ID"],
    ["a decomposed accent", "cafe\u0301", "CAF\u00c9"],
    ["a final sigma", "\u03b1\u03c2", "\u0391\u03a3"],
    ["a ligature", "of\ufb01ce", "office"],
  ])("is the same with %s", (_what, one, other) => {
    expect(fold(one)).toBe(fold(other));
  });

  it("stays another one where a reader sees another one", () => {
    const texts = ["ann@acme.com", "ann@acme.co", "anna@acme.com", "a nn@acme.com", "\u0430nn@acme.com"];
    expect(new Set(texts.map(fold)).size).toBe(texts.length);
  });

  it("is folded once and for all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(fold(fold(text))).toBe(fold(text));
      }),
    );
  });

  it("is the same in upper and in lower case", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(fold(text.toUpperCase())).toBe(fold(text));
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText } from "../../src/commands/terminal/output.ts";
import { harmless } from "../../src/console/harmless.ts";
import { asCodePoint, asEscape, asReplacement, cut, escapeForDisplay } from "../../src/core/display.ts";
import { renderValue } from "../../src/policy/cel/template.ts";
import { sourceExcerpt } from "../../src/policy/file/source-excerpt.ts";
import { createLastWords } from "../../src/upstream/process/last-words.ts";

/** Characters that hide, turn, break lines or speak to a terminal, a kind each. */
const UNSEEN: Readonly<Record<string, string>> = {
  "a control": "\u001b",
  "a C1 control": "\u009b",
  "a null": "\u0000",
  "a turn of direction": "\u202e",
  "an isolate": "\u2066",
  "a joiner": "\u200d",
  "a blank of no width": "\u200b",
  "a soft hyphen": "\u00ad",
  "a line separator": "\u2028",
  "a paragraph separator": "\u2029",
  "half a character": "\ud800",
  "a private one": "\ue000",
  "one that is none": "\uffff",
  "a tag": "\u{e0041}",
  "a selector": "\ufe0f",
  "a supplementary selector": "\u{e0101}",
  "a Hangul filler": "\u3164",
  "a braille blank": "\u2800",
};

describe.each(Object.entries(UNSEEN))("%s", (_name, character) => {
  it.each([asCodePoint, asEscape, asReplacement])("is shown as a mark", (style) => {
    expect(escapeForDisplay(`a${character}b`, style)).toBe(`a${style(character)}b`);
  });

  it.each<[string, (text: string) => string]>([
    ["a terminal", plainText],
    ["the console", (text) => harmless(text).text],
    ["what a policy says", renderValue],
    ["a policy file", (text) => sourceExcerpt({ file: "a", line: 1, column: 1, message: "", hint: undefined }, [text])],
    ["a program's last words", (text) => createLastWords((same) => same).stderr(text)],
  ])("is not on its own in %s", (_where, show) => {
    expect(show(`a${character}b`)).not.toContain(character);
  });
});

describe("what is shown", () => {
  it("keeps what people write: letters, marks, pictures, blanks", () => {
    const honest = "Grüße, привет, שלום, 你好, a\u0301, ☎️ 10\u00a0000 €";
    expect(escapeForDisplay(honest, asEscape)).toBe(honest);
  });

  it("has nothing left to mark, whatever there was, and is as wide where columns count", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = escapeForDisplay(text, asReplacement);
        expect(escapeForDisplay(shown, asReplacement)).toBe(shown);
        expect(shown).toHaveLength(text.length);
      }),
    );
  });
});

describe("a text that is too long", () => {
  it("ends with an ellipsis, and never with half a character", () => {
    expect(cut("abc", 3)).toBe("abc");
    expect(cut("abcd", 3)).toBe("abc…");
    expect(cut("ab😀d", 3)).toBe("ab…");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, max) => {
        const short = cut(text, max);
        expect(short).toBe(Buffer.from(short).toString());
        expect(short.length).toBeLessThanOrEqual(max + 1);
      }),
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanText } from "../../../src/console/values/scan-text.ts";

/** A text with its marks written out: `<kind code×times>`. */
function shown(text: string): string {
  return scanText(text)
    .map(({ mark, ...run }) => {
      if (mark === undefined) return run.text;
      const code = (run.text.codePointAt(0) ?? 0).toString(16);
      return `<${mark} ${code}${"times" in run && run.times > 1 ? `×${run.times}` : ""}>`;
    })
    .join("");
}

describe("what stands out in a text", () => {
  it.each<[what: string, text: string, expected: string]>([
    ["a right-to-left override", "pay \u202Eelgooh\u202C now", "pay <direction 202e>elgooh<direction 202c> now"],
    ["an isolate and an Arabic letter mark", "a\u2066b\u061c", "a<direction 2066>b<direction 61c>"],
    ["zero-width spaces, as one mark", "x\u200b\u200b\u200by", "x<invisible 200b×3>y"],
    ["a joiner between Latin letters", "a\u200db", "a<invisible 200d>b"],
    ["a soft hyphen and a byte order mark", "\ufeffa\u00adb", "<invisible feff>a<invisible ad>b"],
    ["a Hangul filler and a braille blank", "\u3164\u2800", "<invisible 3164><invisible 2800>"],
    ["text in tag characters", "a\u{e0041}\u{e0042}", "a<invisible e0041><invisible e0042>"],
    ["a variation selector on a letter", "a\ufe0fb", "a<invisible fe0f>b"],
    ["terminal escapes", "\u001b[31mred\u0007", "<control 1b>[31mred<control 7>"],
    ["a carriage return that would go back", "safe\rbad", "safe<control d>bad"],
    ["a line separator", "a\u2028b", "a<control 2028>b"],
    ["spaces of other widths", "1\u00a0000\u3000x", "1<space a0>000<space 3000>x"],
    ["half a pair, private use, unassigned", "\ud800 \ue000 \u0378", "<broken d800> <broken e000> <broken 378>"],
    ["marks piled on a letter", `a${"\u0301".repeat(9)}b`, "a\u0301\u0301\u0301\u0301<stacked 301×5>b"],
    ["a Cyrillic letter in a Latin word", "p\u0430ypal", "p<lookalike 430>ypal"],
    ["a Latin letter in a Russian word", "мoсква", "м<lookalike 6f>сква"],
    [
      "a word of nothing but lookalikes",
      "\u0441\u043e\u0440\u0443",
      "<lookalike 441><lookalike 43e><lookalike 440><lookalike 443>",
    ],
    ["letters of full width and of mathematics", "\uff21 \u{1d41a}", "<lookalike ff21> <lookalike 1d41a>"],
    ["a hole among the letters of mathematics", "\u{1d506}", "<broken 1d506>"],
    ["a slash that is none", "acme.com\u2215x", "acme.com<lookalike 2215>x"],
  ])("%s", (_, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it.each<[what: string, text: string]>([
    ["English with line feeds and tabs", "one\r\ntwo\n\tthree"],
    ["markup", '<script>alert("x")</script>'],
    ["German, French, Polish, Turkish", "Größe, façade, żółw, ığdır"],
    ["letters with marks of their own", "e\u0301 a\u0323\u0302"],
    ["Russian, with a word that could be Latin", "Это хор, сор и мир"],
    ["Greek, Arabic, Hebrew, Hindi, Chinese, Japanese, Korean", "Ελλάδα مرحبا שלום हिन्दी 中文 日本語 한국어"],
    ["Persian with its joiners", "می\u200cخواهم"],
    ["emoji with joiners, selectors and skin", "👩‍💻 ❤️ 👍🏽 1️⃣"],
    ["nothing", ""],
  ])("nothing in %s", (_, text) => {
    expect(shown(text)).toBe(text);
  });

  it("loses no character, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        const runs = scanText(text);
        expect(runs.map((run) => (run.mark === undefined ? run.text : run.text.repeat(run.times))).join("")).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});

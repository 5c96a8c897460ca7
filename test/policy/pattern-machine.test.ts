import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { makeMachine } from "../../src/policy/patterns/pattern-machine.ts";
import { createPatterns } from "../../src/policy/patterns/patterns.ts";

const MOST = 300_000;
const LIMITS = { maxCharacters: 1_000, maxPatterns: 1_000, maxProgram: 20_000 };

// Patterns of few letters, so that texts of the same letters often fit.
const { pattern } = fc.letrec<{ pattern: string; atom: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    tie("atom"),
    fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => left + right),
    fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => `(?:${left}|${right})`),
    fc.tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{0,9}")).map(([it, n]) => `(?:${it})${n}`),
    tie("pattern").map((inner) => `(?i:${inner})`),
  ),
  atom: fc.constantFrom(
    "a",
    "b",
    "k",
    "é",
    "𐐀",
    " ",
    "\\n",
    ".",
    "[ab]",
    "[^a]",
    "\\b",
    "\\B",
    "\\d",
    "\\w",
    "\\pL",
    "^",
    "$",
  ),
}));
const text = fc.array(fc.constantFrom("a", "b", "k", "K", "\u212a", "é", "É", "𐐀", "𐐨", "\ud801", " ", "\n", "7"), {
  maxLength: 30,
});
const texts = fc.array(text, { minLength: 1, maxLength: 5 }).map((all) => all.map((parts) => parts.join("")));

describe("a machine that was made ahead", () => {
  it("finds what RE2 finds without one", () => {
    fc.assert(
      fc.property(pattern, texts, (source, given) => {
        const [made, plain] = [MOST, 0].map((maxMachine) => createPatterns({ ...LIMITS, maxMachine }));
        if (made?.add(source).ok !== true || plain?.add(source).ok !== true) return;
        expect(given.map((it) => made.test(it, source))).toEqual(given.map((it) => plain.test(it, source)));
      }),
      { numRuns: 500 },
    );
  });

  it("has nearly all states that texts lead to", () => {
    fc.assert(
      fc.property(pattern, texts, (source, given) => {
        const expression = RE2JS.compile(source);
        if (!makeMachine(expression, MOST)) return;
        const { dfa } = expression.re2Input;
        const before = dfa.stateCount;
        for (const it of given) expression.test(it);
        // The library does not tell the character before a line's end from others of its kind.
        expect(dfa.stateCount).toBeLessThanOrEqual(2 * before);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ["drop", 1],
    ["(?i)drop.*table", 1],
    ["^release/[0-9]+$", 1],
    ["^[a-z0-9._%+-]{1,64}@acme\\.com$", 1],
    ["\\b[A-Z]{2}\\d{2}[A-Z0-9]{11,30}\\b", 1],
    ["(?i)\\b(?:password|secret|api[_-]?key)\\b\\s*[:=]", 1],
    ["\\pL+\\d", 1],
    ["a[ab]{12}$", 16],
    ["(?:a|b)*a(?:a|b){60}[xy]", 66],
    ["a[ab]{900}[xy]", 904],
  ])("is there where it is small, and otherwise each instruction counts: %s", (source, weight) => {
    const patterns = createPatterns({ ...LIMITS, maxMachine: MOST });
    expect(patterns.add(source).ok).toBe(true);
    expect(patterns.weight(source)).toBe(weight);
  });
});

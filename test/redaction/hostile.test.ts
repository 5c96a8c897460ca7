import { describe, expect, it } from "vitest";
import { DETECTORS } from "../../src/redaction/redaction.ts";
import { redactedText, rule } from "./helpers.ts";

/*
 * Texts that would take hours, or the whole stack, if a pattern looked at anything twice as often in a text twice as
 * long. At this size such a pattern does not end within the test's time.
 */

const SIZE = 1_000_000;
// What takes stack for each character runs out of it here.
const LONG = 10_000_000;
const of = (unit: string, size = SIZE): string => unit.repeat(size / unit.length);
const everything = rule({ detect: [...DETECTORS] });

describe("every detector comes to an end", () => {
  it.each([
    ...["1", "1 ", "4 ", "1.", "a@", "@", "a", "a.", "@a.", "+1 ", "+", "+1(", "01 ", "(555) ", "212-", "DE", "DE89 "],
    ...["123-", "ssn ", "eyJ", "eyJ.", "eyJaaaaaaaa.", "-", "-----BEGIN ", "-----BEGIN A PRIVATE KEY", "sk-", "sk-."],
    ...[
      "AKIA",
      "secret key = ",
      "abc8Q~",
      "?sig=",
      "\u200b",
      "\uff11",
      "\\u0040",
      "&#64;",
      "%40",
      '{"a":',
      "[",
      "\ud800",
    ],
  ])("on %j, over and over", (unit) => {
    expect(String(redactedText(of(unit), everything)).length).toBeGreaterThan(0);
  });

  it.each([
    ...["sk-1", "AccountKey=", "?sig=", "hooks.slack.com/services/", "AGE-SECRET-KEY-", "-----BEGIN PRIVATE KEY-----"],
    ...["eyJhbGciOiJub25lIn0.e30."],
  ])("on %j with no end", (begin) => {
    expect(String(redactedText(begin + of("A", LONG), everything))).toMatch(/\[redacted:\w+\]$/);
  });

  it.each(["eyJ", "sk-", "."])("on %j, very often", (unit) => {
    const text = of(unit, LONG);
    expect(redactedText(text, everything)).toBe(text);
  });

  it.each(["a@", "+1", "DE89", "0", "ssn", "4"])("on %j and nothing but spaces after it", (begin) => {
    const text = begin + of(" ");
    expect(redactedText(text, everything)).toBe(text);
  });
});

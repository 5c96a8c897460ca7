import type { Span } from "../../redaction/detect/span.ts";
import { withoutSpans } from "./values.ts";

/*
 * Codes that are good once, in the sentences that carry them: `Your verification code is 123456`.
 */

const KIND =
  "(?:2[ -]?fa|mfa|[ht]?otp|verification|verify|authenticat(?:ion|or)|security|login|log-in|sign-?in|confirmation|one[- ]?time|access|recovery|backup|sms)";
const NAME = `(?:${KIND}(?:[ -](?:pass)?(?:code|number|token|pin))|2[ -]?fa|mfa|[ht]?otp|m?tan|passcode|your\\s(?:(?!zip|post|country|area|product|source|status|error|exit)\\w{1,20}\\s)?code)`;
// Digits, or letters with some; a date, a version, an amount and a word are none.
const CODE = "(?:[A-Z]-)?(?:\\d{3}[ -]\\d{3}|\\d{4,8}|(?=[A-Z]{0,9}\\d)[A-Z0-9]{5,10})(?![\\w%€$]|[-.,:/]\\d)";
const BETWEEN =
  "(?:\\s(?:for|of|to|from|at)\\s[^\\d\\n.:;]{1,40}?)?(?:\\s?[:=#]\\s{0,4}|\\s(?:is|was)\\s?:?\\s?|\\s{1,3}(?!(?:19|20)\\d\\d\\b))[\"'(*\\x60]{0,3}";

const AFTER = new RegExp(`(?<![\\w.-])(?=(?:[A-Z]-)?[A-Z]{0,9}\\d)(?<=\\b${NAME}${BETWEEN})${CODE}`, "gi");
const BEFORE = new RegExp(
  `(?<![\\w.,-])(?!(?:19|20)\\d\\d\\b)${CODE}(?=["'*\\x60]{0,3}\\s(?:is|as|was)\\s(?:(?:your|my|the|our|a|an)\\s)?(?:\\w{1,20}\\s){0,2}${NAME}\\b)`,
  "gi",
);
const DIGITS = /\d/;
const HINT = /code|otp|2.?fa|mfa|tan|one.?time|pin|token/i;

/** `text` with `mark` for them. Linear. @throws never */
export function withoutOneTimeCodes(text: string, mark: string): string {
  if (!DIGITS.test(text) || !HINT.test(text)) return text;
  const found: Span[] = [];
  for (const form of [AFTER, BEFORE])
    for (const { index, 0: code } of text.matchAll(form))
      if (/\d/.test(code)) found.push({ start: index, end: index + code.length });
  return withoutSpans(text, found, mark);
}

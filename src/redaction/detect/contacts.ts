import { type Span, spansOf } from "./span.ts";

/*
 * E-mail addresses, telephone numbers and US social security numbers. Quantifiers are bounded or their neighbours
 * exclude each other, so that every pattern is linear in a text that somebody wrote to make it slow.
 */

// Without what quotes, separates or joins in URLs and markup, although RFC 5322 would allow some of it.
const LOCAL = /[\p{L}\p{N}\p{M}._%+'!#$~^-]/u;
const DOMAIN = /(?:[\p{L}\p{N}][\p{L}\p{N}\p{M}_-]{0,62}\.){1,126}\p{L}[\p{L}\p{N}\p{M}-]{1,62}/uy;

/** Addresses `local@domain.tld`, international ones included. Not: quoted local parts, hosts without a dot. */
export function findEmails(text: string): Span[] {
  const found: Span[] = [];
  let floor = 0;
  for (let at = text.indexOf("@"); at >= 0; at = text.indexOf("@", at + 1)) {
    const start = startOfLocal(text, at, floor);
    // No address begins before an @ that has been looked at: each character is walked over once.
    floor = at + 1;
    DOMAIN.lastIndex = at + 1;
    if (start < at && DOMAIN.test(text)) found.push({ start, end: DOMAIN.lastIndex });
  }
  return found;
}

function startOfLocal(text: string, at: number, floor: number): number {
  let start = at;
  while (start > floor && isLocal(text, start - 1)) start--;
  while (start < at && ".'".includes(text.charAt(start))) start++;
  return start;
}

function isLocal(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  // Half of a character beyond the basic plane counts as a letter: too much is taken rather than too little.
  return (code >= 0x61 && code <= 0x7a) || (code >= 0xd800 && code <= 0xdfff) || LOCAL.test(text.charAt(index));
}

const PHONES = [
  // International (E.164): +, 8 to 15 digits; 11 after +1, so that what follows a number is not taken for its end.
  /(?<![A-Za-z0-9+])\+\(?(?:1(?:[ \-./()]{0,3}\d){10}|[2-9](?:[ \-./()]{0,3}\d){7,14})(?!\d)/g,
  // The same with 00, written in groups.
  /(?<![\w.,-])(?<!\d[ /]{1,2})00[1-9]\d{0,2}(?:[ \-./()]{1,3}\d{2,8}){2,6}(?!\w)/g,
  // North America: (212) 555-0100, 212-555-0100, 1.212.555.0100; not three groups with only spaces between.
  /(?<![\w.-])(?:1[ .-])?(?:\([2-9]\d{2}\)[ .-]?[2-9]\d{2}[ .-]\d{4}|[2-9]\d{2}(?:[.-][2-9]\d{2}[ .-]| [2-9]\d{2}[.-])\d{4})(?![\w-])/g,
  // Elsewhere with the trunk's 0, in groups, 9 to 12 digits; not a date, not the end of a row of numbers.
  /(?<![\w.,-])(?=\(?0[1-9])(?<!\d[ /]{1,2})(?!0\d[./-][01]?\d[./-](?:19|20)\d\d(?!\d))(?=(?:[^\d]{0,4}\d){9,12}(?![ \-./()]{0,3}\d))\(?0[1-9]\d{0,4}\)?(?:[ \-./]{1,3}\d{2,8}){1,5}(?!\w)/g,
];

/** Telephone numbers that can be told from other numbers by their form, see the patterns. */
export function findPhones(text: string): Span[] {
  return PHONES.flatMap((pattern) => spansOf(pattern, text));
}

/** The digits of a number, its leading + kept. */
export function phoneOf(text: string): string {
  return text.replace(/[^\d+]/g, "");
}

// Area 000, 666 and 9xx, group 00 and serial 0000 are never given out (SSA, "Structure of Social Security numbers").
const SSN = /(?<![A-Za-z0-9])(?<!\d[.-])(?!000|666|9)\d{3}([ .-])(?!00)\d{2}\1(?!0000)\d{4}(?![.-]?\d)(?![A-Za-z])/g;
const NAMED_SSN =
  /(?<![A-Za-z])(?:ssn|social[ _-]?security)[^\d\n]{0,24}(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}(?!\w)/gi;

/** US social security numbers: 123-45-6789, with spaces or dots alike; without any only after the words. */
export function findSsns(text: string): Span[] {
  return [...spansOf(SSN, text), ...spansOf(NAMED_SSN, text).map(({ end }) => ({ start: end - 9, end }))];
}

import { AWS_KEY_IDS, KEY_BEGIN, KEY_END, VENDOR_PREFIXES } from "../../redaction/detect/credentials.ts";
import { redactText, type TextSearch } from "../../redaction/redact-text.ts";

import { withoutAssigned } from "./assigned.ts";
import { withoutGluedCards } from "./glued-cards.ts";
import { withoutSeparated } from "./text-tables.ts";

/*
 * What secrets and the numbers of cards and accounts look like, by form. All patterns are linear in the text: each is anchored by a literal or
 * a look-behind, so that no run of characters is scanned from each of its positions.
 */

/** Credentials by form, in the order in which they are looked for. Looser than redaction: what is shown errs to hiding. */
const CREDENTIALS: readonly RegExp[] = [
  new RegExp(`(?:${KEY_BEGIN})[\\s\\S]*?(?:${KEY_END}|$)`, "g"),
  // JSON Web Tokens, and what is left of one that was cut.
  /(?<![\w-])eyJ[\w-]{10,}(?:\.[\w-]*)*/g,
  /(?<!\w)bearer\s+[\w.~+/=-]{6,}/gi,
  /(?<!\w)basic\s+[\w+/=-]{12,}/gi,
  new RegExp(`(?<!\\w)(?:${AWS_KEY_IDS})[A-Z0-9]{12,}`, "g"),
  new RegExp(`(?<!\\w)(?:${VENDOR_PREFIXES})[\\w.-]{12,}`, "g"),
];

// Up to the last `@` of it: a password may hold some.
const USER_INFO = /(?<=:\/\/)[^\s/@]+@(?:[^\s/@?#]*@)*/g;
const LONG_RUN = /(?<![\w-])[\w-]{32,}/g;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// A secret that starts before the cut must be seen whole, or at least long enough to be recognised.
const LOOK_AHEAD = 600;

/**
 * `text` with what looks like a credential, or is the number of a card, an account or a social security card, replaced by `mark`, cut to `maxText` characters (it then says how long it
 * was). Linear. `search`: what several texts share. @throws never
 */
export function scrubText(text: string, maxText: number, mark: string, search?: NumberSearch): string {
  const seen = text.length > maxText + LOOK_AHEAD ? text.slice(0, maxText + LOOK_AHEAD) : text;
  // Nothing of any form above is shorter than this, bar an assignment, which has its sign.
  const scrubbed =
    seen.length < 12 && !/[:=@]|\sis\s/.test(seen) ? withoutNumbers(seen, mark, search) : scrub(seen, mark, search);
  if (scrubbed.length <= maxText && seen.length === text.length) return scrubbed;
  // Never half a surrogate pair.
  return `${scrubbed.slice(0, maxText).replace(/[\ud800-\udbff]$/, "")}… [${text.length} characters]`;
}

// Two passes that most texts end with: whatever has a form above or below has one of these somewhere. In one pattern they
// would take half as long again, because runs would be looked for from each of their characters.
const SUSPICIOUS = new RegExp(
  `[:=@<]|-[a-z]|-BEGIN|- BEGIN|eyJ|(?:bearer|basic|is)\\s|${AWS_KEY_IDS}|${VENDOR_PREFIXES}`,
  "i",
);
// SQL needs no sign. By itself, for in one pattern with the signs it doubles their time.
const HAS_STATEMENT = /identified|passw|insert\s/i;
const HAS_LONG_RUN = /(?<![\w-])[\w-]{32}/;

function scrub(given: string, mark: string, search: NumberSearch | undefined): string {
  const text = withoutSeparated(withoutNumbers(given, mark, search), mark);
  if (!SUSPICIOUS.test(text) && !HAS_LONG_RUN.test(text) && !HAS_STATEMENT.test(text)) return text;
  let scrubbed = text;
  for (const form of CREDENTIALS) scrubbed = scrubbed.replace(form, mark);
  scrubbed = withoutAssigned(scrubbed, mark);
  return scrubbed.replace(USER_INFO, `${mark}@`).replace(LONG_RUN, (run) => (isRandom(run) ? mark : run));
}

/** Keys without a known form: long hexadecimal, or small and capital letters and digits all mixed. Not UUIDs. */
function isRandom(run: string): boolean {
  if (UUID.test(run)) return false;
  return (/^[0-9a-f]+$/i.test(run) && /\d/.test(run)) || (/[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run));
}

/**
 * What can be told from other numbers wherever it stands. People's names, e-mail addresses and telephone numbers stay: who
 * was written to or paid is what a record is for, and what policies decide on.
 */
const NUMBERS: TextSearch = {
  detectors: new Map([
    ["credit_card", "replace"],
    ["iban", "replace"],
    ["us_ssn", "replace"],
  ]),
  hash: (text) => text,
  count() {},
};

/** How many characters of texts full of digits may still be searched; a text beyond is hidden as a whole. */
export interface NumberSearch {
  left: number;
}

/** The shortest of them has nine digits. */
const FEWEST = 9;

// One pass that most texts end with: nine digits, whatever separates them, or how an account in letters begins.
const NUMEROUS = /\p{Nd}(?:[^\p{L}\p{Nd}]{0,2}\p{Nd}){8}|(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11}/u;

const NUMBER_MARK = /\[redacted:(?:credit_card|iban|us_ssn)\]/g;

function withoutNumbers(text: string, mark: string, search: NumberSearch | undefined): string {
  if (text.length < FEWEST || !NUMEROUS.test(text)) return text;
  if (search !== undefined) {
    search.left -= text.length;
    if (search.left < 0) return mark;
  }
  const redacted = redactText(text, undefined, NUMBERS);
  return withoutGluedCards(redacted === text ? text : redacted.replace(NUMBER_MARK, mark), mark);
}

import { AWS_KEY_IDS, KEY_BEGIN, KEY_END, VENDOR_PREFIXES } from "../../redaction/detect/credentials.ts";
import { redactText, type TextSearch } from "../../redaction/redact-text.ts";
import { isDisguised, withoutEscapes } from "../names/escapes.ts";
import { createSearchBudget, DIGIT_STEPS, NAMED_STEPS, type SearchBudget, spendSteps } from "../names/search-budget.ts";
import { HINT, withoutAssigned } from "./assigned.ts";
import { mayBeCommand, withoutCommands } from "./commands.ts";
import { withoutDocuments } from "./documents.ts";
import { withoutGluedCards } from "./glued-cards.ts";
import { withoutPlaced } from "./known-places.ts";
import { withoutOneTimeCodes } from "./one-time-codes.ts";
import { withoutSeparated } from "./text-tables.ts";
import { withoutUserInfo } from "./user-info.ts";

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
  // What `crypt` makes of a password.
  /\$(?:apr1|2[abxy]|argon2\w{1,2}|pbkdf2[\w-]{0,10}|[156y])\$[\w./$=,+-]{6,}/g,
  new RegExp(`(?<!\\w)(?:${AWS_KEY_IDS})[A-Z0-9]{12,}`, "g"),
  new RegExp(`(?<!\\w)(?:${VENDOR_PREFIXES})[\\w.-]{12,}`, "g"),
];

const LONG_RUN = /(?<![\w-])[\w-]{32,}/g;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// A secret that starts before the cut must be seen whole, or at least long enough to be recognised.
const LOOK_AHEAD = 600;

/**
 * `text` with what looks like a credential, or is the number of a card, an account or a social security card, replaced by `mark`, cut to `maxText` characters (it then says how long it
 * was). Linear. `search`: what several texts share; one that is too much for what is left is hidden as a whole. @throws never
 */
export function scrubText(text: string, maxText: number, mark: string, search = createSearchBudget()): string {
  const isCut = text.length > maxText + LOOK_AHEAD;
  const seen = isCut ? text.slice(0, maxText + LOOK_AHEAD) : text;
  // Nothing of any form above is shorter than this, bar an assignment, which has its sign.
  const scrubbed =
    seen.length < 12 && !/[:=@\t|]|\s(?:is\s|\d{3})/.test(seen)
      ? withoutNumbers(seen, mark, search)
      : scrub(seen, mark, search, isCut && isSecretBelow(text, seen.length, search));
  return isCut || scrubbed.length > maxText ? cutText(scrubbed, text.length, maxText) : scrubbed;
}

/** A text that is longer, of `length` characters, cut to `maxText`; never half a surrogate pair. */
export function cutText(text: string, length: number, maxText: number): string {
  if (text.length <= maxText && length <= maxText + LOOK_AHEAD) return text;
  return `${text.slice(0, maxText).replace(/[\ud800-\udbff]$/, "")}… [${length} characters]`;
}

/** A manifest may say last of what kind it is. */
const SECRET_KIND = /^[ \t-]{0,20}kind:[ \t]{0,8}["']?\w{0,30}Secret\b/m;
const MAX_BELOW = 20_000;

function isSecretBelow(text: string, from: number, search: SearchBudget): boolean {
  if (!/^[ \t-]{0,20}data:/m.test(text.slice(0, from))) return false;
  const below = text.slice(from - 40, from + MAX_BELOW);
  return !spendSteps(search, below.length) || SECRET_KIND.test(below);
}

// Two passes that most texts end with: whatever has a form above or below has one of these somewhere. In one pattern they
// would take half as long again. The first has no `i`, which takes twice as long.
const SUSPICIOUS = new RegExp(
  `- ?BEGIN|\\$[\\w-]{1,20}\\$|(?<!\\w)(?:eyJ|[Bb][Ee][Aa][Rr][Ee][Rr]\\s|[Bb][Aa][Ss][Ii][Cc]\\s|${AWS_KEY_IDS}|${VENDOR_PREFIXES})`,
);
const LONG = 31;
const IN_RUN = Uint8Array.from({ length: 128 }, (_, code) => (/[\w-]/.test(String.fromCharCode(code)) ? 1 : 0));

/** Whether so many characters of a key stand together. Looks from the end of where a run would be, and so at few of a text. */
function hasLongRun(text: string): boolean {
  let from = 0;
  while (from + LONG <= text.length) {
    let at = from + LONG - 1;
    while (at >= from && IN_RUN[text.charCodeAt(at)] === 1) at--;
    if (at < from) return true;
    from = at + 1;
  }
  return false;
}

/** A text may be escaped twice: on its way into a URL, and in that. */
const MAX_ESCAPES = 2;

function scrub(given: string, mark: string, search: SearchBudget, isSecretData: boolean, escapes = 0): string {
  let scrubbed = withoutSeparated(withoutNumbers(given, mark, search), mark, search);
  const speaks = isSecretData || speaksOfSecrets(scrubbed);
  if ((speaks || isDisguised(scrubbed)) && !spendSteps(search, scrubbed.length * NAMED_STEPS)) return mark;
  const hasRun = hasLongRun(scrubbed);
  if (hasRun || SUSPICIOUS.test(scrubbed)) for (const form of CREDENTIALS) scrubbed = scrubbed.replace(form, mark);
  scrubbed = withoutOneTimeCodes(withoutPlaced(scrubbed, mark), mark);
  if (speaks) {
    const without = withoutDocuments(scrubbed, mark, isSecretData, search);
    scrubbed = withoutAssigned(withoutCommands(without, mark), mark);
  }
  scrubbed = withoutUserInfo(scrubbed, mark);
  if (hasRun) scrubbed = scrubbed.replace(LONG_RUN, (run) => (isRandom(run) ? mark : run));
  if (escapes === MAX_ESCAPES) return scrubbed;
  return withoutEscapes(scrubbed, (text) => scrub(text, mark, search, isSecretData, escapes + 1));
}

function speaksOfSecrets(text: string): boolean {
  return HINT.test(text) || mayBeCommand(text);
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

/** The shortest of them has nine digits. */
const FEWEST = 9;

// One pass that most texts end with: nine digits, whatever separates them, or how an account in letters begins.
const NUMEROUS = /\p{Nd}(?:[^\p{L}\p{Nd}]{0,2}\p{Nd}){8}|(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11}/u;

const NUMBER_MARK = /\[redacted:(?:credit_card|iban|us_ssn)\]/g;

function withoutNumbers(text: string, mark: string, search: SearchBudget): string {
  if (!spendSteps(search, text.length)) return mark;
  if (text.length < FEWEST || !NUMEROUS.test(text)) return text;
  if (!spendSteps(search, text.length * DIGIT_STEPS)) return mark;
  const redacted = redactText(text, undefined, NUMBERS);
  return withoutGluedCards(redacted === text ? text : redacted.replace(NUMBER_MARK, mark), mark);
}

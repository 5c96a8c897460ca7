import { AWS_KEY_IDS, KEY_BEGIN, KEY_END, VENDOR_PREFIXES } from "../redaction/credentials.ts";

/*
 * What secrets look like, by name and by form. All patterns are linear in the text: each is anchored by a literal or
 * a look-behind, so that no run of characters is scanned from each of its positions.
 */

const SECRET_NAME = new RegExp(
  [
    "passw",
    "passphrase",
    "passcode",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "sessionkey",
    "sessionid",
    "authoriz",
    "^auth$",
    "credential",
    "cookie",
    "bearer",
    "jwt",
    "otp$",
    "^pin$",
    "pincode",
    "^cvv",
    "^cvc",
    "^ssn$",
    "socialsecurity",
    "creditcard",
    "cardnumber",
    "connectionstring",
  ].join("|"),
);

/** Whether a key names a secret: `password`, `apiKey`, `X-Api-Key`, `client_secret`, … */
export function looksSecret(key: string): boolean {
  return SECRET_NAME.test(key.replace(/[^A-Za-z0-9]/g, "").toLowerCase());
}

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

// Written out in a sentence, a header, a query or a connection string: `password=hunter2`, `"api_key": "x"`.
const ASSIGNED =
  /(passw(?:or)?d|passphrase|pwd|secret|token|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|authorization|cookie)(["']?\s{0,8}(?:[:=]|\sis\s)\s{0,8}["']?)[^\s"'&;,]+/gi;
const USER_INFO = /(?<=:\/\/)[^\s/@]+@/g;
const LONG_RUN = /(?<![\w-])[\w-]{32,}/g;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

// A secret that starts before the cut must be seen whole, or at least long enough to be recognised.
const LOOK_AHEAD = 600;

/**
 * `text` with what looks like a credential replaced by `mark`, cut to `maxText` characters (it then says how long it
 * was). Linear. @throws never
 */
export function scrubText(text: string, maxText: number, mark: string): string {
  const seen = text.length > maxText + LOOK_AHEAD ? text.slice(0, maxText + LOOK_AHEAD) : text;
  // Nothing of any form above is shorter than this, bar an assignment, which has its sign.
  const scrubbed = seen.length < 12 && !/[:=@]|\sis\s/.test(seen) ? seen : scrub(seen, mark);
  if (scrubbed.length <= maxText && seen.length === text.length) return scrubbed;
  // Never half a surrogate pair.
  return `${scrubbed.slice(0, maxText).replace(/[\ud800-\udbff]$/, "")}… [${text.length} characters]`;
}

// One pass that most texts end with: whatever has a form above or below has one of these somewhere.
const SUSPICIOUS = new RegExp(
  `[:=@]|-BEGIN|- BEGIN|eyJ|(?:bearer|basic|is)\\s|${AWS_KEY_IDS}|${VENDOR_PREFIXES}|[\\w-]{32}`,
  "i",
);

function scrub(text: string, mark: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  let scrubbed = text;
  for (const form of CREDENTIALS) scrubbed = scrubbed.replace(form, mark);
  return scrubbed
    .replace(ASSIGNED, (_whole, name: string, sign: string) => `${name}${sign}${mark}`)
    .replace(USER_INFO, `${mark}@`)
    .replace(LONG_RUN, (run) => (isRandom(run) ? mark : run));
}

/** Keys without a known form: long hexadecimal, or small and capital letters and digits all mixed. Not UUIDs. */
function isRandom(run: string): boolean {
  if (UUID.test(run)) return false;
  return (/^[0-9a-f]+$/i.test(run) && /\d/.test(run)) || (/[a-z]/.test(run) && /[A-Z]/.test(run) && /\d/.test(run));
}

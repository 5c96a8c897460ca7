/** One user of a file of `htpasswd`. */
export interface PasswordEntry {
  readonly name: string;
  /** As it stands there: bcrypt, argon2 or apr1, with a cost that is bounded. */
  readonly hash: string;
}

/** What is wrong with a line. Never what stands in it: it may be a password. */
export interface PasswordProblem {
  /** The first is 1. */
  readonly line: number;
  readonly message: string;
}

export interface PasswordFile {
  readonly entries: readonly PasswordEntry[];
  readonly problems: readonly PasswordProblem[];
}

/** Names are compared as they are written, and stand in records. */
const MAX_NAME_CHARS = 128;
const MAX_BCRYPT_COST = 14;
/** KiB: 256 MB. */
const MAX_ARGON2_MEMORY = 262_144;
const MAX_ARGON2_PASSES = 10;
const MAX_ARGON2_LANES = 8;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const ARGON2 =
  /^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,86}$/;
const APR1 = /^\$apr1\$[./0-9A-Za-z]{1,8}\$[./0-9A-Za-z]{22}$/;
const CONTROL = /\p{Cc}/u;

/**
 * Reads a file of `htpasswd`: a name, a colon and a hash on each line; blank lines and those that begin with `#` say nothing.
 * @throws never
 */
export function readHtpasswd(text: string): PasswordFile {
  const entries = new Map<string, PasswordEntry>();
  const problems: PasswordProblem[] = [];
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    if (written.trim() === "" || written.startsWith("#")) continue;
    const entry = entryIn(written);
    const message =
      typeof entry === "string" ? entry : entries.has(entry.name) ? "This user has a line already." : undefined;
    if (message !== undefined) problems.push({ line: index + 1, message });
    else if (typeof entry !== "string") entries.set(entry.name, entry);
  }
  return { entries: [...entries.values()], problems };
}

function entryIn(line: string): PasswordEntry | string {
  const colon = line.indexOf(":");
  if (colon < 0) return "There is no colon between a name and a hash.";
  const name = line.slice(0, colon);
  if (
    name === "" ||
    name.length > MAX_NAME_CHARS ||
    name !== name.trim() ||
    CONTROL.test(name) ||
    !name.isWellFormed()
  ) {
    return `A user's name has 1 to ${MAX_NAME_CHARS} characters, no blank at either end and no control characters.`;
  }
  const hash = line.slice(colon + 1).trimEnd();
  return whyNotHash(hash) ?? { name, hash };
}

function whyNotHash(hash: string): string | undefined {
  const cost = BCRYPT.exec(hash)?.[1];
  if (cost !== undefined) {
    return Number(cost) >= 4 && Number(cost) <= MAX_BCRYPT_COST
      ? undefined
      : `The cost of bcrypt is 4 to ${MAX_BCRYPT_COST}: more takes seconds for each sign-in.`;
  }
  const [, memory, passes, lanes] = (ARGON2.exec(hash) ?? []).map(Number);
  if (memory !== undefined && passes !== undefined && lanes !== undefined) {
    const fits = memory <= MAX_ARGON2_MEMORY && passes <= MAX_ARGON2_PASSES && lanes <= MAX_ARGON2_LANES;
    return fits && passes >= 1 && lanes >= 1 && memory >= 8 * lanes
      ? undefined
      : `argon2 has m of 8 for each p to ${MAX_ARGON2_MEMORY}, t of 1 to ${MAX_ARGON2_PASSES} and p of 1 to ${MAX_ARGON2_LANES}.`;
  }
  if (APR1.test(hash)) return undefined;
  if (/^\{S?SHA\d*\}/i.test(hash))
    return "This is SHA, which is guessed millions of times a second. Write it anew with: htpasswd -B";
  if (/^\$(?:2[aby]?|argon2|apr1)/.test(hash)) return "This begins like a hash of bcrypt, argon2 or apr1, and is none.";
  if (/^\$[0-9a-z]+\$/.test(hash)) return "Hashes of this kind are not known here: bcrypt, argon2 and apr1 are.";
  return "This is no hash, but plain text or crypt. Write it anew with: htpasswd -B";
}

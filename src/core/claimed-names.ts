import { isObject, type Json, type JsonObject } from "./json.ts";
import { namesWithin, readMailbox } from "./mailbox.ts";
import { type About, aboutOf } from "./naming-claims.ts";

/** Whom claims name, in whatever form and place; read in one way for sameness, targets and refusals. */
export interface ClaimedNames {
  /** What they call their subject besides `sub`, verified or not. */
  readonly own: readonly string[];
  /** Who may be their subject or behind it: addresses that stand anywhere, and owners. */
  readonly mentioned: readonly string[];
  /** Who acts for their subject, or for whom it acts, outside `act`. */
  readonly behind: readonly string[];
  /** Whether they may call their subject something that is not among these. */
  readonly unread: boolean;
}

/** No issuer that anybody knows nests further. */
const MAX_DEPTH = 8;
/** More than a token has room for. */
const MAX_VALUES = 8192;
/** A longer text is looked through in parts. */
const MAX_NAME_CHARS = 320;

/**
 * Reads all of them: texts, and numbers as their text; alone, in lists, in objects, and in JSON within a text. `ownsItself`: their subject
 * is a machine, which belongs to whoever they name as its owner or its maker; of a person those are others. @throws never
 */
export function namesInClaims(claims: JsonObject, ownsItself = false): ClaimedNames {
  const own: string[] = [];
  const mentioned: string[] = [];
  const behind: string[] = [];
  let unread = false;
  let left = MAX_VALUES;

  function takeObject(object: JsonObject, within: About, depth: number): void {
    for (const [name, value] of Object.entries(object)) {
      const about = aboutOf(name, within, ownsItself);
      if (about !== undefined && value !== undefined) take(value, about, depth);
    }
  }

  function take(value: Json, about: About, depth: number): void {
    left -= 1;
    if (depth > MAX_DEPTH || left < 0) unread = true;
    else if (isObject(value)) takeObject(value, about, depth + 1);
    else if (Array.isArray(value)) {
      for (const item of value) {
        take(item, about, depth + 1);
        if (left < 0) return;
      }
    } else if (typeof value === "string") takeText(value, about, depth);
    else if (typeof value === "number") takeNumber(value, about);
  }

  function takeText(text: string, about: About, depth: number): void {
    const inner = jsonWithin(text);
    if (inner !== undefined) take(inner, about, depth + 1);
    else if (text === "") return;
    // The first one is the one that is used; `smtp:` and `SMTP:` say which. Exchange, Entra ID.
    else if (about === "subject") own.push(text.replace(/^smtp:/i, ""));
    else if (about === "shown") own.push(...addressesIn(text));
    else if (about === "behind") behind.push(text);
    else if (about === "perhaps") mentioned.push(text);
    else mentioned.push(...addressesIn(text));
  }

  function takeNumber(number: number, about: About): void {
    if (about === "subject" && nameOfNumber(number) === undefined) unread = true;
    else if (about === "subject") own.push(String(number));
    else if (about === "behind") behind.push(String(number));
    else if (about === "perhaps") mentioned.push(String(number));
  }

  takeObject(claims, "anything", 0);
  own.push(...phonesOf(claims));
  return { own: unique(own), mentioned: unique(mentioned), behind: unique(behind), unread };
}

/** The same of a claim of which the configuration says that it names one person alone, whatever it is called. @throws never */
export function namesInIdentity(name: string, value: Json | undefined): ClaimedNames {
  // Verified or not: that each has their own is what the configuration says.
  const phone = name === "phone_number" ? { phone_number: value, phone_number_verified: true } : {};
  return namesInClaims({ email: value, ...phone });
}

/** A number as the name that it is in text; `undefined` where readers of JSON round it, so that nobody knows which it was. */
export function nameOfNumber(number: number): string | undefined {
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? undefined : String(number);
}

/** Those that somebody verified: any other two may have. */
function phonesOf(claims: JsonObject): readonly string[] {
  const { phone_number: phone, phone_number_verified: verified } = claims;
  if (verified !== true && verified !== "true") return [];
  const [first]: readonly unknown[] = Array.isArray(phone) ? phone : [phone];
  if (typeof first !== "string" && typeof first !== "number") return [];
  const plain = String(first).replaceAll(/[\s().-]/g, "");
  return plain === "" ? [] : [plain, plain.replace(/^(?:\+|00)/, "")];
}

/** An object or a list that stands in a text, written as JSON. */
function jsonWithin(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    const value: Json = JSON.parse(text);
    return value;
  } catch {
    // Then it is a text like any other.
    return undefined;
  }
}

function addressesIn(text: string): readonly string[] {
  const parts = text.length <= MAX_NAME_CHARS ? [text] : text.split(/[\s,;<>()[\]{}"]+/);
  return parts.flatMap((part) => [part, ...namesWithin(part)]).filter((name) => readMailbox(name) !== undefined);
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

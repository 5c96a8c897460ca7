import { withDoubles } from "../../core/exact-json.ts";
import { holdsValues, isObject, type Json, type JsonObject } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import { parseJson } from "../../core/parse-json.ts";

/** What a JWT says, before its signature was looked at. */
export interface TokenParts {
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

export type ReadToken =
  | { readonly ok: true; readonly parts: TokenParts }
  /** Fixed text. */
  | { readonly ok: false; readonly detail: string };

/** Headers and claims are a few levels deep. */
const LIMITS = { ...JSON_LIMITS, maxDepth: 16 };

/**
 * Takes a JWT apart, and refuses every text that another reader could take for another token: three segments of base64url
 * without padding and with no bits left over (RFC 7515 §2), UTF-8, JSON by the rules for bodies without a member that comes
 * twice (RFC 7519 §4), no half of a character in what its subject and its client are told from others by (RFC 8259 §8.2), and no
 * extension that must be understood (`crit`, RFC 7515 §4.1.11). @throws never
 */
export function readToken(token: string): ReadToken {
  const segments = token.split(".").map(bytesOf);
  const [first, second, signature] = segments;
  if (segments.length !== 3 || first === undefined || second === undefined || signature === undefined) {
    return MALFORMED;
  }
  const [header, claims] = [objectIn(first), objectIn(second)];
  if (header === "unreadable" || claims === "unreadable") return MALFORMED;
  if (header === "ambiguous" || claims === "ambiguous" || !TELLS_APART.every((name) => isWhole(claims[name]))) {
    return { ok: false, detail: "It holds a value that readers would read differently." };
  }
  const { alg, kid, typ, crit } = header;
  const named = [kid, typ].every((value) => value === undefined || typeof value === "string");
  if (typeof alg !== "string" || !named) return MALFORMED;
  if (crit !== undefined) return { ok: false, detail: "It uses an extension that is not known here." };
  return { ok: true, parts: { header, claims } };
}

const TELLS_APART = ["iss", "sub", "client_id", "azp", "cid", "appid"] as const;

// Stored as text and sent on, one half of a character is any other.
function isWhole(value: Json | undefined): boolean {
  return typeof value !== "string" || value.isWellFormed();
}

const MALFORMED: ReadToken = { ok: false, detail: "It is not a well-formed token." };

// Written again it must be the same text: Node's decoder skips what it does not know.
function bytesOf(segment: string): Buffer | undefined {
  const bytes = Buffer.from(segment, "base64url");
  return bytes.length > 0 && bytes.toString("base64url") === segment ? bytes : undefined;
}

function objectIn(bytes: Buffer): JsonObject | "unreadable" | "ambiguous" {
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes)) return "unreadable";
  const parsed = parseJson(text, LIMITS);
  if (!parsed.ok) return parsed.problem.code === "JSON_MALFORMED" ? "unreadable" : "ambiguous";
  if (!isObject(parsed.value)) return "unreadable";
  return colonsIn(text) === membersIn(parsed.value) ? withDoubles(parsed.value) : "ambiguous";
}

/** Members that stand in a JSON text: each has a colon, and outside of strings there are no others. */
function colonsIn(json: string): number {
  return json.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"/g, "").split(":").length - 1;
}

/** Members that were read; of those with one name `JSON.parse` keeps the last. The depth is bounded by then. */
function membersIn(value: Json | undefined): number {
  if (!holdsValues(value)) return 0;
  const inner = Object.values<Json | undefined>(value);
  return inner.reduce<number>((sum, item) => sum + membersIn(item), isObject(value) ? inner.length : 0);
}

import { findCloudKeys, findJwts, findPrivateKeys } from "../../redaction/detect/credentials.ts";
import type { UpstreamOptions } from "../upstream.ts";

const MARK = "[…]";
/** Shorter values are no secrets, and stand in many words. */
const MIN_VALUE = 4;
const MIN_WORD = 8;
/** Names of flags and variables whose values are nobody's business. */
const SECRET_NAME = /key|token|secret|passw|pwd|auth|cred|header|cookie|bearer/i;

/**
 * Takes out of a text what the configuration gave to a server and may be secret: values of a program's environment, and of those
 * arguments whose name says so; headers, the password and the query of an address; and what has the form of a credential.
 */
export function createMask(transport: UpstreamOptions["transport"]): (text: string) => string {
  const values =
    transport.kind === "stdio"
      ? [...Object.values(transport.env), ...secretArgs(transport.args)]
      : [...Object.values(transport.headers), ...secretsOf(transport.url)];
  // The longest first, so that no part of it is left of one that holds another.
  const secrets = [...new Set(values.flatMap(partsOf).flatMap(writingsOf))].sort((a, b) => b.length - a.length);
  const any = secrets.length === 0 ? undefined : new RegExp(secrets.map(literally).join("|"), "giu");
  return (text) => {
    let masked = any === undefined ? text : text.replace(any, MARK);
    const spans = [...findPrivateKeys(masked), ...findJwts(masked), ...findCloudKeys(masked)];
    for (const { start, end } of spans.sort((a, b) => b.start - a.start)) {
      masked = `${masked.slice(0, start)}${MARK}${masked.slice(end)}`;
    }
    return masked;
  };
}

/** `--api-key abc`, `--api-key=abc`, `-e API_KEY=abc`, `--header "Authorization: Bearer abc"`. */
function secretArgs(args: readonly string[]): readonly string[] {
  return args.flatMap((arg, index) => {
    const before = args[index - 1] ?? "";
    const named = before.startsWith("-") && !before.includes("=") && SECRET_NAME.test(before);
    const [name = "", ...rest] = arg.split("=");
    const assigned = rest.length > 0 && SECRET_NAME.test(name) ? [rest.join("=")] : [];
    return named ? [arg, ...assigned] : assigned;
  });
}

function secretsOf(address: string): readonly string[] {
  if (!URL.canParse(address)) return [];
  const { password, searchParams } = new URL(address);
  return [password, decoded(password), ...searchParams.values()];
}

/** A value as a whole, its lines and longer words, and the password of a URL. */
function partsOf(value: string): readonly string[] {
  const words = value.split(/\s+/).filter((word) => word.length >= MIN_WORD);
  const lines = value.split(/\r?\n/).filter((line) => line.length >= MIN_WORD);
  const password = URL.canParse(value) ? new URL(value).password : "";
  return [value, ...words, ...lines, password, decoded(password)].filter((part) => part.length >= MIN_VALUE);
}

/**
 * How a part stands in what programs print: as it is, in a URL, a form or a text of JSON, as hex, and in base64, also
 * with something before and behind it (`Authorization: Basic …`). Case is the same to the mask. Short ones stand for themselves.
 */
function writingsOf(part: string): readonly string[] {
  if (part.length < MIN_WORD) return [part];
  const bytes = Buffer.from(part);
  const inUrl = encodeURIComponent(bytes.toString());
  const inForm = new URLSearchParams({ v: part }).toString().slice("v=".length);
  const inside = [0, 1, 2].flatMap((before) => base64Inside(bytes, before));
  return [part, inUrl, inForm, JSON.stringify(part).slice(1, -1), bytes.toString("hex"), ...inside];
}

/** The characters of base64 and base64url that these bytes alone decide when `before` others (modulo three) stand before them. RFC 4648 §4 */
function base64Inside(bytes: Buffer, before: number): readonly string[] {
  const padded = Buffer.concat([Buffer.alloc(before), bytes]);
  const [from, to] = [Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6)];
  return (["base64", "base64url"] as const).map((alphabet) => padded.toString(alphabet).slice(from, to));
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // It holds a bare per cent sign, and stands for itself.
    return text;
  }
}

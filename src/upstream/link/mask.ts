import { findCloudKeys, findJwts, findPrivateKeys } from "../../redaction/detect/credentials.ts";
import type { UpstreamOptions } from "../upstream.ts";

const MARK = "[…]";
/** Shorter values are no secrets, and stand in many words. */
const MIN_VALUE = 4;
const MIN_WORD = 8;
/** Names of flags and variables whose values are nobody's business. */
const SECRET_NAME = /key|token|secret|passw|pwd|auth|cred|header|cookie|bearer/i;

/**
 * Takes out of a text what the configuration gave to a program and may be secret: values of its environment, and of those
 * arguments whose name says so; and what has the form of a credential.
 */
export function createMask(transport: UpstreamOptions["transport"]): (text: string) => string {
  const values = transport.kind === "stdio" ? [...Object.values(transport.env), ...secretArgs(transport.args)] : [];
  // The longest first, so that no part of it is left of one that holds another.
  const secrets = [...new Set(values.flatMap(partsOf))].sort((a, b) => b.length - a.length);
  return (text) => {
    let masked = text;
    for (const secret of secrets) masked = masked.replaceAll(secret, MARK);
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

/** A value as a whole, its lines and longer words, and the password of a URL. */
function partsOf(value: string): readonly string[] {
  const words = value.split(/\s+/).filter((word) => word.length >= MIN_WORD);
  const lines = value.split(/\r?\n/).filter((line) => line.length >= MIN_WORD);
  const password = URL.canParse(value) ? new URL(value).password : "";
  return [value, ...words, ...lines, password, decoded(password)].filter((part) => part.length >= MIN_VALUE);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // It holds a bare per cent sign, and stands for itself.
    return text;
  }
}

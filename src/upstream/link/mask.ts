import { findCloudKeys, findJwts, findPrivateKeys } from "../../redaction/detect/credentials.ts";
import { createConcealer, TAKEN_OUT } from "../messages/without-values.ts";
import type { UpstreamOptions } from "../upstream.ts";

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
      : [...Object.values(transport.headers).flatMap(listed), ...secretsOf(transport.url)];
  const conceal = createConcealer({ values: values.flatMap(partsOf), minLength: MIN_VALUE });
  return (text) => {
    let masked = conceal(text);
    const spans = [...findPrivateKeys(masked), ...findJwts(masked), ...findCloudKeys(masked)];
    for (const { start, end } of spans.sort((a, b) => b.start - a.start)) {
      masked = `${masked.slice(0, start)}${TAKEN_OUT}${masked.slice(end)}`;
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

/** A header's values, where rules added some behind others. */
const listed = (value: string): readonly string[] => [value, ...value.split(", ")];

/** A value as a whole, its lines and longer words, and the password of a URL. */
function partsOf(value: string): readonly string[] {
  const words = value.split(/,?\s+/).filter((word) => word.length >= MIN_WORD);
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

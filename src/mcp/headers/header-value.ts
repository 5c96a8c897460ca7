/** Header values that mirror the body. 2026-07-28 transports/streamable-http, "Value Encoding". */

const PREFIX = "=?base64?";
const SUFFIX = "?=";

/** Encodes a string for `Mcp-Name` or `Mcp-Param-*`: as it is when plain ASCII, else as `=?base64?…?=`. */
export function encodeHeaderValue(value: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/.test(value);
  const looksEncoded = value.startsWith(PREFIX) && value.endsWith(SUFFIX);
  if (plain && !looksEncoded) return value;
  return `${PREFIX}${Buffer.from(value, "utf8").toString("base64")}${SUFFIX}`;
}

/** Decodes a header value; `undefined` if it has invalid characters or bad base64. @throws never */
export function decodeHeaderValue(value: string): string | undefined {
  if (!/^[\x20-\x7e\t]*$/.test(value)) return undefined;
  if (!value.startsWith(PREFIX) || !value.endsWith(SUFFIX) || value.length < PREFIX.length + SUFFIX.length) {
    return value;
  }
  const encoded = value.slice(PREFIX.length, -SUFFIX.length);
  const bytes = Buffer.from(encoded, "base64");
  // Buffer skips what is not base64 and forgives missing padding; what does not survive the round trip is refused.
  if (bytes.toString("base64") !== encoded) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

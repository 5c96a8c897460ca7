/** What stands in an `Authorization` header of the scheme Basic. */
export interface BasicCredential {
  readonly name: string;
  readonly password: string;
}

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;
const CONTROL = /\p{Cc}/u;
/** UTF-16 units of both together. apr1 takes longer for longer ones. */
const MAX_CHARS = 384;

/** Whether a header is of the scheme Basic. */
export function isBasic(authorization: string): boolean {
  return /^basic(?: |$)/i.test(authorization);
}

/**
 * Reads it: base64 without loose bits of UTF-8, a name without a colon, and no control characters (RFC 7617 §2). `undefined` of
 * everything else. @throws never
 */
export function readBasic(authorization: string): BasicCredential | undefined {
  if (authorization.length > MAX_CHARS * 4) return undefined;
  const encoded = BASIC.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  if (bytes.toString("base64").replaceAll("=", "") !== encoded.replaceAll("=", "")) return undefined;
  const text = bytes.toString("utf8");
  if (!Buffer.from(text, "utf8").equals(bytes) || text.length > MAX_CHARS || CONTROL.test(text)) return undefined;
  const colon = text.indexOf(":");
  return colon <= 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

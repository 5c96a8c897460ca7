/**
 * Whether a credential has the form of a JWT: three segments, the first of which is base64url that begins an object (RFC 7515
 * §3.1). Keys of some makers have dots, too. @throws never
 */
export function looksLikeToken(credential: string): boolean {
  const [header = "", claims, signature, more] = credential.split(".", 4);
  if (claims === undefined || signature === undefined || more !== undefined) return false;
  // Blanks may stand before it: RFC 8259 §2.
  return /^[ \t\r\n]*\{/.test(Buffer.from(header, "base64url").toString("latin1"));
}

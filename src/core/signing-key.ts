import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, sign, verify } from "node:crypto";

/** A key that signs for everybody to see: whoever has its public half can check, and cannot sign. Ed25519, RFC 8032 */
export interface SigningKey {
  /** SPKI in PEM, as `openssl pkey -pubin` takes it. RFC 8410 */
  readonly publicPem: string;
  /** The signature of a text, base64url. */
  sign(text: string): string;
  /** Whether a signature is this key's for this text. @throws never */
  verify(text: string, signature: string): boolean;
}

/** What stands before the 32 bytes of a private Ed25519 key in PKCS #8. RFC 8410 §7 */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Makes the signing key of one purpose from the gateway's 32-byte secret: the same secret has the same key. */
export function createSigningKey(secret: Uint8Array, purpose: string): SigningKey {
  const seed = Buffer.from(hkdfSync("sha256", secret, "", `portcullis/sign/v1/${purpose}`, 32));
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const publicKey = createPublicKey(key);
  return {
    publicPem: publicKey.export({ format: "pem", type: "spki" }).toString(),
    sign: (text) => sign(null, Buffer.from(text), key).toString("base64url"),
    verify: (text, signature) => verifies(publicKey, text, signature),
  };
}

function verifies(publicKey: KeyObject, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, "base64url");
  return bytes.length === 64 && verify(null, Buffer.from(text), publicKey, bytes);
}

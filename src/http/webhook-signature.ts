import { Webhook } from "standardwebhooks";

/** Whom messages are signed for. */
export interface SignedReceiver {
  /** `whsec_` and base64: the key's bytes. Any other text: its UTF-8 bytes are the key. */
  readonly secret: string;
  /** To send along; never in place of those of the message itself. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Gives the headers of one message of JSON. `id` has no full stop: these part the signed texts from each other. */
export type SignHeaders = (id: string, body: string) => Headers;

/**
 * Makes the headers of Standard Webhooks; `webhook-timestamp` is the attempt's. https://www.standardwebhooks.com
 * @throws when `secret` says that it is base64 and is not, or is empty
 */
export function createWebhookSigner(receiver: SignedReceiver, now: () => number): SignHeaders {
  const signer = new Webhook(keyOf(receiver.secret), { format: "raw" });
  const fixed = new Headers({ ...receiver.headers });
  fixed.set("content-type", "application/json");
  return (id, body) => {
    const at = new Date(now());
    const headers = new Headers(fixed);
    headers.set("webhook-id", id);
    headers.set("webhook-timestamp", String(Math.floor(at.getTime() / 1_000)));
    headers.set("webhook-signature", signer.sign(id, at, body));
    return headers;
  };
}

const SERIALISED = "whsec_";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

function keyOf(secret: string): Uint8Array {
  if (!secret.startsWith(SERIALISED)) return Buffer.from(secret, "utf8");
  const text = secret.slice(SERIALISED.length);
  // Node would skip what is not base64, and sign with a key that the receiver does not have.
  if (text === "" || !BASE64.test(text)) {
    throw new Error(`The secret of a webhook begins with ${SERIALISED}, but what follows is not base64.`);
  }
  return Buffer.from(text, "base64");
}

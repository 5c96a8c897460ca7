import type { IncomingMessage } from "node:http";
import { type Refusal, refuse } from "../core/errors.ts";

export type Body = { readonly ok: true; readonly text: string } | Refusal;

/**
 * Reads a request's body as UTF-8, at most `maxBytes` of it: a larger one is refused before a byte is read when its
 * length is announced, and as soon as it passes the bound when not. `undefined` when the client went away.
 */
export function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Body | undefined> {
  const announced = Number(incoming.headers["content-length"] ?? 0);
  if (announced > maxBytes) {
    drain(incoming, announced);
    return Promise.resolve(refuse("BODY_TOO_LARGE", limitText(maxBytes)));
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = (body: Body | undefined): void => {
      incoming.off("data", onData).off("end", onEnd).off("error", onGone).off("close", onGone);
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      done(refuse("BODY_TOO_LARGE", limitText(maxBytes)));
      drain(incoming, maxBytes * DRAIN_FACTOR);
    };
    const onEnd = (): void => {
      const [first] = chunks;
      const whole = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, size);
      done(decode(whole));
    };
    const onGone = (): void => done(undefined);
    incoming.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone);
  });
}

const DRAIN_FACTOR = 8;

// The rest is thrown away as it comes, so that the client reads its refusal instead of a reset connection; a client that
// goes on and on is cut.
function drain(incoming: IncomingMessage, upTo: number): void {
  let left = Math.min(upTo, MAX_DRAIN_BYTES);
  incoming.on("error", () => {});
  incoming.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) incoming.destroy();
  });
}

const MAX_DRAIN_BYTES = 256 * 1024 * 1024;

// Bytes that are not UTF-8 are not JSON; replacing them would let two texts become one.
function decode(bytes: Buffer): Body {
  const text = bytes.toString("utf8");
  if (text.includes("�") && !Buffer.from(text, "utf8").equals(bytes))
    return refuse("JSON_MALFORMED", "It is not UTF-8.");
  return { ok: true, text };
}

function limitText(maxBytes: number): string {
  return `The limit is ${maxBytes} bytes.`;
}

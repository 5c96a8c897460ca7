import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { withoutMark } from "../core/byte-order-mark.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { bodyTurn, takeBody } from "./held.ts";

export type Body =
  /** `bytes`: what `text` was made of, without a byte order mark. */
  | { readonly ok: true; readonly text: string; readonly bytes: Buffer }
  | (Refusal & { readonly headers?: Readonly<Record<string, string>> });

/**
 * Reads a request's body as UTF-8, at most `maxBytes` of it: a larger one is refused before a byte is read when its
 * length is announced, and as soon as it passes the bound when not. So is one for which its sender has no room left.
 * `undefined` when the client went away. Large ones are handed on one at a time, those of one sender after another's.
 */
export function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Body | undefined> {
  const announced = Number(incoming.headers["content-length"] ?? 0);
  if (announced > maxBytes) {
    drain(incoming, announced);
    return Promise.resolve(refuse("BODY_TOO_LARGE", limitText(maxBytes)));
  }
  if (announced > 0 && !takeBody(incoming, announced)) {
    drain(incoming, announced);
    return Promise.resolve(noRoom());
  }
  return new Promise((resolve) => {
    const collected =
      announced > 0
        ? createCollector(maxBytes, announced, () => true)
        : createCollector(maxBytes, maxBytes, (bytes) => takeBody(incoming, bytes));
    const done = (body: Body | undefined | Promise<Body | undefined>): void => {
      incoming.off("data", onData).off("end", onEnd).off("error", onGone).off("close", onGone);
      resolve(body);
    };
    const onData = (chunk: Buffer): void => {
      const added = collected.add(chunk);
      if (added === "added") return;
      done(added === "too_large" ? refuse("BODY_TOO_LARGE", limitText(maxBytes)) : noRoom());
      drain(incoming, maxBytes * DRAIN_FACTOR);
    };
    const onEnd = (): void => {
      const bytes = collected.whole();
      // Its client may go away while it waits, and then nobody needs it.
      if (bytes.length <= LIGHT_BYTES) done(decode(bytes));
      else done(bodyTurn(incoming).then(() => (incoming.socket.destroyed ? undefined : decode(bytes))));
    };
    const onGone = (): void => done(undefined);
    incoming.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone);
  });
}

// Most bodies are one chunk, which is kept as it is. More of them go into one buffer that doubles: a body sent byte by
// byte would otherwise cost hundreds of bytes of bookkeeping for each of its own.
// Room is taken for the buffer before it grows.
function createCollector(maxBytes: number, expected: number, take: (bytes: number) => boolean) {
  let held: Buffer = Buffer.alloc(0);
  let size = 0;
  return {
    /** Adds the chunk, if it still fits. */
    add(chunk: Buffer): "added" | "too_large" | "no_room" {
      const before = size;
      size += chunk.length;
      if (size > maxBytes) return "too_large";
      if (before === 0) {
        if (!take(size)) return "no_room";
        held = chunk;
      } else {
        if (size > held.length) {
          const length = Math.max(size, Math.min(Math.max(size * 2, MIN_GROWN_BYTES), expected));
          if (!take(length - held.length)) return "no_room";
          const grown = Buffer.allocUnsafe(length);
          held.copy(grown, 0, 0, before);
          held = grown;
        }
        chunk.copy(held, before);
      }
      return "added";
    },
    whole: (): Buffer => held.subarray(0, size),
  };
}

/** What is larger is handed on in turns: to read it takes milliseconds, in which nobody else is served. */
const LIGHT_BYTES = 16 * 1024;

const MIN_GROWN_BYTES = 16 * 1024;

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
function decode(sent: Buffer): Body {
  const bytes = withoutMark(sent);
  if (!isUtf8(bytes)) return refuse("JSON_MALFORMED", "It is not UTF-8.");
  return { ok: true, text: bytes.toString("utf8"), bytes };
}

// A moment later others' bodies have been read; to one's own one has to wait anyhow.
function noRoom(): Body {
  return { ...refuse("TOO_MANY_OPEN"), headers: { "Retry-After": "1" } };
}

function limitText(maxBytes: number): string {
  return `The limit is ${maxBytes} bytes.`;
}

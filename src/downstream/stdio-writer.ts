import type { Writable } from "node:stream";
import type { Reply } from "./reply.ts";

/** Writes one message per line. */
export interface LineWriter {
  /** Sends a message; `false` when the client has left too much unread and this one was dropped. */
  send(message: string): boolean;
  /** The way back for one request. */
  reply(): Reply;
  /** Whether the reader is behind. */
  readonly full: boolean;
  onDrain(listener: () => void): void;
}

/** Messages before an answer are dropped past `maxQueuedBytes`; answers never are, since each was asked for. */
export function createLineWriter(output: Writable, maxQueuedBytes: number): LineWriter {
  const send = (message: string): boolean => {
    if (!output.writable || output.writableLength > maxQueuedBytes) return false;
    output.write(`${message}\n`);
    return true;
  };
  return {
    send,
    reply() {
      let ended = false;
      return {
        streams: true,
        get ended() {
          return ended;
        },
        send: (message) => !ended && send(message),
        end(message, _status, written) {
          if (ended) return;
          ended = true;
          if (!output.writable) return;
          output.write(`${message.toString()}\n`, (err) => {
            if (!err) written?.();
          });
        },
        endUnauthorized: () => false,
        endEmpty() {
          ended = true;
        },
      };
    },
    get full() {
      return output.writableNeedDrain;
    },
    onDrain: (listener) => void output.once("drain", listener),
  };
}

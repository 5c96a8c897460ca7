import type { Writable } from "node:stream";
import { ANSWER, type Delivery, MESSAGE } from "../delivery.ts";
import { Outbox } from "../http/outbox.ts";
import type { Reply } from "../reply.ts";

/** Writes one message per line. */
export interface LineWriter {
  /** Sends a message; `false` when the client has left too much unread and this one was dropped. */
  send(message: string, delivery?: Delivery): boolean;
  /** The way back for one request. */
  reply(): Reply;
  /** Whether the reader is behind. */
  readonly full: boolean;
  onDrain(listener: () => void): void;
}

/** Messages that cannot be left out are refused past `maxQueuedBytes`; answers never are, since each was asked for. */
export function createLineWriter(output: Writable, maxQueuedBytes: number): LineWriter {
  const outbox = new Outbox({ output, maxBytes: maxQueuedBytes, encode: (message) => `${message}\n` });
  const send = (message: string, delivery: Delivery = MESSAGE): boolean =>
    output.writable && outbox.send(`${message}\n`, delivery);
  return {
    send,
    reply() {
      let ended = false;
      return {
        streams: true,
        get ended() {
          return ended;
        },
        send: (message, delivery) => !ended && send(message, delivery),
        end(message, _status, written) {
          if (ended) return;
          ended = true;
          if (output.writable) outbox.send(`${message.toString()}\n`, ANSWER, written);
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

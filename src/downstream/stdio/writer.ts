import type { Writable } from "node:stream";
import { ANSWER, type DeliveryClass, MESSAGE } from "../delivery-class.ts";
import { MessageQueue } from "../http/message-queue.ts";
import type { Reply } from "../reply.ts";

/** Writes one message per line. */
export interface LineWriter {
  /** Sends a message; `false` when the client has left too much unread and this one was dropped. */
  send(message: string, delivery?: DeliveryClass): boolean;
  /** The way back for one request. */
  reply(): Reply;
  /** Whether the reader is behind. */
  readonly full: boolean;
  onDrain(listener: () => void): void;
}

/** Messages that cannot be left out are refused past `maxQueuedBytes`; answers never are, since each was asked for. */
export function createLineWriter(output: Writable, maxQueuedBytes: number): LineWriter {
  const outbox = new MessageQueue({ output, maxBytes: maxQueuedBytes, encode: (message) => `${message}\n` });
  const send = (message: string, delivery: DeliveryClass = MESSAGE): boolean =>
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

import type { DeliveryClass } from "../delivery-class.ts";
import { LeftOut } from "../left-out.ts";

/** Where an outbox writes: a `Writable` or an HTTP response. */
export interface Output {
  readonly writableLength: number;
  readonly writableNeedDrain: boolean;
  write(text: string | Buffer, written?: (err?: Error | null) => void): boolean;
  once(event: "drain", listener: () => void): unknown;
}

interface Waiting {
  readonly text: string | Buffer;
  readonly delivery: DeliveryClass;
  readonly written: (() => void) | undefined;
}

/** What a stream takes at once: beyond it messages wait here, where they can still yield to later ones. */
const STREAM_BYTES = 64 * 1024;

/**
 * Messages on their way to one reader, in order. While the reader is behind, only the latest progress of a token waits,
 * and of log messages no more than there is room for, the latest; one line says how many were left out.
 */
export class MessageQueue {
  readonly #output: Output;
  readonly #maxBytes: number;
  readonly #encode: (message: string) => string;
  readonly #onBytes: (bytes: number) => void;
  readonly #waiting = new Map<string | number, Waiting>();
  readonly #leftOut = new LeftOut();
  #bytes = 0;
  /** Of these, answers: as many as were asked for, so that they take nobody's room. */
  #answerBytes = 0;
  #count = 0;
  #hears = false;

  /** `encode` puts a message of this class's own in the form of the stream; `onBytes` hears how many bytes wait here. */
  constructor(options: {
    readonly output: Output;
    readonly maxBytes: number;
    readonly encode: (message: string) => string;
    readonly onBytes?: (bytes: number) => void;
  }) {
    this.#output = options.output;
    this.#maxBytes = options.maxBytes;
    this.#encode = options.encode;
    this.#onBytes = options.onBytes ?? (() => {});
  }

  get empty(): boolean {
    return this.#waiting.size === 0;
  }

  /**
   * Sends a message that is encoded already. `false` where more waits than may, and none of it can be left out: then this
   * one is not taken. `written` is called once it has left.
   */
  send(text: string | Buffer, delivery: DeliveryClass, written?: () => void): boolean {
    if (this.empty && !this.#isBehind()) {
      this.#write(text, written);
      return true;
    }
    const taken = this.#wait({ text, delivery, written });
    this.#listen();
    this.#onBytes(this.#bytes);
    return taken;
  }

  /** Hands all that waits to the stream, which is about to end. */
  flush(): void {
    while (!this.empty) this.#next();
    this.#onBytes(0);
  }

  /** Forgets what waits: nobody reads it any more. */
  clear(): void {
    this.#waiting.clear();
    this.#bytes = 0;
    this.#answerBytes = 0;
    this.#onBytes(0);
  }

  get #room(): number {
    return this.#maxBytes + this.#answerBytes - this.#bytes;
  }

  #isBehind(): boolean {
    return this.#output.writableNeedDrain && this.#output.writableLength >= STREAM_BYTES;
  }

  #wait(waiting: Waiting): boolean {
    const { delivery } = waiting;
    this.#count += 1;
    const key = "about" in delivery ? delivery.about : this.#count;
    // What takes another's place waits at the end, behind what came in between.
    this.#remove(key);
    if (this.#room < 0 && delivery.kind !== "answer" && !this.#makeRoom()) {
      if (delivery.kind === "log") this.#leftOut.add(delivery.level);
      return delivery.kind === "log" || delivery.kind === "progress";
    }
    this.#waiting.set(key, waiting);
    this.#countBytes(waiting, waiting.text.length);
    return true;
  }

  // Half of the room at once, so that a flood is not searched again for each of its messages.
  #makeRoom(): boolean {
    for (const kind of ["log", "progress"] as const) {
      for (const [key, { delivery }] of this.#waiting) {
        if (this.#room >= this.#maxBytes / 2) return true;
        if (delivery.kind !== kind) continue;
        if (delivery.kind === "log") this.#leftOut.add(delivery.level);
        this.#remove(key);
      }
    }
    return this.#room >= 0;
  }

  #remove(key: string | number): void {
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) return;
    this.#waiting.delete(key);
    this.#countBytes(waiting, -waiting.text.length);
  }

  #countBytes({ delivery }: Waiting, bytes: number): void {
    this.#bytes += bytes;
    if (delivery.kind === "answer") this.#answerBytes += bytes;
  }

  #listen(): void {
    if (this.#hears || this.empty) return;
    this.#hears = true;
    this.#output.once("drain", () => {
      this.#hears = false;
      while (!this.empty && !this.#isBehind()) this.#next();
      this.#listen();
      this.#onBytes(this.#bytes);
    });
  }

  #next(): void {
    const line = this.#leftOut.take();
    if (line !== undefined) this.#write(this.#encode(line));
    for (const [key, { text, written }] of this.#waiting) {
      this.#remove(key);
      this.#write(text, written);
      return;
    }
  }

  #write(text: string | Buffer, written?: () => void): void {
    if (written === undefined) this.#output.write(text);
    else
      this.#output.write(text, (err) => {
        if (!err) written();
      });
  }
}

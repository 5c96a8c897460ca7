import type { Writable } from "node:stream";
import type { SendResult } from "./message-channel.ts";

/** What may wait for a process to read it, in characters; one message of any size may while nothing else does. */
const MAX_WAITING = 16 * 1024 * 1024;
/** What is handed to the pipe ahead of what the process has read, in bytes. */
const MAX_AHEAD = 64 * 1024;

interface Waiting {
  readonly text: string;
  readonly isWanted: () => boolean;
  readonly resolve: (sent: SendResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Lines on their way into a process. Many processes read nothing while they work: what waits is bounded, and what nobody
 * wants any more (its caller left, its time is over) is dropped.
 */
export class StdinQueue {
  readonly #stdin: Writable;
  #waiting: Waiting[] = [];
  #size = 0;

  constructor(stdin: Writable) {
    this.#stdin = stdin;
    stdin.on("drain", () => this.#pump());
    stdin.on("close", () => this.#fail(new Error("Its input is closed.")));
  }

  /** Resolves when the line is written or dropped; `full` if too much waits. @throws when the input is closed */
  send(text: string, isWanted: () => boolean): Promise<SendResult> {
    this.#dropUnwanted();
    if (this.#size > 0 && this.#size + text.length > MAX_WAITING) return Promise.resolve("full");
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, isWanted, resolve, reject });
      this.#size += text.length;
      this.#pump();
    });
  }

  /** Closes the input behind what was handed to the pipe. */
  end(): void {
    this.#fail(new Error("The connection is closed."));
    this.#stdin.end();
  }

  #pump(): void {
    while (this.#stdin.writableLength < MAX_AHEAD) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#size -= next.text.length;
      if (!next.isWanted()) next.resolve("sent");
      else
        this.#stdin.write(`${next.text}\n`, (error) => {
          if (error) next.reject(error);
          else next.resolve("sent");
        });
    }
  }

  #dropUnwanted(): void {
    this.#waiting = this.#waiting.filter(({ text, isWanted, resolve }) => {
      if (isWanted()) return true;
      this.#size -= text.length;
      resolve("sent");
      return false;
    });
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting) reject(error);
    this.#waiting = [];
    this.#size = 0;
  }
}

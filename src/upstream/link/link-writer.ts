import { doneWithin } from "../../core/deadline.ts";
import { describeError } from "../messages/fault.ts";
import type { MessageChannel } from "../process/message-channel.ts";

/** How long a connection that is closed waits until what was sent over it is written. */
const WRITTEN_MS = 500;

/** Writes to one message channel, and knows what is still on its way. */
export class LinkWriter {
  readonly #writes = new Set<Promise<void>>();
  readonly #onBroken: (channel: MessageChannel, detail: string) => void;

  /** `onBroken`: nothing can be written any more. */
  constructor(onBroken: (channel: MessageChannel, detail: string) => void) {
    this.#onBroken = onBroken;
  }

  /** Sends a text, if it `isWanted` when its turn comes. `full`: too much waits already. @throws never */
  async write(channel: MessageChannel, text: string, full: () => void, isWanted?: () => boolean): Promise<void> {
    const write = channel.send(text, isWanted).then(
      (sent) => {
        if (sent === "full") full();
      },
      (error: unknown) => this.#onBroken(channel, `Its input broke (${describeError(error)}).`),
    );
    this.#writes.add(write);
    await write;
    this.#writes.delete(write);
  }

  /** Waits until all is written, but not for ever: what does not read would have it wait so. */
  async flush(): Promise<void> {
    await doneWithin(WRITTEN_MS, Promise.all(this.#writes));
  }
}

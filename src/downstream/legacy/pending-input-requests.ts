import type { InputRequest, InputResponse } from "../../core/call.ts";
import type { Cancellation } from "../../core/cancellation.ts";
import { encodeNotification, encodeRequest } from "../../mcp/encode.ts";
import { asClientParams } from "../../mcp/members/era-members.ts";
import type { RpcId } from "../../mcp/messages.ts";

interface Pending {
  readonly deadline: number;
  readonly send: (message: string) => boolean;
  settle(response: InputResponse): void;
}

/**
 * The requests that this side has put to one legacy client and that wait for its answer, under ids of our own: the
 * upstream's never reach the client.
 */
export class PendingInputRequests {
  readonly #prefix: string;
  readonly #max: number;
  readonly #maxMs: number;
  readonly #now: () => number;
  readonly #pending = new Map<RpcId, Pending>();
  #count = 0;

  /** `prefix` makes ids that an earlier process of this session did not use. */
  constructor(options: {
    readonly prefix: string;
    readonly max: number;
    readonly maxMs: number;
    readonly now: () => number;
  }) {
    this.#prefix = options.prefix;
    this.#max = options.max;
    this.#maxMs = options.maxMs;
    this.#now = options.now;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Sends `ask` through `send` and waits for the answer, a cancellation, or the end of its time. @throws never */
  put(
    inputRequest: InputRequest,
    send: (message: string) => boolean,
    cancellation?: Cancellation,
  ): Promise<InputResponse> {
    if (this.#pending.size >= this.#max) return Promise.resolve(failure("Too many questions wait for this client."));
    this.#count += 1;
    const id = `${this.#prefix}${this.#count}`;
    return new Promise((resolve) => {
      let stopListening = (): void => {};
      this.#pending.set(id, {
        deadline: this.#now() + this.#maxMs,
        send,
        settle: (response) => {
          this.#pending.delete(id);
          stopListening();
          resolve(response);
        },
      });
      if (!send(encodeRequest(id, { ...inputRequest, params: asClientParams(inputRequest.params) }))) {
        this.#pending.get(id)?.settle(failure("The client has no open stream on which it could be asked."));
        return;
      }
      stopListening = cancellation?.onCancel((reason) => this.#withdraw(id, reason)) ?? stopListening;
    });
  }

  /** Hands in the client's answer. Whether anything waited for it. */
  answer(id: RpcId, response: InputResponse): boolean {
    const pending = this.#pending.get(id);
    pending?.settle(response);
    return pending !== undefined;
  }

  /** Withdraws the input requests whose time is over. */
  sweep(now: number): void {
    for (const [id, pending] of this.#pending) {
      if (now < pending.deadline) break;
      this.#withdraw(id, "no answer in time");
    }
  }

  /** Answers all of them with an error: the client is gone. */
  close(): void {
    for (const pending of this.#pending.values()) pending.settle(failure("The client's session has ended."));
  }

  // The client is told, so that it can close the question it shows.
  #withdraw(id: RpcId, reason: string): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    pending.send(encodeNotification("notifications/cancelled", { requestId: id, reason }));
    pending.settle(failure("The client did not answer."));
  }
}

function failure(message: string): InputResponse {
  return { ok: false, error: { code: -32603, message } };
}

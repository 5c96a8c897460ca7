import type { Notification } from "../../core/call.ts";
import { writeExact } from "../../core/exact-json.ts";
import type { Intake } from "../messages/intake.ts";
import { weightOf } from "../waiting/flood.ts";

/** How long a resource that was told of rests: an update says no more than that one happened since. */
const GAP_MS = 100;
/** Resources that rest at once; of more, each update is told, and slows down what the server says. */
const MAX_RESTING = 1_000;

/**
 * Tells updates of resources, the first of each at once and those that follow closely as one. What is told to many is as
 * much work as if it was said so often, and is counted so.
 */
export class Updates {
  readonly #intake: Pick<Intake, "allowance" | "later">;
  readonly #deliver: (notification: Notification) => number;
  /** By URI, with the latest update that was not told yet. */
  readonly #resting = new Map<string, Notification | undefined>();

  /** `tell` returns how many it told. */
  constructor(intake: Pick<Intake, "allowance" | "later">, deliver: (notification: Notification) => number) {
    this.#intake = intake;
    this.#deliver = deliver;
  }

  /** Tells of an update of this resource, or will. */
  updated(uri: string, notification: Notification): void {
    if (this.#resting.has(uri)) this.#resting.set(uri, notification);
    else if (this.#resting.size >= MAX_RESTING) this.#deliverNow(notification);
    else {
      this.#resting.set(uri, notification);
      if (this.#intake.allowance.isSpent) this.#wait(uri);
      else this.#next(uri);
    }
  }

  /** Forgets what was not told yet. */
  clear(): void {
    this.#resting.clear();
  }

  #wait(uri: string): void {
    this.#intake.allowance.wait(() => this.#next(uri));
  }

  #next(uri: string): void {
    const notification = this.#resting.get(uri);
    this.#resting.delete(uri);
    if (notification === undefined) return;
    this.#resting.set(uri, undefined);
    this.#intake.later(() => this.#rested(uri), GAP_MS).unref();
    this.#deliverNow(notification);
  }

  #rested(uri: string): void {
    if (this.#resting.get(uri) === undefined) this.#resting.delete(uri);
    else this.#wait(uri);
  }

  #deliverNow(notification: Notification): void {
    const told = this.#deliver(notification);
    this.#intake.allowance.spend(told * weightOf(Buffer.from(writeExact(notification.params))));
  }
}

import type { Notification } from "../../core/call.ts";
import type { Intake } from "../messages/intake.ts";
import type { Subscription } from "../upstream.ts";
import type { SubscribeAnswer } from "./connection.ts";
import { Updates } from "./updates.ts";

interface Watched {
  readonly listeners: Set<(notification: Notification) => void>;
  answer: Promise<SubscribeAnswer>;
  /** Whether the server agreed; one that was never agreed to has its own first attempt under way. */
  active: boolean;
}

/** The resources that one peer watches, counted, so that the server hears of each of them once. */
export class Subscriptions {
  readonly #watched = new Map<string, Watched>();
  readonly #open: (uri: string) => Promise<SubscribeAnswer>;
  readonly #end: (uri: string) => void;
  readonly #intake: Pick<Intake, "allowance" | "later" | "own">;
  readonly #updates: Updates;

  constructor(
    open: (uri: string) => Promise<SubscribeAnswer>,
    end: (uri: string) => void,
    intake: Pick<Intake, "allowance" | "later" | "own">,
  ) {
    this.#open = open;
    this.#end = end;
    this.#intake = intake;
    this.#updates = new Updates(intake, (notification) => this.#deliver(notification));
  }

  get size(): number {
    return this.#watched.size;
  }

  async add(uri: string, listener: (notification: Notification) => void): Promise<Subscription> {
    const own = (notification: Notification): void => listener(notification);
    let watched = this.#watched.get(uri);
    if (watched === undefined) {
      watched = { listeners: new Set(), answer: this.#open(uri), active: false };
      this.#watched.set(uri, watched);
    }
    const entry = watched;
    entry.listeners.add(own);
    const remove = (unsubscribe: boolean): void => {
      if (!entry.listeners.delete(own) || entry.listeners.size > 0 || this.#watched.get(uri) !== entry) return;
      this.#watched.delete(uri);
      if (unsubscribe) this.#end(uri);
    };
    const answer = await entry.answer;
    if (answer.ok) {
      entry.active = true;
      return { ok: true, close: () => remove(true) };
    }
    remove(false);
    return answer;
  }

  /**
   * Subscribes again on a new connection. Listeners are told of an update, because one may have happened meanwhile.
   */
  renew(onAnswer: (uri: string, answer: SubscribeAnswer) => void): void {
    for (const [uri, watched] of this.#watched) {
      if (!watched.active) continue;
      watched.answer = this.#renewed(uri, watched, onAnswer);
      this.#intake.own(watched.answer);
    }
  }

  async #renewed(
    uri: string,
    watched: Watched,
    onAnswer: (uri: string, answer: SubscribeAnswer) => void,
  ): Promise<SubscribeAnswer> {
    const answer = await this.#open(uri);
    onAnswer(uri, answer);
    if (answer.ok) {
      for (const listener of watched.listeners)
        listener({ method: "notifications/resources/updated", params: { uri } });
    }
    return answer;
  }

  /** Tells those who watch this resource, or a resource that it is a part of. */
  updated(notification: Notification): void {
    const uri = notification.params["uri"];
    if (typeof uri === "string" && this.#watching(uri).length > 0) this.#updates.updated(uri, notification);
  }

  #deliver(notification: Notification): number {
    const listeners = this.#watching(String(notification.params["uri"])).flatMap((watched) => [...watched.listeners]);
    for (const listener of listeners) listener(notification);
    return listeners.length;
  }

  #watching(uri: string): readonly Watched[] {
    return [...this.#watched].flatMap(([watchedUri, watched]) => (covers(watchedUri, uri) ? [watched] : []));
  }

  clear(): void {
    this.#watched.clear();
    this.#updates.clear();
  }
}

/** Whether a subscription to `watched` wants updates of `uri`: of itself, or of a part of it. Resources, "Subscriptions". */
export function covers(watched: string, uri: string): boolean {
  return uri === watched || uri.startsWith(watched.endsWith("/") ? watched : `${watched}/`);
}

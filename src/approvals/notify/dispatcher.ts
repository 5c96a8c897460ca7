import type { Log } from "../../core/log.ts";
import type { Outbox, OutboxMessage } from "../../store/approvals/outbox.ts";
import type { Delivery, Notifier } from "./notifier.ts";
import { nextAttempt } from "./retry.ts";

/** Times in ms, and a bound. */
export interface DispatchTiming {
  /** How long a message is this process's own. Longer than any attempt: nobody sends what is still being sent. */
  readonly leaseMs: number;
  /** Attempts at once with one notifier. A slow one holds up nobody else. */
  readonly perNotifier: number;
  /** The outbox is looked into at least so often: other processes write to it, too. */
  readonly lookMs: number;
  /** How soon it is looked into again for what is due and cannot be had yet, or after a fault of the store. */
  readonly pauseMs: number;
  /** How long `close` waits for attempts before it cuts them off. */
  readonly closeMs: number;
}

const DEFAULT_TIMING: DispatchTiming = {
  leaseMs: 90_000,
  perNotifier: 4,
  lookMs: 30_000,
  pauseMs: 2_000,
  closeMs: 3_000,
};

export interface DispatcherDeps {
  readonly outbox: Pick<Outbox, "claimDue" | "done" | "failed" | "nextDue">;
  readonly notifiers: ReadonlyMap<string, Notifier>;
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Where people find a request. */
  readonly link: (requestId: string) => string;
  readonly timing?: Partial<DispatchTiming>;
}

/** Sends what waits in the outbox. */
export interface Dispatcher {
  /** Something was written in this process: look now. */
  kick(): void;
  /** Takes no more, waits for attempts under way and cuts off what takes too long; that is due again at once. */
  close(): Promise<void>;
}

/**
 * Sends messages from the outbox, each until it is taken or given up. At least once: a message whose end could not be
 * written down is sent again under the same id. It begins at once, with what an earlier process left.
 */
export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  const { outbox, notifiers, log, now } = deps;
  const timing = { ...DEFAULT_TIMING, ...deps.timing };
  const busy = new Map<string, number>();
  const attempts = new Map<AbortController, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;
  let lookAgain = false;
  let closed = false;

  function kick(): void {
    if (closed) return;
    lookAgain = true;
    looking ??= look().finally(() => {
      looking = undefined;
      // Asked for after the last look, before this.
      if (lookAgain) kick();
    });
  }

  async function look(): Promise<void> {
    clearTimeout(timer);
    let wait = timing.pauseMs;
    try {
      while (lookAgain && !closed) {
        lookAgain = false;
        await takeDue();
      }
      wait = untilDue(await outbox.nextDue());
    } catch (err) {
      lookAgain = false;
      log.warn({ err }, "Notifications wait: the outbox could not be read.");
    }
    if (closed) return;
    timer = setTimeout(kick, wait);
    // What waits is in the store; it is no reason to keep a process alive.
    timer.unref();
  }

  async function takeDue(): Promise<void> {
    for (;;) {
      const full = [...notifiers.keys()].filter((name) => free(name) <= 0);
      const others = [...notifiers.keys()].filter((name) => free(name) > 0);
      // So few that each can begin at once, whomever they are for: a lease is not spent waiting.
      const limit = Math.min(timing.perNotifier, ...others.map(free));
      const messages = await outbox.claimDue(now(), limit, timing.leaseMs, full);
      for (const message of messages) begin(message);
      if (messages.length < limit || closed) return;
    }
  }

  function free(name: string): number {
    return timing.perNotifier - (busy.get(name) ?? 0);
  }

  /** What is due and was not given waits for something else: for an earlier message, or for a place. */
  function untilDue(due: number | undefined): number {
    if (due === undefined) return timing.lookMs;
    const ms = due - now();
    return ms <= 0 ? timing.pauseMs : Math.min(ms, timing.lookMs);
  }

  function begin(message: OutboxMessage): void {
    const { notifier } = message;
    const controller = new AbortController();
    busy.set(notifier, (busy.get(notifier) ?? 0) + 1);
    const attempt = deliver(message, controller).finally(() => {
      attempts.delete(controller);
      const left = (busy.get(notifier) ?? 1) - 1;
      if (left === 0) busy.delete(notifier);
      else busy.set(notifier, left);
      kick();
    });
    attempts.set(controller, attempt);
  }

  async function deliver(message: OutboxMessage, controller: AbortController): Promise<void> {
    try {
      const notifier = notifiers.get(message.notifier);
      const sent: Delivery =
        notifier === undefined
          ? NO_NOTIFIER
          : await send(notifier, message, deps.link(message.notice.requestId), controller);
      if (sent.ok) await outbox.done(message.id, now());
      else await refused(message, sent);
    } catch (err) {
      log.warn({ err, ...facts(message) }, "A notification's end could not be stored; it may be sent again.");
    }
  }

  async function refused(message: OutboxMessage, sent: Exclude<Delivery, { readonly ok: true }>): Promise<void> {
    const at = now();
    const { error } = sent;
    if (closed && sent.retry) {
      await outbox.failed(message.id, error, at, at);
      return;
    }
    const nextAt = sent.retry ? nextAttempt(message, at, sent.retryAfterMs ?? 0, deps.random) : undefined;
    await outbox.failed(message.id, error, at, nextAt);
    const line = { ...facts(message), attempts: message.attempts, error };
    if (nextAt === undefined) log.error(line, "A notification was given up.");
    else log.warn({ ...line, nextInMs: nextAt - at }, "A notification was not taken; it is sent again later.");
  }

  async function close(): Promise<void> {
    closed = true;
    clearTimeout(timer);
    await looking;
    const cutOff = setTimeout(() => {
      for (const controller of attempts.keys()) controller.abort();
    }, timing.closeMs);
    await Promise.all(attempts.values());
    clearTimeout(cutOff);
  }

  kick();
  return { kick, close };
}

const NO_NOTIFIER: Delivery = {
  ok: false,
  error: "the configuration has no notifier of this name any more",
  retry: false,
};

/** One attempt, cut off when its notifier's time is over. */
async function send(
  notifier: Notifier,
  { dedupeKey: id, notice }: OutboxMessage,
  url: string,
  controller: AbortController,
): Promise<Delivery> {
  const cutOff = setTimeout(() => controller.abort(), notifier.timeoutMs);
  try {
    return await notifier.send({ id, notice, url }, controller.signal);
  } finally {
    clearTimeout(cutOff);
  }
}

function facts(message: OutboxMessage) {
  return { notifier: message.notifier, kind: message.notice.kind, request: message.notice.requestId };
}

import type { Log } from "../../core/log.ts";
import { createEmailNotifier, type EmailOptions } from "./email.ts";
import type { Notifier } from "./notifier.ts";
import { createSlackNotifier, type SlackOptions } from "./slack.ts";
import { createWebhookNotifier, type WebhookOptions } from "./webhook.ts";

/** One entry of `notifiers:`; exactly one of the kinds. */
export interface NotifierOptions {
  readonly name: string;
  readonly webhook: WebhookOptions | undefined;
  readonly slack: SlackOptions | undefined;
  readonly email: EmailOptions | undefined;
}

export interface NotifierDeps {
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** The notifiers by name. @throws Error that names the entry when one cannot work; never with its secrets */
export function createNotifiers(
  entries: readonly NotifierOptions[],
  deps: NotifierDeps,
): ReadonlyMap<string, Notifier> {
  return new Map(entries.map((entry) => [entry.name, create(entry, deps)]));
}

function create({ name, webhook, slack, email }: NotifierOptions, { log, now }: NotifierDeps): Notifier {
  try {
    if (webhook !== undefined) return createWebhookNotifier(webhook, now);
    if (slack !== undefined) return createSlackNotifier(slack, now);
    if (email !== undefined) return createEmailNotifier(email, log);
  } catch (err) {
    throw new Error(`notifiers.${name}: ${err instanceof Error ? err.message : "it cannot be used."}`);
  }
  throw new Error(`notifiers.${name}: it is neither a webhook nor Slack nor e-mail.`);
}

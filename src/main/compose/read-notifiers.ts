import { createNotifiers } from "../../approvals/notify/create-notifiers.ts";
import type { Notifier } from "../../approvals/notify/notifier.ts";
import type { Config } from "../../config/schema/schema.ts";
import type { Log } from "../../core/log.ts";

/** The notifiers by name, or which of them cannot be used, ready to print. */
export type Notifying =
  | { readonly ok: true; readonly notifiers: ReadonlyMap<string, Notifier> }
  | { readonly ok: false; readonly error: string };

/** Makes the notifiers of a configuration. */
export function readNotifiers(config: Config, deps: { readonly log: Log; readonly now: () => number }): Notifying {
  try {
    return { ok: true, notifiers: createNotifiers(config.notifiers, deps) };
  } catch (err) {
    return { ok: false, error: err instanceof Error ? err.message : "A notifier cannot be used." };
  }
}

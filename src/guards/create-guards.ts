import type { Config } from "../config/schema/schema.ts";
import type { InputSchemas } from "../policy/input-schemas/input-schemas.ts";
import { createArgumentsGuard } from "./arguments-guard.ts";
import { type Guard, guardError } from "./guard.ts";
import type { Guards } from "./guards.ts";
import { createWebhookGuard } from "./webhook-guard.ts";

/** One entry of `guards:`. */
type GuardOptions = Config["guards"][number];

export interface GuardsDeps {
  readonly inputSchemas: InputSchemas;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** The guard that needs no configuration. */
const BUILT_IN = "arguments";

/** Makes the guards of the configuration, and the one that is built in. @throws when the secret of one cannot be used */
export function createGuards(options: readonly GuardOptions[], deps: GuardsDeps): Guards {
  const guards = new Map<string, Guard>([[BUILT_IN, createArgumentsGuard(deps.inputSchemas)]]);
  for (const each of options) guards.set(each.name, guardOf(each, deps));
  return {
    async check(name, phase, input, content, cancellation) {
      const guard = guards.get(name);
      if (guard === undefined) return guardError("No guard of the configuration has this name.");
      if (cancellation.cancelled) return guardError("The request was given up.");
      try {
        return await guard({ phase, input, content, cancellation });
      } catch {
        // Whatever it was, its message could hold what the guard was shown.
        return guardError("It failed in a way that nobody foresaw.");
      }
    },
  };
}

function guardOf({ webhook }: GuardOptions, { now }: GuardsDeps): Guard {
  if (webhook !== undefined) return createWebhookGuard(webhook, now);
  throw new Error("A guard of the configuration has no way to ask it.");
}

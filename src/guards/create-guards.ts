import type { Config } from "../config/schema/schema.ts";
import { ARGUMENTS_GUARD } from "../policy/file/schema.ts";
import type { InputSchemas } from "../policy/input-schemas/input-schemas.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import { createArgumentsGuard } from "./arguments-guard.ts";
import { createExtMcpGuard } from "./ext-mcp-guard.ts";
import { type Guard, guardError } from "./guard.ts";
import type { Guards } from "./guards.ts";
import { createMcpGuard } from "./mcp-guard.ts";
import { createWebhookGuard } from "./webhook-guard.ts";

/** One entry of `guards:`. */
type GuardOptions = Config["guards"][number];

export interface GuardsDeps {
  readonly inputSchemas: InputSchemas;
  /** Those of the configuration that are guards, too. */
  readonly upstreams: Pick<Upstreams, "get">;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** The guards of one configuration, with what they keep open. */
export interface OpenGuards extends Guards {
  /** Ends their connections. */
  close(): void;
}

/** Makes the guards of the configuration, and the one that is built in. @throws when the secret of one cannot be used */
export function createGuards(options: readonly GuardOptions[], deps: GuardsDeps): OpenGuards {
  const guards = new Map<string, Guard>([[ARGUMENTS_GUARD, createArgumentsGuard(deps.inputSchemas)]]);
  const open: (() => void)[] = [];
  for (const { name, webhook, extMcp, mcp } of options) {
    if (webhook !== undefined) guards.set(name, createWebhookGuard(webhook, deps.now));
    if (mcp !== undefined) guards.set(name, createMcpGuard(mcp, deps.upstreams));
    if (extMcp !== undefined) {
      const { guard, close } = createExtMcpGuard(extMcp);
      guards.set(name, guard);
      open.push(close);
    }
  }
  return {
    close() {
      for (const close of open) close();
    },
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

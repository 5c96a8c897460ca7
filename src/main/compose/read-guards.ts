import type { Config } from "../../config/schema/schema.ts";
import { createGuards, type GuardsDeps, type OpenGuards } from "../../guards/create-guards.ts";

/** The guards of a configuration, or which of them cannot be used, ready to print. */
type Guarding = { readonly ok: true; readonly guards: OpenGuards } | { readonly ok: false; readonly error: string };

/** Makes the guards of a configuration. */
export function readGuards(config: Config, deps: GuardsDeps): Guarding {
  try {
    return { ok: true, guards: createGuards(config.guards, deps) };
  } catch (err) {
    return { ok: false, error: err instanceof Error ? err.message : "A guard cannot be used." };
  }
}

import type { InputSchemas } from "../policy/input-schemas/input-schemas.ts";
import { type Guard, guardError } from "./guard.ts";
import type { GuardAnswer } from "./guards.ts";

/** Misfits that a message names. */
const MAX_TOLD = 3;

const PASS: GuardAnswer = { kind: "pass", labels: [] };

/**
 * The guard that is built in: holds the arguments of a tool against its own `inputSchema`. Of results, prompts and resources,
 * which have no such schema, it has nothing to say.
 */
export function createArgumentsGuard(schemas: InputSchemas): Guard {
  return async ({ phase, input, content }) => {
    if (phase !== "request" || input.subject.kind !== "tool") return PASS;
    const fit = schemas.fit(input.subject.definition["inputSchema"], content);
    switch (fit.kind) {
      case "fits":
        return PASS;
      case "misfits":
        return { kind: "deny", message: fit.misfits.slice(0, MAX_TOLD).join(" "), labels: [] };
      case "unknown":
        return guardError(`The tool's schema cannot be used: ${fit.reason}.`);
      default:
        return fit satisfies never;
    }
  };
}

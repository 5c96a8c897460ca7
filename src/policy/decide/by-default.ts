import type { Decision } from "../../core/decision.ts";
import { USES } from "../../core/subject.ts";
import { defaultKeyOf, levelText } from "../levels.ts";
import type { PolicyInput } from "../policy-set.ts";
import { levelsOf, type WantedAllows } from "./level-defaults.ts";

/** Why something is refused that no policy of a level allows, where that is wanted. No policy's id can have a dot. */
export function deniedByDefault(
  { subject: { kind, upstream }, request: { endpoint } }: PolicyInput,
  missing: WantedAllows,
) {
  const request = kind === "tool" ? "call" : "request";
  const [level = "gateway"] = levelsOf(missing, endpoint, upstream);
  const policy = level === "gateway" ? "policy" : `policy of ${levelText(level)}`;
  const message = `No ${policy} allows this ${request}, and without one ${request}s are denied. An operator can add an allow policy.`;
  return { effect: "deny", policy: defaultKeyOf(level), message } as const;
}

/** The verdict where no policy fits. `set`: the digest of them all. */
export function verdictOfNone(set: string, wanted: WantedAllows, input: PolicyInput): Decision {
  if (wanted === 0) return { matched: [], set, effect: "allow" };
  const hidden = input.request.method === USES[input.subject.kind] && ({ hidden: true } as const);
  return { matched: [], set, ...hidden, ...deniedByDefault(input, wanted) };
}

import type { Decision, Match } from "../core/decision.ts";
import { redact } from "./secrets/redact.ts";

/** What counted in a decision, then what was only evaluated, as the record keeps it. */
export function policiesText({ matched, unapplied }: Decision): string {
  return matchesText(unapplied === undefined ? matched : [...matched, ...unapplied]);
}

/** The same of a list of matches. */
export function matchesText(matches: readonly Match[]): string {
  return JSON.stringify(matches.some(({ said }) => said !== undefined) ? matches.map(withoutSecrets) : matches);
}

/** Whoever was asked may repeat what it was shown. */
function withoutSecrets(match: Match): Match {
  const { said } = match;
  if (said === undefined) return match;
  const { reason, labels } = redact({ reason: said.reason ?? null, labels: said.labels ?? null });
  return {
    ...match,
    said: {
      ...{ by: said.by, answer: said.answer },
      ...(typeof reason === "string" && { reason }),
      ...(Array.isArray(labels) && { labels: labels.filter((label) => typeof label === "string") }),
    },
  };
}

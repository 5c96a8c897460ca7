import { jsonIn } from "../../audit/read/read-matches.ts";
import { CALLS_LEFT_OUT } from "../../core/call-outcome.ts";
import { grouped } from "../../core/counted.ts";
import { isObject } from "../../core/json.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";

/** Whether an outcome on record is that of a row which stands for many calls. */
export function isLeftOut(outcome: string | null): boolean {
  return outcome === CALLS_LEFT_OUT;
}

/** What such a row says, to follow a name. */
export function leftOutWords({ outcome, facts }: Pick<AuditEntry, "outcome" | "facts">): string | undefined {
  if (!isLeftOut(outcome)) return undefined;
  const said = jsonIn(facts);
  const calls = isObject(said) ? Number(said["calls"]) : Number.NaN;
  const times = calls === 1 ? "once more" : `${Number.isFinite(calls) ? grouped(calls) : "many"} more times`;
  return `asked for what nobody knew, or in a form that was refused, ${times}: that was only counted.`;
}

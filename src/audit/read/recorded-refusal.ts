import { isObject } from "../../core/json.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { jsonIn } from "./read-matches.ts";

/** What a row says of requests that were refused. */
export interface RecordedRefusal {
  /** The face that refused: `mcp`, `stdio`, `api`, `console`, `sign_in`. */
  readonly at: string | undefined;
  /** `none`, `bearer`, `key`, `basic`, `cookie`, `other`; `undefined`: of many. */
  readonly credential: string | undefined;
  /** Who made the token as it says itself, which nobody has verified. */
  readonly claimedIssuer: string | undefined;
  /** For how many the row stands. */
  readonly count: number;
  /** Since when they came, RFC 3339; `undefined`: it is the first. */
  readonly since: string | undefined;
  /** Of a sign-in. */
  readonly reason: string | undefined;
}

/** What a row says that stands for requests which were refused, or for sign-ins to the console; `undefined` of every other. @throws never */
export function recordedRefusal({
  kind,
  outcome,
  facts,
}: Pick<AuditEntry, "kind" | "outcome" | "facts">): RecordedRefusal | undefined {
  if (kind !== "refused" && outcome !== "console_sign_in_refused") return undefined;
  const said = jsonIn(facts);
  const text = (name: string): string | undefined => {
    const value = isObject(said) ? said[name] : undefined;
    return typeof value === "string" ? value : undefined;
  };
  const count = isObject(said) ? Number(said["count"]) : Number.NaN;
  return {
    ...{ at: text("at"), credential: text("credential"), claimedIssuer: text("claimed_issuer") },
    ...{ count: Number.isSafeInteger(count) && count > 0 ? count : 1, since: text("since"), reason: text("reason") },
  };
}

import { isObject, type JsonObject } from "../core/json.ts";
import { claimsSeenOf } from "../core/policy-names.ts";
import type { Seal } from "../core/seal.ts";
import type { AuditRow } from "../store/audit/audit-row.ts";
import type { AuditOpening } from "./audit.ts";

/** What a sealed column holds of a call. Rows of the first version hold arguments only. */
export interface SealedArguments {
  readonly arguments: JsonObject;
  /** Those that came, where policies made others of them. */
  readonly given: JsonObject | undefined;
  /** Those that policies saw. */
  readonly claims: JsonObject | undefined;
  readonly headers: JsonObject | undefined;
}

/** `args`: those that are kept. Bound to its call, so that a sealed text moved to another row does not pass for that row's. It never expires. */
export function sealArguments(seal: Seal, opening: AuditOpening, args = opening.arguments): string {
  const { callId, principal, headers, given } = opening;
  return seal.seal(
    { call: callId, arguments: args, given, claims: claimsSeenOf(principal), headers },
    Number.MAX_SAFE_INTEGER,
  );
}

/**
 * What was sealed with a row; `undefined` if nothing was, under another key, or if the text belongs to another call.
 * @throws never
 */
export function openSealedArguments(
  seal: Seal,
  row: Pick<AuditRow, "callId" | "argumentsSealed">,
): SealedArguments | undefined {
  if (row.argumentsSealed === null) return undefined;
  const opened = seal.open(row.argumentsSealed, 0);
  if (opened === undefined || opened["call"] !== row.callId || !isObject(opened["arguments"])) return undefined;
  const { arguments: args, given, claims, headers } = opened;
  return {
    arguments: args,
    given: isObject(given) ? given : undefined,
    claims: isObject(claims) ? claims : undefined,
    headers: isObject(headers) ? headers : undefined,
  };
}

import { writeExact } from "../core/exact-json.ts";
import { isObject } from "../core/json.ts";
import { parseEmbedded } from "./embedded.ts";
import type { MarkHash } from "./marks.ts";
import { redactResult } from "./redact.ts";
import type { Redaction } from "./redaction.ts";
import type { ResultKind } from "./shapes/result-kinds.ts";

/** What became of a result's bytes. */
export type RedactedBytes =
  /** Nothing had to go, and nothing is hidden in them: they may be given out as they are. */
  | { readonly kind: "same" }
  | { readonly kind: "changed"; readonly bytes: Uint8Array }
  /** Nothing of it may be given out. */
  | { readonly kind: "withheld"; readonly reason: string };

/** `redactResult` for the UTF-8 text of a result. @throws never for any text */
export function redactBytes(kind: ResultKind, bytes: Uint8Array, redaction: Redaction, hash: MarkHash): RedactedBytes {
  const read = parseEmbedded(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  if (read === undefined || !isObject(read.value)) return { kind: "withheld", reason: "It is not a JSON object." };
  const redacted = redactResult(kind, read.value, [redaction], hash);
  if (!redacted.ok) return { kind: "withheld", reason: redacted.reason };
  // A member that is there twice was looked at once: what is sent on is what was looked at.
  if (redacted.result === read.value && read.faithful) return { kind: "same" };
  return { kind: "changed", bytes: new TextEncoder().encode(writeExact(redacted.result)) };
}

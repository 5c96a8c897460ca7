import { canonicalJson, isObject } from "../../core/json.ts";
import type { SigningKey } from "../../core/signing-key.ts";
import type { ChainHead } from "../../store/audit/audit-row.ts";

/** What a checkpoint says to the world outside: so long was the record at that time, and this was its last row. */
export interface CheckpointStatement extends ChainHead {
  /** Rows in the record, that of the checkpoint included. */
  readonly rows: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly reason: string;
}

/** A statement as it is given out, with its signature. One line of JSON in an anchor file. */
export interface SignedCheckpoint {
  readonly v: 1;
  /** Which chain of this gateway: there is one. */
  readonly chain: typeof CHAIN;
  readonly rows: number;
  readonly seq: number;
  readonly hash: string;
  /** RFC 3339. */
  readonly at: string;
  readonly reason: string;
  /** Ed25519 over the canonical JSON of all the rest (keys in their order, no white space), base64url. */
  readonly signature: string;
}

const CHAIN = "audit";

/** What the key that signs checkpoints is derived for; see `createSigningKey`. */
export const AUDIT_CHECKPOINTS = "audit-checkpoints";

/** Signs a statement. */
export function signCheckpoint(statement: CheckpointStatement, key: SigningKey): SignedCheckpoint {
  const { rows, seq, hash, at, reason } = statement;
  const said = { v: 1, chain: CHAIN, rows, seq, hash, at: new Date(at).toISOString(), reason } as const;
  return { ...said, signature: key.sign(canonicalJson(said)) };
}

/** A line of an anchor file, read; `undefined` where it was signed by none of these keys, or is no such line. @throws never */
export function readCheckpoint(line: string, keys: readonly SigningKey[]): CheckpointStatement | undefined {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(read)) return undefined;
  const { signature, ...said } = read;
  const { v, chain, rows, seq, hash, at, reason } = said;
  if (typeof signature !== "string") return undefined;
  const text = canonicalJson(said);
  if (!keys.some((key) => key.verify(text, signature))) return undefined;
  if (v !== 1 || chain !== CHAIN || typeof rows !== "number" || typeof seq !== "number") return undefined;
  if (typeof hash !== "string" || typeof at !== "string" || typeof reason !== "string") return undefined;
  return { rows, seq, hash, at: Date.parse(at), reason };
}

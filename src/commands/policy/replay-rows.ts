import { openSealedArguments, type SealedArguments } from "../../audit/sealed-arguments.ts";
import { sha256 } from "../../core/digest.ts";
import { canonicalJson, isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import type { Seal } from "../../core/seal.ts";
import { clientNames, type RecordedCall } from "../../policy/replay/recorded-call.ts";
import { isReadable } from "../../store/audit/audit-entry.ts";
import { canonicalRow, linkText, type StoredAuditRow } from "../../store/audit/audit-row.ts";
import { exactIn } from "../../store/database/stored-json.ts";
import type { DefinitionReader } from "../../store/definitions/definitions.ts";

/** What the gateway's secret opens and proves of a record. */
export interface RecordKeys {
  readonly seal: Seal;
  /** Of the purpose `ARGUMENTS_DIGEST`. */
  readonly digest: KeyedHash;
}

/** By what it is told whether a row is as it was written. */
export interface ChainKeys {
  /** Of the purpose `AUDIT_CHAIN`, under the secret and those of before. */
  readonly keys: readonly KeyedHash[];
  /** No row after this one is without a key. */
  readonly lastUnkeyed: number;
}

/** A call as read from its row, or why there is none. */
export type ReadRow =
  | {
      readonly call: RecordedCall;
      /** There is a sealed part that does not open. */
      readonly isShut: boolean;
    }
  /** `unreadable`: none that the gateway wrote; `changed`: its hash is another one. */
  | { readonly call: undefined; readonly why: "unreadable" | "changed" };

/**
 * Makes the function that reads a call from its row: what was sealed where the key is at hand, else what stands in
 * clear. Without `chain` rows are taken as they are. `refused`: the call ended as one of `ARGUMENTS_REFUSED`. @throws StoreError if a definition cannot be read
 */
export function createRowReader(
  definitions: Pick<DefinitionReader, "find">,
  keys: RecordKeys | undefined,
  chain?: ChainKeys,
): (row: StoredAuditRow, refused: boolean) => Promise<ReadRow> {
  const find = rememberDefinitions(definitions);
  return async (row, refused) => {
    if (!isReadable(row)) return UNREADABLE;
    if (chain !== undefined && !isAsWritten(row, chain)) return CHANGED;
    const sealed = keys && openSealedArguments(keys.seal, row);
    const isShut = row.argumentsSealed !== null && sealed === undefined;
    const call = await readCall(row, refused, sealed, { find, digest: keys?.digest });
    return call === undefined ? UNREADABLE : { call, isShut };
  };
}

const UNREADABLE: ReadRow = { call: undefined, why: "unreadable" };
const CHANGED: ReadRow = { call: undefined, why: "changed" };

/** Whether its hash is that of the row. Whether rows are missing says `audit verify`. */
function isAsWritten(row: StoredAuditRow, { keys, lastUnkeyed }: ChainKeys): boolean {
  const text = linkText(row.prevHash, canonicalRow(row.seq, row));
  if (row.scheme === null) return row.seq <= lastUnkeyed && sha256(text) === row.hash;
  return keys.some((hash) => hash(text) === row.hash);
}

/** How a call ends that policies let through, and that the gateway refuses for its arguments. */
export const ARGUMENTS_REFUSED: readonly string[] = ["KEYS_AMBIGUOUS", "PARAMS_INVALID"];

async function readCall(
  row: StoredAuditRow,
  refused: boolean,
  sealed: SealedArguments | undefined,
  { find, digest }: { readonly find: DefinitionReader["find"]; readonly digest: KeyedHash | undefined },
): Promise<RecordedCall | undefined> {
  const { actor, actorIssuer, upstream, tool, decision, argumentsDigest } = row;
  if (actor === null || actorIssuer === null || upstream === null || tool === null) return undefined;
  if (decision === null || argumentsDigest === null) return undefined;
  const full = jsonIn(row.argumentsFull);
  const redacted = jsonIn(row.argumentsRedacted);
  const facts = jsonIn(row.facts);
  const matches = jsonIn(row.policies);
  if ([full, redacted, facts, matches].includes(ODD)) return undefined;
  const isWhole = (args: JsonObject | undefined): boolean => {
    if (args === undefined) return false;
    const canonical = canonicalJson(args);
    // Rows of before there was a key have a bare digest.
    return digest?.(canonical) === argumentsDigest || sha256(canonical) === argumentsDigest;
  };
  const matched = matchedIn(matches);
  const given = sealed?.given;
  const isWritten = matched.some(({ effect }) => effect === "transform");
  const kept = [sealed?.arguments, objectOf(full), objectOf(redacted)];
  const whole = kept.find(isWhole);
  return {
    callId: row.callId,
    at: row.at,
    issuer: actorIssuer,
    subject: actor,
    email: row.actorEmail ?? undefined,
    clientId: row.clientId ?? undefined,
    clients: clientNames(row.client ?? ""),
    ip: row.clientIp ?? "",
    endpoint: row.endpoint ?? "",
    session: row.session ?? undefined,
    upstream,
    tool,
    definition: row.definitionDigest === null ? undefined : await find(upstream, tool, row.definitionDigest),
    facts: objectOf(facts),
    arguments: given ?? whole ?? objectOf(redacted),
    argumentsWhole: given !== undefined || whole !== undefined,
    argumentsStand: row.approval !== null || (isWritten && given === undefined),
    claims: sealed?.claims,
    headers: sealed?.headers,
    argumentsRefused: refused,
    effect: decision,
    matched,
  };
}

/** More tools than most gateways have; a definition that is dropped is read again. */
const MAX_KNOWN = 2_000;

// One tool's calls come again and again, and a policy set keeps what it worked out for a definition, the very object.
function rememberDefinitions(definitions: Pick<DefinitionReader, "find">): DefinitionReader["find"] {
  const known = new Map<string, JsonObject | undefined>();
  return async (upstream, tool, digest) => {
    const key = JSON.stringify([upstream, tool, digest]);
    if (known.has(key)) return known.get(key);
    const found = await definitions.find(upstream, tool, digest);
    const [oldest] = known.keys();
    if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest);
    known.set(key, found);
    return found;
  };
}

const ODD = Symbol("a text that is no JSON, or none within bounds");
type Column = Json | typeof ODD | undefined;

function objectOf(value: Column): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

function jsonIn(text: string | null): Column {
  return text === null ? undefined : (exactIn(text) ?? ODD);
}

// The column lists what counted and then what did not: shadow policies, and an `allow` that could not be evaluated.
function matchedIn(matches: Column): RecordedCall["matched"] {
  if (!Array.isArray(matches)) return [];
  return matches.filter(isObject).flatMap(({ policy, effect, because, mode }) => {
    if (typeof policy !== "string" || typeof effect !== "string" || mode === "shadow") return [];
    return effect === "allow" && because === "error" ? [] : [{ policy, effect }];
  });
}

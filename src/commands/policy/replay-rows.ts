import { openSealedArguments, type SealedArguments } from "../../audit/sealed-arguments.ts";
import { sha256 } from "../../core/digest.ts";
import { parseExact } from "../../core/exact-json.ts";
import { canonicalJson, isObject, type JsonObject } from "../../core/json.ts";
import type { KeyedHash } from "../../core/keyed-hash.ts";
import type { Seal } from "../../core/seal.ts";
import { clientNames, type RecordedCall } from "../../policy/replay/recorded-call.ts";
import type { StoredAuditRow } from "../../store/audit/audit-row.ts";
import type { DefinitionReader } from "../../store/definitions/definitions.ts";

/** What the gateway's secret opens and proves of a record. */
export interface RecordKeys {
  readonly seal: Seal;
  /** Of the purpose `ARGUMENTS_DIGEST`. */
  readonly digest: KeyedHash;
}

/** A call as read from its row. */
export interface ReadRow {
  /** `undefined` for a row that names no caller, tool or effect, as none that the gateway wrote. */
  readonly call: RecordedCall | undefined;
  /** There is a sealed part that does not open. */
  readonly isShut: boolean;
}

/**
 * Makes the function that reads a call from its row: what was sealed where the key is at hand, else what stands in
 * clear. `refused`: the call ended as one of `ARGUMENTS_REFUSED`. @throws StoreError if a definition cannot be read
 */
export function createRowReader(
  definitions: Pick<DefinitionReader, "find">,
  keys: RecordKeys | undefined,
): (row: StoredAuditRow, refused: boolean) => Promise<ReadRow> {
  const find = rememberDefinitions(definitions);
  return async (row, refused) => {
    const sealed = keys && openSealedArguments(keys.seal, row);
    const isShut = row.argumentsSealed !== null && sealed === undefined;
    return { call: await readCall(row, refused, sealed, { find, digest: keys?.digest }), isShut };
  };
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
  const isWhole = (args: JsonObject | undefined): boolean => {
    if (args === undefined) return false;
    const canonical = canonicalJson(args);
    // Rows of before there was a key have a bare digest.
    return digest?.(canonical) === argumentsDigest || sha256(canonical) === argumentsDigest;
  };
  const kept = [sealed?.arguments, objectIn(row.argumentsFull), objectIn(row.argumentsRedacted)];
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
    facts: objectIn(row.facts),
    arguments: whole ?? objectIn(row.argumentsRedacted),
    argumentsWhole: whole !== undefined,
    claims: sealed?.claims,
    headers: sealed?.headers,
    argumentsRefused: refused,
    effect: decision,
    matched: matchedIn(row.policies),
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

function objectIn(text: string | null): JsonObject | undefined {
  const value = jsonIn(text);
  return isObject(value) ? value : undefined;
}

function jsonIn(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return parseExact(text);
  } catch {
    // Tampered with: what it said is not on record.
    return undefined;
  }
}

// The column lists what counted and then what did not: shadow policies, and an `allow` that could not be evaluated.
function matchedIn(text: string | null): RecordedCall["matched"] {
  const matches = jsonIn(text);
  if (!Array.isArray(matches)) return [];
  return matches.filter(isObject).flatMap(({ policy, effect, because, mode }) => {
    if (typeof policy !== "string" || typeof effect !== "string" || mode === "shadow") return [];
    return effect === "allow" && because === "error" ? [] : [{ policy, effect }];
  });
}

import { ARGUMENTS_DIGEST, digestOf, sha256 } from "../core/digest.ts";
import { canonicalJson, type Json, type JsonObject } from "../core/json.ts";
import { createKeyedHash } from "../core/keyed-hash.ts";
import type { Principal } from "../core/principal.ts";

/** One call, as far as its approval is bound to it. */
export interface BoundCall {
  readonly principal: Pick<Principal, "issuer" | "subject" | "clientId" | "actors">;
  readonly upstream: string;
  /** Original name. */
  readonly tool: string;
  readonly definitionDigest: string;
  readonly arguments: JsonObject;
}

/**
 * Digests of calls and of their arguments. They are keyed: arguments may be a PIN, which a bare digest gives to whoever
 * tries ten thousand. Requests that were made before they were keep their bare ones, and are still the same call's.
 */
export interface CallDigests {
  /**
   * What an approval is bound to (hex): the canonical JSON of who calls, through which client, which tool as it is defined
   * now, with what. The order of keys does not matter, and neither does 1 against 1.0: they are one number, however
   * it is written. Unicode forms are not folded: a tool may treat them as different.
   */
  call(call: BoundCall): string;
  /** The same as it was before it was keyed. */
  bareCall(call: BoundCall): string;
  /** Whether a digest is that call's, keyed or not. */
  isCall(digest: string, call: BoundCall): boolean;
  /** Of the canonical JSON of arguments (hex); the audit has the same. */
  arguments(canonical: string): string;
  /** Whether a digest is that of these, keyed or not. */
  isArguments(digest: string, canonical: string): boolean;
}

/** Makes them from the gateway's 32-byte secret. */
export function createCallDigests(secret: Uint8Array): CallDigests {
  const callHash = createKeyedHash(secret, "call-digest");
  const argumentsHash = createKeyedHash(secret, ARGUMENTS_DIGEST);
  const call = (bound: BoundCall): string => callHash(canonicalJson(partsOf(bound)));
  const bareCall = (bound: BoundCall): string => digestOf(partsOf(bound));
  return {
    call,
    bareCall,
    isCall: (digest, bound) => digest === call(bound) || digest === bareCall(bound),
    arguments: argumentsHash,
    isArguments: (digest, canonical) => digest === argumentsHash(canonical) || digest === sha256(canonical),
  };
}

function partsOf(call: BoundCall): Json {
  return {
    v: 1,
    iss: call.principal.issuer,
    sub: call.principal.subject,
    clientId: call.principal.clientId ?? null,
    // What was approved for them is not for whoever acts for them by another token, nor the other way round.
    ...(call.principal.actors.length > 0 && {
      act: call.principal.actors.map(({ issuer, subject }) => [issuer, subject]),
    }),
    upstream: call.upstream,
    tool: call.tool,
    definitionDigest: call.definitionDigest,
    arguments: call.arguments,
  };
}

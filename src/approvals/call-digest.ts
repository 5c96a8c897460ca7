import { ARGUMENTS_DIGEST, sha256 } from "../core/digest.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { canonicalJsonInSlices } from "../core/json-in-slices.ts";
import { createKeyedHash } from "../core/keyed-hash.ts";
import type { Principal } from "../core/principal.ts";
import { Slices } from "../core/slices.ts";
import type { DecidedMethod } from "../core/subject.ts";

/** One call, as far as its approval is bound to it. */
export interface BoundCall {
  readonly principal: Pick<Principal, "issuer" | "subject" | "clientId" | "actors">;
  readonly method: DecidedMethod;
  readonly upstream: string;
  /** The own name of the tool or prompt, or the URI of the resource. */
  readonly tool: string;
  readonly definitionDigest: string;
  readonly arguments: JsonObject;
}

/**
 * Digests of calls and of their arguments. They are keyed: arguments may be a PIN, which a bare digest gives to whoever
 * tries ten thousand. Requests that were made before they were keep their bare ones, and are still the same call's. Arguments may be as long as a body: those of calls
 * are made in slices.
 */
export interface CallDigests {
  /**
   * What an approval is bound to (hex): the canonical JSON of who calls, through which client, which tool as it is defined
   * now, with what. The order of keys does not matter, and neither does 1 against 1.0: they are one number, however
   * it is written. Unicode forms are not folded: a tool may treat them as different.
   */
  call(call: BoundCall): Promise<string>;
  /** The same, and as it was before it was keyed. */
  both(call: BoundCall, slices: Slices): Promise<{ readonly keyed: string; readonly bare: string }>;
  /** Whether a digest is that call's, keyed or not. */
  isCall(digest: string, call: BoundCall): Promise<boolean>;
  /** Of the canonical JSON of arguments (hex); the audit has the same. */
  arguments(canonical: string): string;
  /** Whether a digest is that of these, keyed or not. */
  isArguments(digest: string, canonical: string): boolean;
}

/** Makes them from the gateway's 32-byte secret. */
export function createCallDigests(secret: Uint8Array): CallDigests {
  const callHash = createKeyedHash(secret, "call-digest");
  const argumentsHash = createKeyedHash(secret, ARGUMENTS_DIGEST);
  return {
    call: async (bound) => callHash(await canonicalJsonInSlices(partsOf(bound), new Slices())),
    async both(bound, slices) {
      const text = await canonicalJsonInSlices(partsOf(bound), slices);
      const keyed = callHash(text);
      if (slices.isOver) await slices.next();
      return { keyed, bare: sha256(text) };
    },
    async isCall(digest, bound) {
      const text = await canonicalJsonInSlices(partsOf(bound), new Slices());
      return digest === callHash(text) || digest === sha256(text);
    },
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
    // Digests of before there were others are those of tools.
    ...(call.method !== "tools/call" && { method: call.method }),
    upstream: call.upstream,
    tool: call.tool,
    definitionDigest: call.definitionDigest,
    arguments: call.arguments,
  };
}

import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { keptJsonInSlices, parseExactInSlices } from "../../core/json-in-slices.ts";
import type { Principal } from "../../core/principal.ts";
import type { Seal } from "../../core/seal.ts";
import type { Slices } from "../../core/slices.ts";
import { readPrincipal } from "../../identity/stored-principal.ts";

/**
 * What of a request is encrypted at rest: the arguments, the requester's claims with what is needed to run the call, the
 * policies' messages, the result. Each text is bound to its request and its part, so that one moved to another row or
 * column does not pass for that one's. They never expire by themselves: retention removes them.
 */
export interface SealedTexts {
  sealArguments(id: string, kept: string): string;
  /** The text that was sealed. */
  openArguments(id: string, sealed: string): string | undefined;
  sealRequester(id: string, requester: SealedRequester): string;
  openRequester(id: string, sealed: string): SealedRequester | undefined;
  sealWords(id: string, words: SealedWords): string;
  openWords(id: string, sealed: string): SealedWords | undefined;
  sealResult(id: string, result: Uint8Array): string;
  openResult(id: string, sealed: string): Uint8Array | undefined;
  /** Whether a text opens as this part of this request. */
  opens(id: string, part: string, sealed: string): boolean;
}

/** What is told of a request in words, which may repeat its arguments: opened wherever a request is listed. */
export interface SealedWords {
  /** The policies'. */
  readonly message: string;
  /** Where the arguments do not fit their tool; `undefined`: not looked at. */
  readonly misfits: readonly string[] | undefined;
}

/** What the seal is derived for; see `createSeal`. */
export const APPROVALS = "approvals";

/** The requester as they were when they asked. */
export interface SealedRequester {
  readonly principal: Principal;
  readonly context: JsonObject;
}

/** `seal` is of a purpose of its own. Texts that do not open (another key, another row) are `undefined`. */
export function createSealedTexts(seal: Seal): SealedTexts {
  const close = (id: string, part: string, value: JsonObject): string =>
    seal.seal({ request: id, part, value }, Number.MAX_SAFE_INTEGER);
  const open = (id: string, part: string, sealed: string): JsonObject | undefined => {
    const opened = seal.open(sealed, 0);
    if (opened?.["request"] !== id || opened["part"] !== part) return undefined;
    return isObject(opened["value"]) ? opened["value"] : undefined;
  };
  const labelOf = (id: string, part: string): string => JSON.stringify([id, part]);
  const openLong = (id: string, part: LongPart, sealed: string): Buffer | undefined => {
    const bytes = seal.openBytes(sealed, labelOf(id, part));
    if (bytes !== undefined) return bytes;
    // As it was written before: a text in JSON.
    const text = open(id, part, sealed)?.["text"];
    return typeof text === "string" ? Buffer.from(text, part === "result" ? "latin1" : "utf8") : undefined;
  };
  return {
    sealArguments: (id, text) => seal.sealBytes(Buffer.from(text), labelOf(id, "arguments")),
    openArguments: (id, sealed) => openLong(id, "arguments", sealed)?.toString(),
    sealRequester: (id, { principal, context }) =>
      close(id, "requester", {
        principal: { ...principal, actors: principal.actors.map((actor) => ({ ...actor })) },
        context,
      }),
    openRequester(id, sealed) {
      const opened = open(id, "requester", sealed);
      const principal = readPrincipal(opened?.["principal"]);
      if (principal === undefined || !isObject(opened?.["context"])) return undefined;
      return { principal, context: opened["context"] };
    },
    sealWords: (id, { message, misfits }) => close(id, "message", { text: message, misfits }),
    openWords(id, sealed) {
      const { text, misfits } = open(id, "message", sealed) ?? {};
      if (typeof text !== "string") return undefined;
      return { message: text, misfits: isTexts(misfits) ? misfits : undefined };
    },
    // Byte by byte: a result comes back exactly as it was, also where it is not the UTF-8 that it should be.
    sealResult: (id, result) => seal.sealBytes(result, labelOf(id, "result")),
    openResult: (id, sealed) => openLong(id, "result", sealed),
    opens: (id, part, sealed) =>
      seal.openBytes(sealed, labelOf(id, part)) !== undefined || open(id, part, sealed) !== undefined,
  };
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/** What may be megabytes long. */
type LongPart = "arguments" | "result";

/** Whether a text is as `keptJson` writes an object; the object. */
export async function argumentsIn(text: string, slices: Slices): Promise<JsonObject | undefined> {
  const value = await parseExactInSlices(text, slices);
  if (slices.isOver) await slices.next();
  return isObject(value) && (await keptJsonInSlices(value, slices)).kept === text ? value : undefined;
}

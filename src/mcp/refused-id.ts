import { isObject, type Json } from "../core/json.ts";
import { type NameWatch, scanJson } from "../core/scan-json.ts";
import { isRpcId, type RpcId } from "./messages.ts";

/*
 * The id of a request that is not taken: without it whoever asked would wait for an answer until its time is over. Only of
 * requests: an error with the id of an answer would look like the answer to another request. And the id of an answer that is
 * not taken, for who waits for it.
 */

/** A JSON-RPC id as text, which nothing can hide in: no escapes, and no number that is none. */
const ID = String.raw`("[^"\\]{0,256}"|-?\d{1,15})`;
const AFTER_NAME = new RegExp(String.raw`^"\s*:\s*${ID}\s*[,}]`);
const IN_FRONT = new RegExp(String.raw`^\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*${ID}\s*,\s*"method"`);
const AT_END = new RegExp(String.raw`[,{]\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*${ID}\s*\}\s*$`);
const METHOD_IN_FRONT = /^\s*\{\s*"method"/;

/** How far it is looked in one go. Where there is more, ids stand where client libraries write them, or are not found. */
const FAR = { maxDepth: 10_000, maxCount: 20_000 };
const ENDS = 1_000;

/** The id in a text that breaks the rules for JSON, as far as it goes. @throws never */
export function idOfRefused(text: string): RpcId | undefined {
  const { kind, id, names } = scanned(text);
  if (kind === "JSON_TOO_MANY") return idAtEnds(text.slice(0, ENDS), text.slice(-ENDS));
  return names.isRequest ? id : undefined;
}

/** The id of the question that such a text seems to answer. @throws never */
export function idOfRefusedAnswer(text: string): RpcId | undefined {
  const { id, names } = scanned(text);
  return names.isResponse && !names.isRequest ? id : undefined;
}

/** The id of the question that parsed JSON seems to answer, which is no message. */
export function idOfOddAnswer(value: Json): RpcId | undefined {
  if (!isObject(value) || value["method"] !== undefined) return undefined;
  const { id, result, error } = value;
  return isRpcId(id) && (result !== undefined || error !== undefined) ? id : undefined;
}

function scanned(text: string): { readonly kind: string; readonly id: RpcId | undefined; readonly names: TopNames } {
  const bytes = Buffer.from(text);
  const names = new TopNames();
  const { kind } = scanJson(bytes, FAR, names);
  const [at, another] = names.ids;
  const one = at !== undefined && another === undefined;
  return { kind, names, id: one ? idFrom(AFTER_NAME.exec(bytes.toString("utf8", at, at + 600))) : undefined };
}

/** The id at the beginning or the end of a text that was too long to be read, where client libraries write it. @throws never */
export function idAtEnds(head: string, tail: string): RpcId | undefined {
  return idFrom(IN_FRONT.exec(head) ?? (METHOD_IN_FRONT.test(head) ? AT_END.exec(tail) : null));
}

/** The id of parsed JSON that is no message, but asks for something. */
export function idOfOddRequest(value: Json): RpcId | undefined {
  return isObject(value) && typeof value["method"] === "string" && isRpcId(value["id"]) ? value["id"] : undefined;
}

function idFrom(found: RegExpExecArray | null): RpcId | undefined {
  const text = found?.[1];
  if (text === undefined) return undefined;
  return text.startsWith('"') ? text.slice(1, -1) : Number(text);
}

/** Where the ids of the outermost object stand, at the end of their names, and whether it has a method, or a result or error. */
class TopNames implements NameWatch {
  readonly ids: number[] = [];
  isRequest = false;
  isResponse = false;

  open(): void {}

  name(text: Uint8Array, from: number, to: number, depth: number): number {
    if (depth === 1 && to - from <= 6) {
      const name = Buffer.from(text.buffer, text.byteOffset + from, to - from).toString("latin1");
      if (name === "id" && this.ids.length < 2) this.ids.push(to);
      else if (name === "method") this.isRequest = true;
      else if (name === "result" || name === "error") this.isResponse = true;
    }
    return 1;
  }
}

import { isObject, type Json } from "../core/json.ts";
import { type NameWatch, scanJson } from "../core/scan-json.ts";

/*
 * Whether a message that is refused for its form asks for a tool, and for which: so that the refusal can be on record. What is
 * read is what the client wrote, and proves nothing.
 */

const CALL = "tools/call";

/** A text behind the end of its name, without escapes. */
const TEXT = /^"\s*:\s*"([^"\\]{0,256})"/;

/** How far it is looked in one go: the name stands in front. */
const FAR = { maxDepth: 10_000, maxCount: 20_000 };

/**
 * The name of the tool that a text asks for which breaks the rules for JSON, as far as it goes; `""` where it cannot be read,
 * `undefined` where nothing says that it asks for one. @throws never
 */
export function toolOfRefused(text: string): string | undefined {
  const bytes = Buffer.from(text);
  const found = new CallNames();
  scanJson(bytes, FAR, found);
  const textAt = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : TEXT.exec(bytes.toString("utf8", at, at + 1_200))?.[1];
  return textAt(found.method) === CALL ? (textAt(found.tool) ?? "") : undefined;
}

/** The same of parsed JSON; of a batch, of its first message that asks for a tool. @throws never */
export function toolOfOdd(value: Json): string | undefined {
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    return items.map((item) => (isObject(item) ? toolOfOdd(item) : undefined)).find((name) => name !== undefined);
  }
  if (!isObject(value) || value["method"] !== CALL) return undefined;
  const { params } = value;
  const name = isObject(params) ? params["name"] : undefined;
  return typeof name === "string" ? name : "";
}

/** Where the method stands, and the name in the params: at the ends of their own names. */
class CallNames implements NameWatch {
  method: number | undefined;
  tool: number | undefined;
  #inParams = false;

  open(): void {}

  name(text: Uint8Array, from: number, to: number, depth: number): number {
    const name = to - from > 6 ? "" : Buffer.from(text.buffer, text.byteOffset + from, to - from).toString("latin1");
    if (depth === 1) {
      this.#inParams = name === "params";
      if (name === "method") this.method ??= to;
      return this.#inParams ? 2 : 1;
    }
    if (depth === 2 && this.#inParams && name === "name") this.tool ??= to;
    return 2;
  }
}

import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { type NameWatch, scanJson } from "../core/scan-json.ts";
import { META } from "./revisions.ts";

/** A message that is refused for its form and asks for a tool, so that the refusal can be on record. It proves nothing. */
export interface RefusedCall {
  /** The name as the client wrote it; `""` where that cannot be read. */
  readonly tool: string;
  /** What the client says of itself in the message, as far as that can be read. */
  readonly clientInfo: JsonObject | undefined;
}

/** What can be read of a message that is refused for its form. */
export interface RefusedMessage {
  /** `undefined`: nobody can read it. Any text that a client writes. */
  readonly method: string | undefined;
  /** `undefined`: nothing says that it asks for a tool. */
  readonly call: RefusedCall | undefined;
}

const CALL = "tools/call";

/** A text behind the end of its name, without escapes. */
const TEXT = /^"\s*:\s*"([^"\\]{0,256})"/;

/** How far it is looked in one go: the name stands in front. */
const FAR = { maxDepth: 10_000, maxCount: 20_000 };

/** What a text says that breaks the rules for JSON, as far as it goes. @throws never */
export function refusedMessageIn(text: string): RefusedMessage {
  const bytes = Buffer.from(text);
  const found = new CallNames();
  scanJson(bytes, FAR, found);
  const textAt = (at: number | undefined): string | undefined =>
    at === undefined ? undefined : TEXT.exec(bytes.toString("utf8", at, at + 1_200))?.[1];
  const method = textAt(found.method);
  if (method !== CALL) return { method, call: undefined };
  const [name, version] = [textAt(found.client), textAt(found.version)];
  const clientInfo = name === undefined ? undefined : { name, version: version ?? "" };
  return { method, call: { tool: textAt(found.tool) ?? "", clientInfo } };
}

/** The same of parsed JSON; of a batch, of its first message that asks for a tool, else of the first with a method. @throws never */
export function oddMessageIn(value: Json): RefusedMessage {
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    const messages = items.map((item) => (isObject(item) ? oddMessageIn(item) : NOTHING_READ));
    return (
      messages.find(({ call }) => call !== undefined) ??
      messages.find(({ method }) => method !== undefined) ??
      NOTHING_READ
    );
  }
  if (!isObject(value)) return NOTHING_READ;
  const { method } = value;
  if (method !== CALL) return { method: typeof method === "string" ? method : undefined, call: undefined };
  const params = isObject(value["params"]) ? value["params"] : {};
  const { name, _meta: meta } = params;
  const clientInfo = isObject(meta) ? meta[META.clientInfo] : undefined;
  const call = {
    tool: typeof name === "string" ? name : "",
    clientInfo: isObject(clientInfo) ? clientInfo : undefined,
  };
  return { method, call };
}

/** Of what is no message, or none that anybody can read. */
const NOTHING_READ: RefusedMessage = { method: undefined, call: undefined };

/** Where the method stands, and in the params the name and what the client says of itself: at the ends of their own names. */
class CallNames implements NameWatch {
  method: number | undefined;
  tool: number | undefined;
  client: number | undefined;
  version: number | undefined;
  #inParams = false;
  #inMeta = false;
  #inClient = false;

  open(): void {}

  name(text: Uint8Array, from: number, to: number, depth: number): number {
    const name =
      to - from > LONGEST ? "" : Buffer.from(text.buffer, text.byteOffset + from, to - from).toString("latin1");
    if (depth === 1) {
      this.#inParams = name === "params";
      this.#inMeta = false;
      if (name === "method") this.method ??= to;
      return this.#inParams ? 2 : 1;
    }
    if (depth === 2) {
      this.#inMeta = this.#inParams && name === "_meta";
      if (this.#inParams && name === "name") this.tool ??= to;
      return this.#inMeta ? 3 : 2;
    }
    if (depth === 3) {
      this.#inClient = this.#inMeta && name === META.clientInfo;
      return this.#inClient ? 4 : 3;
    }
    if (depth === 4 && this.#inClient && name === "name") this.client ??= to;
    if (depth === 4 && this.#inClient && name === "version") this.version ??= to;
    return 4;
  }
}

/** No name that is looked for is longer. */
const LONGEST = META.clientInfo.length;

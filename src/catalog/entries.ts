import { digestOf } from "../core/digest.ts";
import { withDoubles } from "../core/exact-json.ts";
import { isPlain } from "../core/fold.ts";
import type { JsonObject } from "../core/json.ts";
import { type ParamHeader, readParamHeaders } from "../mcp/headers/param-headers.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Repaired } from "./repair.ts";
import type { CompiledToolRules } from "./tool-rules.ts";

/** A tool of one upstream. */
export interface ToolEntry {
  readonly upstream: string;
  /** Where that was when it described the tool (`Upstream.place`): what is decided on it is no decision about another. */
  readonly place: string;
  /** As the upstream calls it. */
  readonly name: string;
  /** As the server describes it, with the operator's annotations in it: for those who decide by it, with doubles. */
  readonly definition: JsonObject;
  /** The same for those who show it, with every digit; the very same one where none would be lost. */
  readonly listed: JsonObject;
  /** SHA-256 of the definition: what an approval is bound to. */
  readonly digest: string;
  /** Members of the definition that are not as the server gave them, because clients could not read them. */
  readonly repairs: readonly string[];
  /** Arguments that a modern HTTP upstream wants mirrored into headers. */
  readonly paramHeaders: readonly ParamHeader[];
}

/** A prompt, resource or resource template of one upstream, known by its `key` (name, URI or URI template). */
export interface ListedEntry {
  readonly upstream: string;
  readonly key: string;
  readonly definition: JsonObject;
}

export type ToolReading =
  | { readonly ok: true; readonly entry: ToolEntry }
  | { readonly ok: false; readonly reason: string };

export type ListedReading =
  | { readonly ok: true; readonly entry: ListedEntry }
  | { readonly ok: false; readonly reason: string };

/** Longest name of a tool or prompt, and longest URI, in characters: they are kept, logged and shown everywhere. */
const MAX_NAME = 256;
const MAX_URI = 8 * 1024;

/**
 * Reads one item of a `tools/list`, repaired before; `itemDigest` is its own digest, where that is known. A definition that
 * no client could use is left out, with the reason.
 */
export function readTool(
  { name: upstream, place }: Pick<Upstream, "name" | "place">,
  { item, repairs }: Repaired,
  rules: Pick<CompiledToolRules, "annotated">,
  itemDigest?: string,
): ToolReading {
  const name = item["name"];
  if (typeof name !== "string" || name === "") return { ok: false, reason: "it has no name" };
  if (name.length > MAX_NAME) return { ok: false, reason: `its name has more than ${MAX_NAME} characters` };
  if (!isPlain(name)) return { ok: false, reason: "its name holds characters that are not seen, or read as others" };
  const headers = readParamHeaders(item["inputSchema"]);
  if (!headers.ok) return { ok: false, reason: headers.reason };
  const listed = rules.annotated(name, item);
  const digest = listed === item && itemDigest !== undefined ? itemDigest : digestOf(listed);
  return {
    ok: true,
    entry: {
      upstream,
      place,
      name,
      definition: withDoubles(listed),
      listed,
      digest,
      repairs,
      paramHeaders: headers.headers,
    },
  };
}

/** Reads one item of another list by the member that names it. */
export function readListed(
  upstream: string,
  definition: JsonObject,
  field: "name" | "uri" | "uriTemplate",
): ListedReading {
  const key = definition[field];
  if (typeof key !== "string" || key === "") return { ok: false, reason: `it has no ${field} that is a text` };
  const longest = field === "name" ? MAX_NAME : MAX_URI;
  if (key.length > longest) return { ok: false, reason: `its ${field} has more than ${longest} characters` };
  if (!key.isWellFormed()) return { ok: false, reason: `its ${field} holds half a character` };
  // The Python SDK reads no list with one that is none, and it reads URIs as browsers do.
  if (field === "uri" && !URL.canParse(key)) return { ok: false, reason: "its uri is no URI" };
  return { ok: true, entry: { upstream, key, definition } };
}

import type { JsonObject } from "../../core/json.ts";
import { decodeBase64, isBase64 } from "./base64.ts";
import { readMediaType } from "./media-type.ts";
import { readText } from "./text-bytes.ts";

/** The member of a block, or of a resource's content, that holds Base64. */
export type BinaryMember = "data" | "blob";

/** What is done with texts that are found in Base64, and with what is no text. */
export interface BinarySearch {
  /** Whether what is no text is withheld. */
  readonly withholds: boolean;
  /** `text` without what must not leave. */
  text(text: string): string;
  /** Told of each that is withheld. */
  withheld(): void;
}

/**
 * A block or a resource's content without what must not leave in its Base64. What is a text by its type is looked at as such,
 * and withheld if it cannot be read; what has no type that tells is a text if its bytes are one. One level of Base64 is
 * looked into, not what the text holds in its turn. The very same object if nothing has to go. @throws never
 */
export function redactBinary(holder: JsonObject, member: BinaryMember, search: BinarySearch): JsonObject {
  const given = Object.hasOwn(holder, member) ? holder[member] : undefined;
  // It was looked at with everything around it.
  if (typeof given !== "string") return holder;
  const { name, nature, charset } = readMediaType(holder["mimeType"]);
  const withhold = (): JsonObject => withheld(holder, member, name, search);
  const put = (data: string): JsonObject => (data === given ? holder : { ...holder, [member]: data });
  if (nature === "binary") {
    if (search.withholds) return withhold();
    // What only says that it is binary is looked at like everything else.
    return isBase64(given) ? holder : put(search.text(given));
  }
  const decoded = decodeBase64(given);
  if (decoded === undefined) return withhold();
  const read = readText(decoded.bytes, charset);
  if (read === undefined) {
    if (nature === "text" || search.withholds) return withhold();
    return decoded.isPlain ? holder : put(decoded.bytes.toString("base64"));
  }
  const left = search.text(read.text);
  if (left !== read.text) return put(read.encode(left).toString("base64"));
  // What is sent on is what was looked at.
  return decoded.isPlain ? holder : put(decoded.bytes.toString("base64"));
}

// The type stands in the text: what is there now is a plain one.
function withheld(
  holder: JsonObject,
  member: BinaryMember,
  name: string | undefined,
  search: BinarySearch,
): JsonObject {
  search.withheld();
  const { [member]: _gone, mimeType: _type, ...others } = holder;
  const text = search.text(`[withheld: ${name ?? "binary"}]`);
  return member === "data" ? { ...others, type: "text", text } : { ...others, mimeType: "text/plain", text };
}

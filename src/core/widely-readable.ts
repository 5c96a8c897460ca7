import { ExactNumber } from "./exact-number.ts";
import { isObject, type Json } from "./json.ts";

/**
 * The value as every client reads it, the very same where nothing is wrong: halves of characters (a text that was cut) have no UTF-8,
 * and many languages have no number beyond all doubles. A text is completed, a number or a member with such a name is left out:
 * `undefined`. No caller could have sent it. The depth is bounded.
 */
export function widelyReadable(value: Json): Json | undefined {
  if (typeof value === "string") return value.isWellFormed() ? value : value.toWellFormed();
  if (value instanceof ExactNumber) return Number.isFinite(value.nearest) ? value : undefined;
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    const kept = items.map(widelyReadable);
    return kept.every((item, index) => item === items[index]) ? value : kept.filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  let isSame = true;
  const members = Object.entries(value).flatMap(([name, member]): [string, Json][] => {
    const kept = member === undefined || !name.isWellFormed() ? undefined : widelyReadable(member);
    if (kept !== member) isSame = false;
    return kept === undefined ? [] : [[name, kept]];
  });
  return isSame ? value : Object.fromEntries(members);
}

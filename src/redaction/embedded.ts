import { parseExact } from "../core/exact-json.ts";
import { holdsValues, isObject, type Json } from "../core/json.ts";

/** JSON that was found in a text. */
export interface Embedded {
  readonly value: readonly Json[] | { readonly [key: string]: Json | undefined };
  /** Whether the text holds no member that the value has lost: of several equal names, the last is kept. */
  readonly faithful: boolean;
}

/** The JSON object or list that `given` is, or `undefined` if it is none. Linear. @throws never */
export function parseEmbedded(given: string): Embedded | undefined {
  // With the byte order mark and the spaces that JSON does not know, which no reader minds.
  const text = given.trim();
  // Most texts are told by their ends; a parse that fails is dear.
  if (!"[{".includes(text.charAt(0)) || !"]}".includes(text.slice(-1)) || text === "") return undefined;
  let value: Json;
  try {
    value = parseExact(text);
  } catch {
    // Not JSON after all: a text that begins with a bracket.
    return undefined;
  }
  if (!holdsValues(value)) return undefined;
  return { value, faithful: countMembers(value) === countColons(text) };
}

// Every member has one colon outside of texts, and nothing else has.
function countColons(json: string): number {
  let colons = 0;
  let inText = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    if (inText) {
      if (code === 0x5c) index++;
      else if (code === 0x22) inText = false;
    } else if (code === 0x22) inText = true;
    else if (code === 0x3a) colons++;
  }
  return colons;
}

// With a list of its own: the value may be nested more deeply than calls can be.
function countMembers(root: Json): number {
  let members = 0;
  const open: Json[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (!holdsValues(value)) continue;
    const counted = isObject(value);
    for (const member of Object.values(value)) {
      if (counted) members++;
      if (holdsValues(member)) open.push(member);
    }
  }
  return members;
}

import { isObject, type Json, type JsonObject } from "../core/json.ts";

/*
 * The shape of a tool's result (MCP, "Tool Result"): where its texts are, and what of it is binary. Every function
 * gives the very same value back if nothing in it has changed.
 */

type Change = (value: Json) => Json;

/** `result` with everything in it changed except what is binary: images, audio, blobs. */
export function changeReadable(result: JsonObject, change: Change): JsonObject {
  const readable = changeWithout(result, "content", change);
  return changeMember(readable, "content", (content) => changeItems(content, (block) => changeBlock(block, change)));
}

function changeBlock(block: Json, change: Change): Json {
  if (!isObject(block)) return change(block);
  if (block["type"] === "image" || block["type"] === "audio") return changeAround(block, "data", change);
  if (!isObject(block["resource"])) return change(block);
  const around = changeWithout(block, "resource", change);
  return changeMember(around, "resource", (it) => (isObject(it) ? changeAround(it, "blob", change) : change(it)));
}

const BASE64 = /^[\w+/=\s-]*$/;

// What only says that it is binary is looked at like everything else.
function changeAround(value: JsonObject, binary: string, change: Change): Json {
  const data = Object.hasOwn(value, binary) ? value[binary] : undefined;
  return typeof data === "string" && BASE64.test(data) ? changeWithout(value, binary, change) : change(value);
}

function changeItems(list: Json, change: Change): Json {
  if (!Array.isArray(list)) return change(list);
  const items = list.map(change);
  return items.some((item, index) => item !== list[index]) ? items : list;
}

function changeMember(value: JsonObject, key: string, change: Change): JsonObject {
  if (!Object.hasOwn(value, key)) return value;
  const member = value[key];
  if (member === undefined) return value;
  const changed = change(member);
  return changed === member ? value : { ...value, [key]: changed };
}

// The member is left as it is and takes no part.
function changeWithout(value: JsonObject, key: string, change: Change): JsonObject {
  if (!Object.hasOwn(value, key)) return objectOf(change(value));
  const { [key]: kept, ...others } = value;
  const changed = change(others);
  return changed === others ? value : { ...objectOf(changed), [key]: kept };
}

// A change makes an object of an object; whatever else it made would have no place here.
function objectOf(value: Json): JsonObject {
  return isObject(value) ? value : {};
}

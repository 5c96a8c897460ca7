import { isObject, type Json, type JsonObject } from "../core/json.ts";
import type { BinaryMember } from "./binary/redact-binary.ts";
import type { BinaryPlace } from "./shapes/result-kinds.ts";

/*
 * What of a result is binary, and everything around it. Every function gives the very same value back if nothing in it
 * has changed.
 */

type Change = (value: Json) => Json;

/** `result` with everything in it changed except texts that stand where Base64 does: of images, audio, blobs. */
export function changeReadable(result: JsonObject, place: BinaryPlace, change: Change): JsonObject {
  const around = (holder: JsonObject, member: BinaryMember): Json =>
    Object.hasOwn(holder, member) && typeof holder[member] === "string"
      ? changeWithout(holder, member, change)
      : change(holder);
  return objectOf(changeAt(result, place, change, around));
}

/** `result` with each block and each resource's content changed that is to hold Base64, which is in `member`. */
export function changeBinary(
  result: JsonObject,
  place: BinaryPlace,
  change: (holder: JsonObject, member: BinaryMember) => JsonObject,
): JsonObject {
  return place === "none" ? result : objectOf(changeAt(result, place, (value) => value, change));
}

/** What is made of a place: `change` of all else there, `binary` of each object that has a member of Base64. */
function changeAt(
  value: Json,
  place: BinaryPlace,
  change: Change,
  binary: (holder: JsonObject, member: BinaryMember) => Json,
): Json {
  if (Array.isArray(value)) return changeItems(value, (item) => changeAt(item, place, change, binary));
  if (!isObject(value) || place === "none") return change(value);
  if (place === "resources") return binary(value, "blob");
  if (place !== "blocks") {
    const around = changeWithout(value, place.member, change);
    return changeMember(around, place.member, (it) => changeAt(it, place.holds, change, binary));
  }
  if (value["type"] === "image" || value["type"] === "audio") return binary(value, "data");
  if (!isObject(value["resource"])) return change(value);
  const around = changeWithout(value, "resource", change);
  return changeMember(around, "resource", (it) => (isObject(it) ? binary(it, "blob") : change(it)));
}

function changeItems(items: readonly Json[], change: Change): Json {
  const changed = items.map(change);
  return changed.some((item, index) => item !== items[index]) ? changed : items;
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

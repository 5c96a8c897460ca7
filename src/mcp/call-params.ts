import { type Refusal, refuse } from "../core/errors.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import { findAmbiguousKey } from "../core/keys.ts";
import { findStrayKey, PARAMS } from "./members/members.ts";

/** The requests that go to the upstream which owns what they name. */
export const CALL_METHODS: ReadonlySet<string> = new Set([
  "tools/call",
  "prompts/get",
  "resources/read",
  "completion/complete",
]);

/**
 * Whether every reader finds the same in the params: no two keys of one object, at any depth, that some take for one, and
 * none that some take for a member of the protocol. @throws never
 */
export function checkKeys(method: string, params: JsonObject): Refusal | undefined {
  const found = findAmbiguousKey(params, "params");
  if (found !== undefined) return refuse("KEYS_AMBIGUOUS", `At ${found}.`);
  const members = Object.hasOwn(PARAMS, method) ? PARAMS[method] : undefined;
  const stray = members === undefined ? undefined : findStrayKey(params, members, "params");
  return stray === undefined
    ? undefined
    : refuse("KEYS_AMBIGUOUS", `At ${stray.path}, a key reads like ${stray.member}.`);
}

/** Whether the params have the shape that their method needs for routing; the rest is the upstream's to check. */
export function checkCallParams(method: string, params: JsonObject): Refusal | undefined {
  if (method === "completion/complete") {
    if (!isObject(params["ref"])) return refuse("PARAMS_INVALID", "params.ref must be an object.");
    return isObject(params["argument"]) ? undefined : refuse("PARAMS_INVALID", "params.argument must be an object.");
  }
  const key = method === "resources/read" ? "uri" : "name";
  if (typeof params[key] !== "string") return refuse("PARAMS_INVALID", `params.${key} must be a string.`);
  const args = params["arguments"];
  return args === undefined || isObject(args)
    ? undefined
    : refuse("PARAMS_INVALID", "params.arguments must be an object.");
}

/**
 * Merged lists have one page: any cursor is one that this server never gave, but for the empty one and `null`, which many clients
 * send for the first page. Pagination, "Error Handling"
 */
export function checkListParams(params: JsonObject): Refusal | undefined {
  const cursor = params["cursor"] ?? "";
  return cursor === "" ? undefined : refuse("PARAMS_INVALID", "params.cursor is not known here.");
}

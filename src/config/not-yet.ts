import { isObject, type Json } from "../core/json.ts";
import { type Finding, valueAt } from "./issues.ts";
import type { Path } from "./yaml-source.ts";

/** Keys whose values are checked, although this version does nothing with them. */
const NOT_YET: ReadonlyArray<readonly [path: Path, message: string]> = [
  [["server", "metrics_port"], "This does nothing yet: there are no metrics."],
];

/** Warns of keys that are accepted and have no effect, so that nobody relies on them. */
export function notYet(root: Json): readonly Finding[] {
  return NOT_YET.filter(([path]) => isSet(valueAt(root, path))).map(([path, message]) => ({
    path,
    at: "key",
    message,
    hint: "It may stay in the file for the version that does.",
  }));
}

function isSet(value: Json | undefined): boolean {
  return value !== undefined && !(isObject(value) && Object.keys(value).length === 0);
}

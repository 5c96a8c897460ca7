import { isObject, type Json } from "../core/json.ts";
import { type Finding, valueAt } from "./issues.ts";
import type { Path } from "./yaml-source.ts";

/** Keys whose values are checked, although this version does nothing with them. */
const NOT_YET: ReadonlyArray<readonly [path: Path, message: string]> = [
  [["server", "hold"], "This does nothing yet: a call that waits for a decision is refused at once, not held."],
  [["server", "metrics_port"], "This does nothing yet: there are no metrics."],
  [["auth", "admin"], "This does nothing yet: there is no API and no console to administer the gateway with."],
  [["approval_flows"], "Flows do nothing yet but to be checked: a call that needs an approval is refused."],
  [["notifiers"], "Notifiers do nothing yet but to be checked: nobody is told of anything."],
  [["step_up"], "This does nothing yet: a call that needs a stronger sign-in is refused."],
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

import type { Log } from "../../core/log.ts";
import type { Scope } from "../../core/scope.ts";
import type { View } from "../view.ts";

/** URIs in one line of the log, and how much of each. */
const MAX_LOGGED = 3;
const MAX_CHARS = 128;

/** Makes the function that logs which URIs an endpoint shows with their server's name: once, until they are others. */
export function createSharedUriLog(log: Log): (scope: Scope, view: View) => void {
  const told = new WeakMap<Scope, string>();
  return (scope, { resources, resourceTemplates }) => {
    const marked = [...resources, ...resourceTemplates].filter(([shown, { key }]) => shown !== key);
    const text = marked.map(([shown]) => shown).join("\n");
    if ((told.get(scope) ?? "") === text) return;
    told.set(scope, text);
    if (marked.length === 0) return;
    const upstreams = [...new Set(marked.map(([, { upstream }]) => upstream))];
    const first = marked.slice(0, MAX_LOGGED).map(([, { key }]) => loggable(key));
    const what = { endpoint: scope.endpoint, upstreams, uris: marked.length, first };
    log.warn(what, "URIs that more than one server could have are shown with the name of their server.");
  };
}

/** Without what may be a secret: user, query and fragment. */
function loggable(uri: string): string {
  return uri
    .replace(/[?#].*$/s, "")
    .replace(/\/\/[^/]*@/, "//")
    .slice(0, MAX_CHARS);
}

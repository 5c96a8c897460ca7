import { existsSync, realpathSync } from "node:fs";
import { resolve, sep } from "node:path";
import type { Json } from "../../core/json.ts";
import { type ConfigIssue, valueAtPath } from "../file/issues.ts";
import { pathKey, type YamlPath } from "../file/yaml-source.ts";
import { objectOf, textOf } from "./raw-values.ts";

const GATEWAY: YamlPath = ["policies", "dir"];

/**
 * Folders of policies that are not there, or of which one lies in another. A misspelt folder must not mean "no policies", which
 * would let every call through; and whoever owns a folder in another one would write policies of both levels.
 */
export function checkPolicyFolders(root: Json, dir: string, substituted: ReadonlySet<string>): ConfigIssue[] {
  const named = [GATEWAY, ...levelPaths(root)].flatMap((path) => {
    const value = textOf(valueAtPath(root, path));
    return value === undefined || value === "" ? [] : [{ path, place: resolve(dir, value) }];
  });
  const missing = named
    .filter(({ place }) => !existsSync(place))
    .map(({ path, place }): ConfigIssue => {
      // A substituted path may hold what is nobody's business.
      const hint = substituted.has(pathKey(path)) ? undefined : `It was looked for at ${place}.`;
      return { path, at: "value", message: "There is no such folder.", hint };
    });
  const gateway = { path: GATEWAY, place: resolve(dir, textOf(valueAtPath(root, GATEWAY)) ?? "policies") };
  const all = [gateway, ...named.filter(({ path }) => path !== GATEWAY)];
  const real = all.filter(({ place }) => existsSync(place)).map((it) => ({ ...it, place: realpathSync(it.place) }));
  const nested = real.flatMap(({ path, place }): ConfigIssue[] => {
    if (path === GATEWAY) return [];
    const other = real.find((it) => it.path !== path && overlaps(it, place));
    if (other === undefined) return [];
    const message = `This folder and that of ${other.path.join(".")} lie in one another, so that a file would be of both levels.`;
    return [{ path, at: "value", message, hint: "Put them beside each other." }];
  });
  return [...missing, ...nested];
}

// Two endpoints may have the same policies, but none those of the gateway besides.
function overlaps(other: { readonly path: YamlPath; readonly place: string }, place: string): boolean {
  if (other.place === place) return other.path === GATEWAY;
  return isWithin(other.place, place) || isWithin(place, other.place);
}

function isWithin(inner: string, outer: string): boolean {
  return inner.startsWith(outer.endsWith(sep) ? outer : outer + sep);
}

function levelPaths(root: Json): YamlPath[] {
  return (["endpoints", "upstreams"] as const).flatMap((section) =>
    Object.keys(objectOf(objectOf(root)[section])).map((name) => [section, name, "policies", "dir"]),
  );
}

/** That the gateway has no policies of its own is seldom meant. */
export function warnOfNoPolicies(root: Json, dir: string): ConfigIssue[] {
  if (valueAtPath(root, GATEWAY) !== undefined || existsSync(resolve(dir, "policies"))) return [];
  const isAll = levelPaths(root).every((path) => valueAtPath(root, path) === undefined);
  const message = isAll
    ? "There is no folder policies beside this file, so no call is checked by a policy."
    : "There is no folder policies beside this file, so policies check only calls of endpoints and upstreams that have their own.";
  return [{ path: ["policies"], at: "key", message, hint: "Make one, or set policies.dir." }];
}

/*
 * Where policies are attached: to the gateway, to an endpoint, to an upstream. Policies of all levels are one set. One of an
 * endpoint or an upstream has that as a further key of its target, and an id that says its level, so that nothing else of
 * it is special: whoever counts, records or shows policies by their ids tells the levels apart.
 */

/** Where a folder of policies is attached. */
export type PolicyLevel = "gateway" | `endpoint/${string}` | `upstream/${string}`;

/** What happens to a request of a level that no policy of this level decides. */
export interface LevelDefault {
  readonly level: PolicyLevel;
  readonly default: "allow" | "deny";
}

/** A folder of policies of an endpoint or an upstream. */
export interface LevelFolder extends LevelDefault {
  readonly dir: string;
}

/** The id of a policy within the whole set: the gateway's as they are written, others as `endpoint/finance:no-refunds`. */
export function idAt(level: PolicyLevel, id: string): string {
  return level === "gateway" ? id : `${level}:${id}`;
}

/** The level of a policy, by its id. No id has a colon of its own. */
export function levelOfId(id: string): PolicyLevel {
  const colon = id.indexOf(":");
  return colon < 0 ? "gateway" : (id.slice(0, colon) as PolicyLevel);
}

/** The name of the endpoint or the upstream. */
export function nameOf(level: PolicyLevel): string {
  return level.slice(level.indexOf("/") + 1);
}

/** The key of a target that a level adds to. */
export function keyOfLevel(level: PolicyLevel): "endpoints" | "upstreams" | undefined {
  if (level === "gateway") return undefined;
  return level.startsWith("endpoint/") ? "endpoints" : "upstreams";
}

/** The key of the configuration that says what a level does where no policy decides: `endpoints.finance.policies.default`. */
export function defaultKeyOf(level: PolicyLevel): string {
  const key = keyOfLevel(level);
  return key === undefined ? "policies.default" : `${key}.${nameOf(level)}.policies.default`;
}

/** A level in words. */
export function levelText(level: PolicyLevel): string {
  const key = keyOfLevel(level);
  return key === undefined ? "the gateway" : `the ${key === "endpoints" ? "endpoint" : "upstream"} ${nameOf(level)}`;
}

/** Files in the order in which their policies count: the gateway's first, then those of endpoints, then of upstreams, each by name. */
export function inOrder<File extends Leveled>(files: readonly File[]): readonly File[] {
  const rank = ({ level = "gateway" }: Leveled): string => (level === "gateway" ? "" : level);
  return [...files].sort((a, b) => compare(rank(a), rank(b)) || compare(a.name, b.name));
}

/** What of a policy file says where it stands. */
interface Leveled {
  readonly name: string;
  readonly level?: PolicyLevel;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

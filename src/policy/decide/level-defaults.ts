import { keyOfLevel, type LevelDefault, type PolicyLevel } from "../levels.ts";

/** Levels that want an `allow` of their own, a bit each: a request passes the gateway, one endpoint and one upstream. */
export type WantedAllows = number;

const GATEWAY = 1;
const ENDPOINT = 2;
const UPSTREAM = 4;

/** What an `allow` of this level satisfies, of the levels that a request passes. */
export function bitOf(level: PolicyLevel): WantedAllows {
  const key = keyOfLevel(level);
  return key === undefined ? GATEWAY : key === "endpoints" ? ENDPOINT : UPSTREAM;
}

/** The levels of a request by their names, the gateway first. */
export function levelsOf(wanted: WantedAllows, endpoint: string, upstream: string): readonly PolicyLevel[] {
  const levels: readonly PolicyLevel[] = ["gateway", `endpoint/${endpoint}`, `upstream/${upstream}`];
  return levels.filter((level) => (wanted & bitOf(level)) !== 0);
}

/** Which levels deny what no policy of theirs allows. */
export interface LevelDefaults {
  /** Whether any does. */
  readonly any: boolean;
  /** Whether what a level's default refuses differs by endpoint. */
  readonly byEndpoint: boolean;
  /** The levels which a request passes that do. */
  wanted(endpoint: string, upstream: string): WantedAllows;
  denies(level: PolicyLevel): boolean;
}

/** Makes it. `fallback`: the gateway's. */
export function levelDefaults(fallback: "allow" | "deny", levels: readonly LevelDefault[]): LevelDefaults {
  const own = fallback === "deny" ? GATEWAY : 0;
  const denying = new Set(levels.flatMap((level) => (level.default === "deny" ? [level.level] : [])));
  const wants = (level: PolicyLevel, bit: WantedAllows): WantedAllows => (denying.has(level) ? bit : 0);
  return {
    any: own !== 0 || denying.size > 0,
    byEndpoint: [...denying].some((level) => keyOfLevel(level) === "endpoints"),
    wanted:
      denying.size === 0
        ? () => own
        : (endpoint, upstream) =>
            own | wants(`endpoint/${endpoint}`, ENDPOINT) | wants(`upstream/${upstream}`, UPSTREAM),
    denies: (level) => (level === "gateway" ? own !== 0 : denying.has(level)),
  };
}

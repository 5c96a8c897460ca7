import { sha256 } from "../core/digest.ts";
import type { Scope } from "../core/scope.ts";

/** Longest tool or prompt name shown: longer ones break a client's whole session. */
const MAX_NAME = 64;
const DIGEST = 8;

/**
 * The name under which a merged endpoint shows an upstream's tool or prompt: `<upstream>__<name>`. Characters that MCP
 * does not allow in names, and lengths beyond 64, are replaced by a digest of the full name, so that two names never
 * become one. Upstream names hold no underscore, so the first `__` always parts the two.
 */
export function exposedName(upstream: string, name: string): string {
  const full = `${upstream}__${name}`;
  const clean = full.replace(/[^A-Za-z0-9_.-]/g, "_");
  if (clean === full && full.length <= MAX_NAME) return full;
  return `${clean.slice(0, MAX_NAME - DIGEST - 1)}_${sha256(full).slice(0, DIGEST)}`;
}

/**
 * Whose tool a name would be that no tool has at this endpoint, by its form alone: `upstream` is `undefined` where it
 * begins like none of the scope's. `tool`: what that upstream may call it.
 */
export function namedOwner(
  { upstreams, prefixed }: Pick<Scope, "upstreams" | "prefixed">,
  name: string,
): { readonly upstream: string | undefined; readonly tool: string } {
  if (!prefixed) return { upstream: upstreams[0], tool: name };
  const end = name.indexOf("__");
  const upstream = end < 0 ? undefined : upstreams.find((each) => each === name.slice(0, end));
  return { upstream, tool: upstream === undefined ? name : name.slice(end + 2) };
}

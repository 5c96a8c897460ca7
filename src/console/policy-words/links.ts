import type { ToolPath } from "../../operations/policies/policies.ts";
import type { OverviewQuery } from "./overview.ts";

/** Where the policies are listed. */
export const POLICIES = "/console/policies";

/** Where a call can be tried. No policy is called that here: see `policyLink`. */
export const TRY = `${POLICIES}/try`;

/** The list of those policies. */
export function overviewLink({ words, show, page }: OverviewQuery): string {
  return `${POLICIES}?${new URLSearchParams({ ...(words && { q: words }), show, page: `${page}` })}`;
}

/** The page of one policy. */
export function policyLink(id: string): string {
  return id === "try" ? `${POLICIES}/id/try` : `${POLICIES}/${encodeURIComponent(id)}`;
}

/** The form to try a call of this tool. */
export function tryLink(tool: ToolPath): string {
  return `${TRY}?tool=${encodeURIComponent(pathText(tool))}`;
}

/** The calls of the last day that a policy matched; `shadow`: those that it would have decided. */
export function callsLink(id: string): string {
  return `/console/activity?policy=${encodeURIComponent(id)}`;
}

/** `upstream/tool` */
export function pathText({ upstream, tool }: ToolPath): string {
  return `${upstream}/${tool}`;
}

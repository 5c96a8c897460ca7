import type { RollUp } from "../../audit/roll-up.ts";
import type { ActivityStore } from "../../store/activity/activity.ts";
import type { AuditReader } from "../../store/audit/audit-rows.ts";
import type { ActivityOperations } from "./activity.ts";
import { readTimeline, type TimelineDeps } from "./call-timeline.ts";
import { readOverview, readPolicyMatches } from "./overview.ts";

/** What the past is read from. */
export interface ActivityDeps extends TimelineDeps {
  readonly audit: Pick<AuditReader, "list" | "entries" | "head" | "about">;
  readonly counts: ActivityStore;
  readonly rollUp: Pick<RollUp, "catchUp">;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** What somebody who looks at figures may wait for: a few milliseconds of counting each. */
const SLICES_ON_VIEW = 4;

/** Makes what administrators see of the past. */
export function createActivityOperations(deps: ActivityDeps): ActivityOperations {
  const { audit, counts, rollUp, now } = deps;
  return {
    search: (filter) => audit.list(filter),
    head: () => audit.head(),
    export: (filter) => audit.entries(filter),
    timeline: async (operator, id) => (operator.admin ? readTimeline(deps, id) : undefined),
    async overview(range) {
      await rollUp.catchUp(SLICES_ON_VIEW);
      return readOverview(counts, range, now());
    },
    async policyMatches(since) {
      await rollUp.catchUp(SLICES_ON_VIEW);
      return readPolicyMatches(counts, since, now());
    },
  };
}

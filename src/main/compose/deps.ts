import type { ApprovalTiming } from "../../approvals/deps.ts";
import type { CheckpointTiming } from "../../audit/checkpoints/checkpoints.ts";
import type { RollUpTiming } from "../../audit/roll-up.ts";
import type { CatalogTiming } from "../../catalog/timing.ts";
import type { Log } from "../../core/log.ts";
import type { Resolve } from "../../http/name-lookups.ts";
import type { StepUpLimits } from "../../step-up/options.ts";
import type { UpstreamTiming } from "../../upstream/timing.ts";
import type { StartChoice } from "../start-marks.ts";

/** What the composition takes besides the configuration. */
export interface WireDeps {
  readonly log: Log;
  /** ms since the epoch. */
  readonly now: () => number;
  /** Times that no operator has to set, where they should be others. */
  readonly timing?: {
    readonly catalog?: Partial<CatalogTiming>;
    readonly upstream?: Partial<UpstreamTiming>;
    readonly approvals?: Partial<ApprovalTiming>;
    readonly stepUp?: Partial<StepUpLimits>;
    readonly rollUp?: Partial<RollUpTiming>;
    readonly checkpoints?: Partial<CheckpointTiming>;
    /** How soon the last row of the audit stands beside the database, ms. Default 2,000. */
    readonly markMs?: number;
    /** How often quiet event streams of the API say that they are there, ms. Default 15,000. */
    readonly eventBeatMs?: number;
    /** How long a start waits for slow upstreams, and whoever asks for lists of one that starts, ms. Default 4,000. */
    readonly settleMs?: number;
    /** How often operators hear of what other processes do, ms. Default 500. */
    readonly eventPollMs?: number;
    /** How often upstreams are looked for that other processes registered, ms. Default 2,000. */
    readonly registryPollMs?: number;
  };
  /** Which upstreams are left out. Default: those at which starts crashed. */
  readonly start?: StartChoice;
  /** Resolves the names of registered upstreams. Default: the system. */
  readonly resolve?: Resolve;
}

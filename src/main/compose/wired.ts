import type { Approvals } from "../../approvals/approvals.ts";
import type { Audit } from "../../audit/audit.ts";
import type { Config } from "../../config/schema/schema.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Refusals } from "../../core/refusals.ts";
import type { Seal } from "../../core/seal.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { ActivityOperations } from "../../operations/activity/activity.ts";
import type { Events } from "../../operations/events/events.ts";
import type { PolicyOperations } from "../../operations/policies/policies.ts";
import type { ToolView, UpstreamOperations } from "../../operations/upstreams/upstreams.ts";
import type { PolicyDirectory } from "../../policy/compile/directory.ts";
import type { StepUpService } from "../../step-up/create-step-up.ts";
import type { Store } from "../../store/open-store.ts";
import type { Upstreams } from "../../upstream/upstream.ts";

/** All rooms but the edges, wired together. */
export interface Wired {
  readonly gateway: Gateway;
  readonly store: Store;
  readonly audit: Audit;
  readonly refusals: Refusals;
  readonly approvals: Approvals;
  readonly stepUp: StepUpService;
  readonly upstreams: Upstreams;
  readonly policies: PolicyDirectory;
  readonly policyOperations: PolicyOperations;
  readonly activity: ActivityOperations;
  readonly upstreamOperations: UpstreamOperations;
  /** Every tool of every upstream, as operators see it. */
  readonly tools: () => readonly ToolView[];
  /** What a server lists now of a prompt or a resource. */
  readonly definitionOf: (kind: "prompt" | "resource", upstream: string, name: string) => JsonObject | undefined;
  readonly events: Events;
  /** Of the gateway's secret, for one purpose each. */
  readonly seal: (purpose: string) => Seal;
  readonly keyedHash: (purpose: string) => (text: string) => string;
  /** Resolves when every upstream was tried once, or after a few seconds. */
  readonly settled: Promise<void>;
  /**
   * Begins to tell people of approvals and to run what is approved. `publicUrl` is where clients reach this gateway,
   * without a slash at the end; left out where it is as configured.
   */
  begin(publicUrl?: string): void;
  /** Runs no more approved calls by itself, and resolves when those that run are over, or after six seconds. */
  drain(): Promise<void>;
  /** Users with passwords, as the configuration has them by now. */
  readonly passwords: () => Config["auth"]["basic"];
  /** Takes over the users with passwords, the upstreams and endpoints of a new configuration with their policies, live; those registered at run time stay. `files`: what it was read from. */
  reload(config: Config, files?: readonly string[]): void;
  /** Puts on record that a changed configuration was refused. */
  reloadRefused(files: readonly string[], mistakes: number): void;
  /** Ends everything, in the order in which nothing is lost. */
  close(): Promise<void>;
}

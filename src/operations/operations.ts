import type { ActivityOperations } from "./activity.ts";
import type { ApprovalOperations } from "./approvals.ts";
import type { Events } from "./events.ts";
import type { NotificationOperations } from "./notifications.ts";
import type { PolicyOperations } from "./policies.ts";
import type { SessionOperations } from "./sessions.ts";
import type { SignedInOperations } from "./signed-in.ts";
import type { ToolView, UpstreamOperations } from "./upstreams.ts";

/** What operators see and do. The API and the console are two faces of it, and neither can do anything else. */
export interface Operations {
  readonly approvals: ApprovalOperations;
  readonly upstreams: UpstreamOperations;
  /** Every tool of every upstream, by upstream and name. */
  readonly tools: () => readonly ToolView[];
  readonly policies: PolicyOperations;
  readonly activity: ActivityOperations;
  readonly sessions: SessionOperations;
  readonly signedIn: SignedInOperations;
  readonly events: Events;
  readonly notifications: NotificationOperations;
}

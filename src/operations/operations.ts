import type { ActivityOperations } from "./activity/activity.ts";
import type { ApprovalOperations } from "./approvals/approvals.ts";
import type { Events } from "./events/events.ts";
import type { NotificationOperations } from "./notifications.ts";
import type { PolicyOperations } from "./policies/policies.ts";
import type { SessionOperations } from "./sessions/sessions.ts";
import type { SignedInOperations } from "./sessions/signed-in.ts";
import type { ToolView, UpstreamOperations } from "./upstreams/upstreams.ts";

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

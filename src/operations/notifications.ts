import type { OutboxFilter, OutboxPage } from "../store/approvals/outbox.ts";

/** Messages to people about approvals, for administrators: whoever calls this has made sure of that. */
export interface NotificationOperations {
  /** The newest first. May reject with StoreError. */
  list(filter: OutboxFilter): Promise<OutboxPage>;
}

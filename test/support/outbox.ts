import type { ApprovalNotice } from "../../src/core/approval.ts";
import type { ApprovalRecord, NewMessage } from "../../src/store/approvals/approvals.ts";
import type { Store } from "../../src/store/open-store.ts";
import { notice } from "./notices.ts";

/** A request and what is to be told of it, to one notifier. */
export interface Telling {
  readonly requestId: string;
  readonly notifier: string;
  readonly kinds?: readonly ApprovalNotice["kind"][];
  /** When it happened; ms since the epoch. */
  readonly at: number;
  readonly notice?: Partial<ApprovalNotice>;
}

/** Writes a new request to the store and, in the same transaction, its notifications. */
export async function tell(store: Store, telling: Telling): Promise<void> {
  const { requestId, notifier, at, kinds = ["approval.requested"] } = telling;
  const messages = kinds.map(
    (kind): NewMessage => ({
      dedupeKey: `${requestId}:${kind}:0:${notifier}`,
      notifier,
      notice: notice({ ...telling.notice, kind, requestId, createdAt: at, at }),
    }),
  );
  const opening = await store.approvals.open(
    {
      ...{ digest: requestId, former: requestId, run: "caller" },
      requester: { issuer: "https://idp.example", subject: "bob", personHash: undefined },
    },
    { undeliveredSince: at, openPerUser: 1_000, openBytesPerUser: 1_000_000, takenBackSince: at },
    async () => ({
      record: record(requestId, at),
      sealed: { arguments: "sealed", requester: "sealed" },
      approvers: [{ stage: 0, kind: "role", value: "finance-lead", afterMs: 0 }],
      event: { act: "request", from: undefined, to: "pending", actor: undefined, reason: undefined, at },
      messages,
    }),
  );
  if (opening.kind !== "opened") throw new Error(`The request was not opened but ${opening.kind}.`);
}

function record(id: string, at: number): ApprovalRecord {
  return {
    id,
    digest: id,
    state: "pending",
    version: 1,
    issuer: "https://idp.example",
    subject: "bob",
    userName: "Bob Miller",
    email: undefined,
    traces: undefined,
    personHash: undefined,
    clientId: undefined,
    clientName: "agent",
    era: "modern",
    method: "tools/call",
    upstream: "expenses",
    tool: "create_expense",
    definitionDigest: "d".repeat(64),
    argumentsDigest: "a".repeat(64),
    argumentsRedacted: "{}",
    policies: ["large-expenses"],
    policySet: "5".repeat(64),
    snapshot: { flows: [], stages: [], executeTtlMs: 3_600_000, requesterMayApprove: false, reason: "never" },
    messageSealed: undefined,
    run: "caller",
    idempotent: false,
    stage: 0,
    stageSince: at,
    escalated: false,
    reminded: false,
    createdAt: at,
    pendingUntil: at + 86_400_000,
    decidedAt: undefined,
    executeUntil: undefined,
    executionId: undefined,
    executionOwner: undefined,
    leaseUntil: undefined,
    executionStartedAt: undefined,
    executionEndedAt: undefined,
    runs: 0,
    endedAt: undefined,
    hasResult: false,
    resultIsError: undefined,
    deliveredAt: undefined,
    purgedAt: undefined,
    dueAt: at + 86_400_000,
  };
}

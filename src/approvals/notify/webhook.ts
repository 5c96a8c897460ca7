import type { ApprovalNotice } from "../../core/approval.ts";
import { subjectKindOf } from "../../core/subject.ts";
import { createWebhookSigner, type SignedReceiver } from "../../http/webhook-signature.ts";
import type { ApprovalMessage, Delivery, Notifier } from "./notifier.ts";
import { post, sentOf } from "./post.ts";

/** `notifiers.<name>.webhook`. */
export interface WebhookOptions extends SignedReceiver {
  readonly url: string;
}

/** POSTs signed messages to one receiver. */
export interface SignedPost {
  /** Sends one body (JSON), until `signal` cuts it off. `id`: the same from attempt to attempt. @throws never */
  send(id: string, body: string, signal: AbortSignal): Promise<Delivery>;
}

/**
 * POSTs `{type, timestamp, data}`, see `createSignedPost`. `webhook-id` is the same from attempt to attempt.
 * @throws when `secret` says that it is base64 and is not, or is empty
 */
export function createWebhookNotifier(options: WebhookOptions, now: () => number): Notifier {
  const posts = createSignedPost(options, now);
  return {
    timeoutMs: 10_000,
    send: (notification, signal) => posts.send(webhookId(notification), JSON.stringify(payload(notification)), signal),
  };
}

/**
 * Makes the way to POST with the headers of Standard Webhooks. https://www.standardwebhooks.com
 * 2xx means taken, 410 that the receiver wants no more of it, everything else that it
 * is to be sent again. @throws when `secret` says that it is base64 and is not, or is empty
 */
export function createSignedPost(options: WebhookOptions, now: () => number): SignedPost {
  const sign = createWebhookSigner(options, now);
  return {
    async send(id, body, signal) {
      const posted = await post({ url: options.url, headers: sign(id, body), body, signal });
      return sentOf(posted, now(), { final: [410] });
    },
  };
}

/** Full stops part the signed texts from each other, so that an id may hold none. Standard Webhooks, "Signature scheme" */
function webhookId(notification: ApprovalMessage): string {
  return notification.id.replaceAll(".", "_");
}

function payload({ notice, url }: ApprovalMessage) {
  return { type: notice.kind, timestamp: timeText(notice.at), data: { ...data(notice), url } };
}

function data(notice: ApprovalNotice) {
  return {
    id: notice.requestId,
    state: notice.state,
    flow: notice.flow,
    stage: notice.stage,
    stages: notice.stages,
    approvers: { roles: notice.approvers.roles, users: notice.approvers.users },
    method: notice.method,
    upstream: notice.upstream,
    tool: notice.method === "tools/call" ? notice.tool : null,
    subject: { kind: subjectKindOf(notice.method), name: notice.tool },
    requester: notice.requester,
    policies: notice.policies,
    created_at: timeText(notice.createdAt),
    pending_until: timeText(notice.pendingUntil),
    execute_until: notice.executeUntil === undefined ? null : timeText(notice.executeUntil),
  };
}

function timeText(at: number): string {
  return new Date(at).toISOString();
}

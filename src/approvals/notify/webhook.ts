import { Webhook } from "standardwebhooks";
import type { ApprovalNotice } from "../../core/approval.ts";
import { subjectKindOf } from "../../core/subject.ts";
import type { ApprovalMessage, Delivery, Notifier } from "./notifier.ts";
import { post, sentOf } from "./post.ts";

/** `notifiers.<name>.webhook`. */
export interface WebhookOptions {
  readonly url: string;
  /** `whsec_` and base64: the key's bytes. Any other text: its UTF-8 bytes are the key. */
  readonly secret: string;
  /** To send along; never in place of those of the message itself. */
  readonly headers: Readonly<Record<string, string>>;
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
 * `webhook-timestamp` is the attempt's. 2xx means taken, 410 that the receiver wants no more of it, everything else that it
 * is to be sent again. @throws when `secret` says that it is base64 and is not, or is empty
 */
export function createSignedPost(options: WebhookOptions, now: () => number): SignedPost {
  const signer = new Webhook(keyOf(options.secret), { format: "raw" });
  const fixed = new Headers({ ...options.headers });
  fixed.set("content-type", "application/json");
  return {
    async send(id, body, signal) {
      const at = new Date(now());
      const headers = new Headers(fixed);
      headers.set("webhook-id", id);
      headers.set("webhook-timestamp", String(Math.floor(at.getTime() / 1_000)));
      headers.set("webhook-signature", signer.sign(id, at, body));
      const posted = await post({ url: options.url, headers, body, signal });
      return sentOf(posted, now(), { final: [410] });
    },
  };
}

const SERIALISED = "whsec_";
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

function keyOf(secret: string): Uint8Array {
  if (!secret.startsWith(SERIALISED)) return Buffer.from(secret, "utf8");
  const text = secret.slice(SERIALISED.length);
  // Node would skip what is not base64, and sign with a key that the receiver does not have.
  if (text === "" || !BASE64.test(text)) {
    throw new Error(`The secret of a webhook begins with ${SERIALISED}, but what follows is not base64.`);
  }
  return Buffer.from(text, "base64");
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

import type { ApprovalNotice } from "../../core/approval.ts";

/** What a notifier is given to send. */
export interface ApprovalMessage {
  /** The message's dedupe key: the same from attempt to attempt. Holds letters, digits and `_ - . :` only. */
  readonly id: string;
  readonly notice: ApprovalNotice;
  /** Where people look at the request, once they have signed in. */
  readonly url: string;
}

/** What came of an attempt. */
export type Delivery =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** For operators: a status, a code or a few words. No secrets, no URL, nothing that the receiver said. */
      readonly error: string;
      /** Whether the same message may be taken later. */
      readonly retry: boolean;
      /** How long the receiver asked to be left alone. */
      readonly retryAfterMs?: number;
    };

/** One way to tell people or systems, as configured under one name. */
export interface Notifier {
  /** After so long an attempt is cut off. */
  readonly timeoutMs: number;
  /** Sends one message, until `signal` cuts it off; it may have arrived nevertheless. @throws never */
  send(notification: ApprovalMessage, signal: AbortSignal): Promise<Delivery>;
}

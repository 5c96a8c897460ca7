import { randomId } from "../core/ids.ts";
import { connectionFailure, postOutbound } from "../http/outbound.ts";
import { createWebhookSigner, type SignedReceiver } from "../http/webhook-signature.ts";
import { type Guard, guardError } from "./guard.ts";
import { writtenQuestion } from "./question.ts";
import { readAnswerText } from "./read-answer.ts";
import { createAskWithin } from "./waiting.ts";

/** `guards.<name>.webhook`. */
export interface WebhookGuardOptions extends SignedReceiver {
  readonly url: string;
  readonly timeoutMs: number;
  /** Of a question, and of an answer. */
  readonly maxBytes: number;
}

/**
 * Makes a guard that POSTs each question, signed, to one receiver. Only 200 is an answer; redirects are not followed: the content
 * is meant for one receiver. @throws when the secret cannot be used
 */
export function createWebhookGuard(
  { url, timeoutMs, maxBytes, ...receiver }: WebhookGuardOptions,
  now: () => number,
): Guard {
  const sign = createWebhookSigner(receiver, now);
  const within = createAskWithin(timeoutMs);
  return async (question) => {
    const body = writtenQuestion(question, maxBytes);
    if (body === undefined) return guardError("The content is larger than the guard's max_bytes.");
    return within(question, async (signal) => {
      try {
        const headers = sign(`guard_${randomId()}`, body);
        const answer = await postOutbound({ url, headers, body, signal, maxBytes });
        if (answer.status !== 200) return guardError(`It answered with status ${answer.status}.`);
        if (answer.body === undefined) return guardError("Its answer is larger than the guard's max_bytes.");
        return readAnswerText(answer.body, question.phase);
      } catch (error) {
        return guardError(`It could not be asked: ${connectionFailure(error)}.`);
      }
    });
  };
}

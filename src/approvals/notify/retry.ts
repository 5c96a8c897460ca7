import type { OutboxMessage } from "../../store/approvals/outbox.ts";

const FIRST_MS = 5_000;
const LONGEST_MS = 15 * 60_000;
const GIVE_UP_MS = 24 * 3_600_000;
const FEWEST_ATTEMPTS = 8;

/**
 * When a message is tried again that was not taken at `at`; `undefined` once it has been tried for a day. The delay
 * doubles from 5 s to 15 min and loses up to half at random, so that what failed together does not come back together;
 * it is never shorter than the receiver asked for. A message that grew old while nothing ran gets its attempts, too.
 */
export function nextAttempt(
  message: Pick<OutboxMessage, "attempts" | "createdAt">,
  at: number,
  askedMs: number,
  random: () => number,
): number | undefined {
  if (at - message.createdAt >= GIVE_UP_MS && message.attempts >= FEWEST_ATTEMPTS) return undefined;
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(message.attempts - 1, 30));
  return Math.round(at + Math.max(full * (0.5 + random() / 2), askedMs));
}

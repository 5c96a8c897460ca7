import { writeExact } from "../core/exact-json.ts";
import type { JsonObject } from "../core/json.ts";
import { OutboundPool, type PoolAnswer } from "../http/outbound-pool.ts";
import type { PolicyInput } from "../policy/policy-set.ts";
import type { PointAnswer } from "./decision-points.ts";
import { MAX_ANSWER_BYTES, pointError } from "./read-answer.ts";

/** Questions to one point at once. */
export const MAX_AT_ONCE = 32;

/** One kind's way to ask. */
export interface Point {
  /** Asks about a request while `signal` lasts. @throws never */
  ask(input: PolicyInput, signal: AbortSignal): Promise<PointAnswer>;
  /** Drops its connections. */
  close(): Promise<void>;
}

/** What is said of every point. */
export interface PointOptions {
  /** Sent with each question; may be secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** The longest question, in bytes. */
  readonly maxBytes: number;
}

/** A point that is asked over HTTP. */
export interface HttpPointOptions extends PointOptions {
  readonly url: string;
}

/** One question over HTTP. */
interface HttpQuestion {
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: JsonObject;
}

/** Makes a point that is asked over HTTP: `question` says what it is sent, `read` what its answer means. */
export function createHttpPoint(
  { url, headers, maxBytes }: HttpPointOptions,
  question: (input: PolicyInput) => HttpQuestion,
  read: (answer: PoolAnswer) => PointAnswer,
): Point {
  const pool = new OutboundPool({ url, headers, maxConnections: MAX_AT_ONCE });
  return {
    async ask(input, signal) {
      const asked = question(input);
      const body = writeExact(asked.body);
      if (Buffer.byteLength(body) > maxBytes) return tooLong(maxBytes);
      return read(await pool.post({ ...asked, body, maxAnswerBytes: MAX_ANSWER_BYTES, signal }));
    },
    close: () => pool.close(),
  };
}

/** The error of a question that is longer than it may be. */
export function tooLong(maxBytes: number): PointAnswer {
  return pointError(`The request is longer than the ${maxBytes} bytes that it may be asked about.`);
}

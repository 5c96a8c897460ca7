import type { IncomingMessage } from "node:http";
import { refuse } from "../../core/errors.ts";
import { personKey } from "../../core/principal.ts";
import type { Events, OperatorEvent } from "../../operations/events/events.ts";
import type { Operator } from "../../operations/operator.ts";
import type { Admit } from "../http/admit.ts";
import type { Refused } from "../http/problem.ts";

/** What the streams are made of. */
export interface EventStreamsDeps {
  readonly events: Events;
  /** Who asks, checked anew. */
  readonly admit: Admit;
  /** How often a quiet stream says that it is there, and whether its reader may still read is checked; ms. */
  readonly beatMs: number;
}

/** The open streams of `GET /events`. */
export interface EventStreams {
  open(operator: Operator, incoming: IncomingMessage): Response | Refused;
  /** Ends all of them, and opens no more. */
  close(): void;
}

/** What a reader may leave unread, besides what its connection holds. Events are short: hundreds of them. */
const MAX_UNREAD_BYTES = 64 * 1024;

/** Streams of one person at once. */
const MAX_PER_PERSON = 20;

/** How long a browser waits before it comes back, ms. */
const RETRY_MS = 2_000;

/**
 * Makes them. A stream ends with its credential or its session, and tells nothing after that: whether they hold is looked at
 * before something is told. A reader that does not keep up is dropped, and reads the lists again.
 */
export function createEventStreams({ events, admit, beatMs }: EventStreamsDeps): EventStreams {
  /** How each is stopped, and whose it is. */
  const open = new Map<() => void, string>();
  let closed = false;

  const start = (operator: Operator, incoming: IncomingMessage, reader: Reader): boolean => {
    const stop = (): void => {
      if (!open.delete(stop)) return;
      unsubscribe?.();
      clearInterval(timer);
      reader.end();
    };
    const write = (text: string): void => {
      if (open.has(stop) && !reader.write(text)) stop();
    };
    // What happens while a look is under way waits for the next one: a look counts only for what was there before it.
    let waiting: string[] = [];
    let waitingChars = 0;
    let looking = false;
    const queue = (text: string): void => {
      if (!open.has(stop)) return;
      waiting.push(text);
      waitingChars += text.length;
      if (waitingChars > MAX_UNREAD_BYTES) stop();
      else if (!looking) void pass();
    };
    const pass = async (): Promise<void> => {
      looking = true;
      while (open.has(stop) && waiting.length > 0) {
        const texts = waiting;
        waiting = [];
        waitingChars = 0;
        if (await stillMay(operator, incoming)) for (const text of texts) write(text);
        else stop();
      }
      looking = false;
    };
    const unsubscribe = events.subscribe(operator, (event) => queue(encode(event)));
    if (unsubscribe === undefined) return false;
    const timer = setInterval(() => queue(": still here\n\n"), beatMs);
    open.set(stop, personKey(operator.principal));
    reader.onGone(stop);
    write(`retry: ${RETRY_MS}\n\n`);
    return true;
  };

  // A store that does not answer says nothing about anybody's credential.
  const stillMay = async (operator: Operator, incoming: IncomingMessage): Promise<boolean> => {
    try {
      const now = await admit(incoming, true);
      return now.ok && sameOperator(now.operator, operator);
    } catch {
      return true;
    }
  };

  return {
    open(operator, incoming) {
      if (closed) return refuse("STOPPING");
      const key = personKey(operator.principal);
      const own = [...open.values()].filter((owner) => owner === key).length;
      const reader = createReader();
      if (own >= MAX_PER_PERSON || !start(operator, incoming, reader)) return refuse("TOO_MANY_OPEN");
      // nginx would hold events back until its buffer is full.
      const headers = { "Content-Type": "text/event-stream", "X-Accel-Buffering": "no" };
      return new Response(reader.stream, { headers });
    },
    close() {
      closed = true;
      for (const stop of [...open.keys()]) stop();
    },
  };
}

// What somebody is told depends on these.
function sameOperator(a: Operator, b: Operator): boolean {
  const facts = ({ admin, lacks, principal }: Operator): string =>
    JSON.stringify([admin, lacks, principal.issuer, principal.subject, principal.email, principal.roles]);
  return facts(a) === facts(b);
}

function encode(event: OperatorEvent): string {
  return `event: ${event.kind}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** One reader's end of a stream. */
interface Reader {
  readonly stream: ReadableStream<Uint8Array>;
  /** `false`: too much is unread, and nothing was added. */
  write(text: string): boolean;
  end(): void;
  onGone(listener: () => void): void;
}

function createReader(): Reader {
  const encoder = new TextEncoder();
  let control: ReadableStreamDefaultController<Uint8Array> | undefined;
  let gone = (): void => {};
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        control = controller;
      },
      cancel() {
        control = undefined;
        gone();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: MAX_UNREAD_BYTES }),
  );
  return {
    stream,
    write(text) {
      if ((control?.desiredSize ?? 0) <= 0) return false;
      control?.enqueue(encoder.encode(text));
      return true;
    },
    end() {
      control?.close();
      control = undefined;
    },
    onGone(listener) {
      gone = listener;
    },
  };
}

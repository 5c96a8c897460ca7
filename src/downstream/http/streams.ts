import type { ServerResponse } from "node:http";
import type { EdgeLimits } from "../options.ts";
import { SseConnection } from "./sse-connection.ts";

/** A reply that has not begun to answer. */
export interface Waiting {
  readonly since: number;
  /** Opens the event stream, so that the connection is not quiet any longer. */
  openStream(): void;
}

/** All open event streams of one edge and all replies still waiting: one sweep serves them, no timer per call. */
export interface Streams {
  open(outgoing: ServerResponse): SseConnection;
  /** Replies wait in the order in which they began. */
  wait(reply: Waiting): void;
  settled(reply: Waiting): void;
  /** Sends keep-alives and opens the streams of replies that have waited long enough. */
  sweep(now: number): void;
  readonly openCount: number;
  readonly waitingCount: number;
}

export function createStreams(limits: EdgeLimits, now: () => number): Streams {
  const connections = new Set<SseConnection>();
  const waiting = new Set<Waiting>();
  return {
    open(outgoing) {
      const connection = new SseConnection(outgoing, limits.maxQueuedBytes, now);
      connections.add(connection);
      connection.onClose(() => connections.delete(connection));
      return connection;
    },
    wait: (reply) => waiting.add(reply),
    settled: (reply) => waiting.delete(reply),
    sweep(at) {
      for (const reply of waiting) {
        if (at - reply.since < limits.streamAfterMs) break;
        waiting.delete(reply);
        reply.openStream();
      }
      for (const connection of connections) connection.keepAlive(limits.keepAliveMs);
    },
    get openCount() {
      return connections.size;
    },
    get waitingCount() {
      return waiting.size;
    },
  };
}

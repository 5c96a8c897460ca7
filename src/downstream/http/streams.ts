import type { ServerResponse } from "node:http";
import type { EdgeLimits } from "../options.ts";
import { SseConnection } from "./sse-connection.ts";

/** A reply that has not begun to answer. */
export interface Waiting {
  readonly since: number;
  /** Opens the event stream, so that the connection is not quiet any longer. */
  openStream(): void;
  /** The gateway is about to close the connection. */
  cut(): void;
}

/** All open event streams of one edge and all replies still waiting: one sweep serves them, no timer per call. */
export interface Streams {
  open(outgoing: ServerResponse): SseConnection;
  /** Replies wait in the order in which they began. */
  wait(reply: Waiting): void;
  settled(reply: Waiting): void;
  /** Sends keep-alives and opens the streams of replies that have waited long enough. */
  sweep(now: number): void;
  /** The gateway closes all connections in a moment: replies that wait are told, and get that moment to answer. */
  cut(): void;
  /** Whether it does: whoever loses a connection from now on has not left by itself. */
  readonly isCut: boolean;
  readonly openCount: number;
  readonly waitingCount: number;
}

export function createStreams(limits: EdgeLimits, now: () => number): Streams {
  const connections = new Set<SseConnection>();
  const waiting = new Set<Waiting>();
  let isCut = false;
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
    cut() {
      isCut = true;
      for (const reply of [...waiting]) reply.cut();
    },
    get isCut() {
      return isCut;
    },
    get openCount() {
      return connections.size;
    },
    get waitingCount() {
      return waiting.size;
    },
  };
}

import type { Readable, Writable } from "node:stream";
import type { CallEnder } from "../../core/cancellation.ts";
import { refuse } from "../../core/errors.ts";
import type { Principal } from "../../core/principal.ts";
import { idAtEnds } from "../../mcp/refused-id.ts";
import { createEdge } from "../edge.ts";
import { type EdgeDeps, everySecond } from "../options.ts";
import { LineServer } from "./line-server.ts";
import { createLineReader } from "./lines.ts";
import { createLineWriter } from "./writer.ts";

/** What the stdio edge needs besides. */
export interface StdioEdgeDeps extends EdgeDeps {
  readonly input: Readable;
  readonly output: Writable;
  /** The person at this machine. */
  readonly principal: Principal;
  /** Which endpoint is served: `""` for all upstreams, else a name. */
  readonly endpoint?: string | undefined;
}

export interface StdioEdge {
  /** Resolves when the client has closed its side, or `close` was called, and nothing is held any more. */
  readonly closed: Promise<void>;
  /**
   * Ends subscriptions with their completion result, tells calls that wait for people so, cancels what else is in flight
   * and lets go of the streams.
   */
  close(): void;
}

/** Clients wait about two seconds for a server whose input they closed before they kill it. */
const DRAIN_MS = 1500;

/**
 * Serves one local client over newline-delimited JSON-RPC, both eras: a request with the protocol version in its `_meta`
 * is served by itself, `initialize` makes the process a legacy session. 2026-07-28 transports/stdio.
 */
export function createStdioEdge(deps: StdioEdgeDeps): StdioEdge {
  const edge = createEdge(deps);
  const { limits, log, now } = edge;
  const writer = createLineWriter(deps.output, limits.maxQueuedBytes);
  const server = new LineServer({ edge, writer, principal: deps.principal, endpoint: deps.endpoint ?? "" });
  let settleClosed = (): void => {};
  let isClosed = false;
  let serving = 0;
  /** A client closes its side; all else that closes it is the gateway's own end. */
  let closedBy: CallEnder = "CALL_CANCELLED";
  let drainUntil: number | undefined;
  const closed = new Promise<void>((resolve) => {
    settleClosed = resolve;
  });

  const stopHearing = edge.gateway.onListChanged((change) => server.listChanged(change));
  const stopTicking = (deps.everySecond ?? everySecond)(() => {
    server.sweep(now());
    if (drainUntil !== undefined && now() >= drainUntil) close();
  });
  const read = createLineReader({
    maxBytes: limits.maxBodyBytes,
    onTooLong: (head, tail) =>
      server.fail(idAtEnds(head, tail), refuse("BODY_TOO_LARGE", `The limit is ${limits.maxBodyBytes} bytes.`)),
    onLine: (line) => {
      serving += 1;
      server
        .serve(line)
        .catch((err: unknown) => log.error({ err }, "A message on stdin could not be served"))
        .finally(() => {
          serving -= 1;
          if (drainUntil !== undefined && serving === 0) close();
        });
    },
  });

  const onData = (chunk: Buffer | string): void => {
    read(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
    // A client that does not read is not read either, until it does.
    if (!writer.full) return;
    deps.input.pause();
    writer.onDrain(() => deps.input.resume());
  };

  const close = (): void => {
    if (isClosed) return;
    isClosed = true;
    deps.input.off("data", onData).off("end", drain).off("error", close);
    stopHearing();
    stopTicking();
    server.closeListens();
    if (edge.holds.count === 0) letGo();
    // Those that are let go of have their answers written by the end of this turn.
    else void edge.holds.close(0).then(() => setImmediate(letGo));
  };

  const letGo = (): void => {
    server.end(closedBy);
    // A client that keeps its side open would keep this process alive.
    deps.input.destroy();
    settleClosed();
  };

  // What was asked before the client closed its side is still answered, for a moment: `echo … | portcullis stdio` works.
  const drain = (): void => {
    drainUntil = now() + DRAIN_MS;
    server.closeListens();
    void edge.holds.close(DRAIN_MS);
    if (serving === 0) close();
  };

  deps.input.on("data", onData).once("end", drain).once("error", close);
  // A client that is gone breaks the pipe; that is how it says goodbye, not a fault.
  deps.output.on("error", close);
  return {
    closed,
    close() {
      // One that has closed its side is gone, whoever ends the wait for what it asked.
      if (drainUntil === undefined && !isClosed) closedBy = "GATEWAY_STOPPED";
      close();
    },
  };
}

import { Worker } from "node:worker_threads";
import type { Cancellation } from "../core/cancellation.ts";
import { Turns } from "../core/turns.ts";
import type { RedactedBytes } from "./redact-bytes.ts";
import { type Detector, mergeRedactions, type Redaction, type Replacement } from "./redaction.ts";

/** From so many bytes on a result is searched in a thread of its own. Hostile texts take up to 3 µs for each character. */
export const LONG_BYTES = 16 * 1024;

/** Searches long results beside the event loop, one at a time, one person's after another's. */
export interface LongRedactions {
  /**
   * What `redactBytes` makes of a result. Withheld where it takes too long, where too many of this principal wait
   * already, and once `cancellation` says that nobody wants it any more: it is searched no longer then. @throws never
   */
  redact(
    bytes: Uint8Array,
    redactions: readonly Redaction[],
    holder: string,
    cancellation?: Cancellation,
  ): Promise<RedactedBytes>;
  close(): Promise<void>;
}

export interface LongRedactionsDeps {
  /** The gateway's, and what its hashes here are for: see `createKeyedHash`. */
  readonly secret: Uint8Array;
  readonly purpose: string;
  /** The longest that one result may take, in ms. */
  readonly maxMs?: number;
}

/** What the thread is begun with. */
export type ThreadData = Pick<LongRedactionsDeps, "secret" | "purpose">;

/** One result for the thread, and what to take out of it. */
export interface RedactionJob {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly detectors: readonly (readonly [Detector, Replacement])[];
  readonly paths: readonly (readonly [path: string, how: Replacement])[];
}

const MAX_MS = 10_000;
const STOPPING = "The gateway is stopping.";
const CANCELLED = "The call was cancelled.";
const CROWDED = "Too many long results of this caller wait to be searched.";
const MAX_WAITING = 32;
/** A result that is made to need more ends its own search, and nothing else. */
const MAX_HEAP_MB = 1024;

// This module runs as .js, and as .ts under a loader that threads do not have.
const BEGIN = `
const { url } = require("node:worker_threads").workerData;
const ready = url.endsWith(".ts") ? import("tsx/esm/api").then(({ register }) => register()) : Promise.resolve();
ready.then(() => import(url));
`;

export function createLongRedactions({ secret, purpose, maxMs = MAX_MS }: LongRedactionsDeps): LongRedactions {
  const turns = new Turns(MAX_WAITING);
  let thread: Worker | undefined;
  let busy = false;
  let closed = false;

  const claim = (): boolean => {
    if (busy) return false;
    busy = true;
    return true;
  };

  function begin(): Worker {
    const file = import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js";
    const worker = new Worker(BEGIN, {
      eval: true,
      execArgv: [],
      workerData: { secret, purpose, url: new URL(file, import.meta.url).href },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    worker.unref();
    // One that ends between two jobs is begun again with the next; in a job, the job hears of it, too.
    const ended = (): void => {
      if (thread === worker) thread = undefined;
    };
    worker.on("error", ended);
    worker.on("exit", ended);
    return worker;
  }

  // Busy from before this until its end.
  function search(job: RedactionJob, cancellation: Cancellation | undefined): Promise<RedactedBytes> {
    return new Promise((resolve) => {
      const reason = refusal(cancellation);
      if (reason !== undefined) {
        busy = false;
        resolve({ kind: "withheld", reason });
        turns.serve(claim);
        return;
      }
      thread ??= begin();
      const worker = thread;
      const settle = (answer: RedactedBytes): void => {
        clearTimeout(timer);
        stopHearing?.();
        worker.off("message", settle);
        worker.off("error", failed);
        worker.off("exit", failed);
        busy = false;
        resolve(answer);
        turns.serve(claim);
      };
      const failed = (): void =>
        settle({ kind: "withheld", reason: "The search for what must not leave it has ended." });
      const abort = (reason: string): void => {
        thread = undefined;
        void worker.terminate();
        settle({ kind: "withheld", reason });
      };
      const tooLong = `The search for what must not leave it takes longer than ${maxMs} ms.`;
      const timer = setTimeout(() => abort(tooLong), maxMs);
      const stopHearing = cancellation?.onCancel(() => abort(CANCELLED));
      worker.on("message", settle);
      worker.on("error", failed);
      worker.on("exit", failed);
      worker.postMessage(job, [job.bytes.buffer]);
    });
  }

  function refusal(cancellation: Cancellation | undefined): string | undefined {
    if (closed) return STOPPING;
    return cancellation?.cancelled === true ? CANCELLED : undefined;
  }

  /** Waits to be the one that is searched. Why it will not be, if so. */
  function turn(holder: string, cancellation: Cancellation | undefined): Promise<string | undefined> {
    return new Promise((resolve) => {
      let stopHearing: (() => void) | undefined;
      const leave = turns.wait(holder, () => {
        stopHearing?.();
        resolve(undefined);
      });
      if (leave === undefined) return resolve(CROWDED);
      stopHearing = cancellation?.onCancel(() => {
        leave();
        resolve(CANCELLED);
      });
    });
  }

  return {
    async redact(bytes, redactions, holder, cancellation) {
      const reason = refusal(cancellation);
      if (reason !== undefined) return { kind: "withheld", reason };
      const { detectors, paths } = mergeRedactions(redactions);
      const its = paths.map(({ path, with: how }) => [path.text, how] as const);
      if (turns.awaited(holder) || !claim()) {
        const why = await turn(holder, cancellation);
        if (why !== undefined) return { kind: "withheld", reason: why };
      }
      // With memory of its own, which the thread takes over.
      return search({ bytes: new Uint8Array(bytes), detectors: [...detectors], paths: its }, cancellation);
    },
    async close() {
      closed = true;
      await thread?.terminate();
    },
  };
}

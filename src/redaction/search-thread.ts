import { Worker } from "node:worker_threads";
import type { Cancellation } from "../core/cancellation.ts";
import { Turns } from "../core/turns.ts";
import type { RedactedBytes } from "./redact-bytes.ts";
import type { BinaryHandling, Detector, Replacement } from "./redaction.ts";
import type { ResultKind } from "./shapes/result-kinds.ts";

/** What the thread is begun with. */
export interface ThreadData {
  /** The gateway's, and what its hashes here are for: see `createKeyedHash`. */
  readonly secret: Uint8Array;
  readonly purpose: string;
}

/** One result for the thread, and what to take out of it. */
export interface RedactionJob {
  readonly kind: ResultKind;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly detectors: readonly (readonly [Detector, Replacement])[];
  readonly paths: readonly (readonly [path: string, how: Replacement])[];
  readonly binary: BinaryHandling;
}

/** What was found, and how long the thread was busy with it, in ms. */
export interface Searched {
  readonly answer: RedactedBytes;
  readonly tookMs: number;
}

const STOPPING = "The gateway is stopping.";
const CANCELLED = "The call was cancelled.";
const CROWDED = "Too many long results of this caller wait to be searched.";
const ENDED = "The search for what must not leave it has ended.";
const MAX_WAITING = 32;
/** A result that is made to need more ends its own search, and nothing else. */
const MAX_HEAP_MB = 1024;

// This module runs as .js, and as .ts under a loader that threads do not have.
const BEGIN = `
const { url } = require("node:worker_threads").workerData;
const ready = url.endsWith(".ts") ? import("tsx/esm/api").then(({ register }) => register()) : Promise.resolve();
ready.then(() => import(url));
`;

/** A thread that searches results, one at a time, one person's after another's. It begins with the first one. */
export class SearchThread {
  readonly #data: ThreadData;
  readonly #maxMs: number;
  readonly #turns = new Turns(MAX_WAITING);
  #worker: Worker | undefined;
  #busy = false;
  #closed = false;

  /** `maxMs`: the longest that one result may take. */
  constructor(data: ThreadData, maxMs: number) {
    this.#data = data;
    this.#maxMs = maxMs;
  }

  /** `job` is made once it is its turn. Withheld as `LongRedactions` says. @throws never */
  async search(job: () => RedactionJob, holder: string, cancellation: Cancellation | undefined): Promise<Searched> {
    const reason = this.#refusal(cancellation) ?? (await this.#turn(holder, cancellation));
    if (reason !== undefined) return withheld(reason);
    // Busy from here to its end.
    const late = this.#refusal(cancellation);
    const began = performance.now();
    const answer = late === undefined ? await this.#run(job(), cancellation) : withheld(late).answer;
    this.#busy = false;
    this.#turns.serve(this.#claim);
    return { answer, tookMs: performance.now() - began };
  }

  /** Ends it, and whatever it searches. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  readonly #claim = (): boolean => {
    if (this.#busy) return false;
    this.#busy = true;
    return true;
  };

  #refusal(cancellation: Cancellation | undefined): string | undefined {
    if (this.#closed) return STOPPING;
    return cancellation?.cancelled === true ? CANCELLED : undefined;
  }

  /** Waits to be the one that is searched. Why it will not be, if so. */
  async #turn(holder: string, cancellation: Cancellation | undefined): Promise<string | undefined> {
    if (!this.#turns.awaited(holder) && this.#claim()) return undefined;
    return new Promise((resolve) => {
      let stopHearing: (() => void) | undefined;
      const leave = this.#turns.wait(holder, () => {
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

  #run(job: RedactionJob, cancellation: Cancellation | undefined): Promise<RedactedBytes> {
    return new Promise((resolve) => {
      this.#worker ??= this.#begin();
      const worker = this.#worker;
      const settle = (answer: RedactedBytes): void => {
        clearTimeout(timer);
        stopHearing?.();
        worker.off("message", settle);
        worker.off("error", failed);
        worker.off("exit", failed);
        resolve(answer);
      };
      const failed = (): void => settle({ kind: "withheld", reason: ENDED });
      const abort = (reason: string): void => {
        this.#worker = undefined;
        void worker.terminate();
        settle({ kind: "withheld", reason });
      };
      const tooLong = `The search for what must not leave it takes longer than ${this.#maxMs} ms.`;
      const timer = setTimeout(() => abort(tooLong), this.#maxMs);
      const stopHearing = cancellation?.onCancel(() => abort(CANCELLED));
      worker.on("message", settle);
      worker.on("error", failed);
      worker.on("exit", failed);
      worker.postMessage(job, [job.bytes.buffer]);
    });
  }

  #begin(): Worker {
    const file = import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js";
    const worker = new Worker(BEGIN, {
      eval: true,
      execArgv: [],
      workerData: { ...this.#data, url: new URL(file, import.meta.url).href },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    worker.unref();
    // One that ends between two jobs is begun again with the next; in a job, the job hears of it, too.
    const ended = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    worker.on("error", ended);
    worker.on("exit", ended);
    return worker;
  }
}

function withheld(reason: string): Searched {
  return { answer: { kind: "withheld", reason }, tookMs: 0 };
}

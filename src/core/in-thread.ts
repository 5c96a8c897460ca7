import { Worker } from "node:worker_threads";

/** What came of it, or why nothing did: as the end of a sentence. */
export type ThreadAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly reason: string };

export interface ThreadOptions {
  /** Longer than this nobody waits, ms. */
  readonly maxMs: number;
  /** Ends it. */
  readonly signal?: AbortSignal;
}

// What modules run as: .js, and .ts under a loader that threads do not have.
const BEGIN = `
const { url, name, args } = require("node:worker_threads").workerData;
const ready = url.endsWith(".ts") ? import("tsx/esm/api").then(({ register }) => register()) : Promise.resolve();
ready
  .then(() => import(url))
  .then(async (module) => require("node:worker_threads").parentPort.postMessage(await module[name](...args)));
`;

/** What is made to need more ends its own thread, and nothing else. */
const MAX_HEAP_MB = 1024;
/** Of each function, so many threads that were given up and have not ended. */
const MAX_STUCK = 2;

const stuck = new Map<string, number>();

/**
 * Calls a function in a thread of its own, so that nobody waits for what takes long: neither for its work nor for a file
 * system that does not answer, which no thread can be kept from waiting for. `module` is the `import.meta.url` of the
 * module that exports it under its name; arguments and answer are copied as `structuredClone` does. @throws never
 */
export function callInThread<Args extends readonly unknown[], T>(
  module: string,
  work: (...args: Args) => T,
  args: Args,
  { maxMs, signal }: ThreadOptions,
): Promise<ThreadAnswer<Awaited<T>>> {
  const key = `${module}#${work.name}`;
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve(STOPPED);
    if ((stuck.get(key) ?? 0) >= MAX_STUCK)
      return resolve({ ok: false, reason: "earlier attempts have not ended yet" });
    const worker = new Worker(BEGIN, {
      eval: true,
      execArgv: [],
      workerData: { url: module, name: work.name, args },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    worker.unref();
    const settle = (answer: ThreadAnswer<Awaited<T>>): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
      resolve(answer);
    };
    const giveUp = (answer: ThreadAnswer<Awaited<T>>): void => {
      if (ended) return;
      stuck.set(key, (stuck.get(key) ?? 0) + 1);
      worker.once("exit", () => stuck.set(key, (stuck.get(key) ?? 1) - 1));
      void worker.terminate();
      settle(answer);
    };
    let ended = false;
    const abort = (): void => giveUp(STOPPED);
    const timer = setTimeout(() => giveUp({ ok: false, reason: `it takes longer than ${maxMs / 1000} s` }), maxMs);
    signal?.addEventListener("abort", abort, { once: true });
    worker.once("message", (value: Awaited<T>) => settle({ ok: true, value }));
    worker.once("error", (error) => settle({ ok: false, reason: reasonOf(error) }));
    worker.once("exit", () => {
      ended = true;
      settle({ ok: false, reason: "it ended without an answer" });
    });
  });
}

const STOPPED = { ok: false, reason: "it was stopped" } as const;

// A message could quote what was read.
function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_WORKER_OUT_OF_MEMORY") return "it takes too much memory";
  return `it failed (${typeof code === "string" ? code : error instanceof Error ? error.name : "unknown error"})`;
}

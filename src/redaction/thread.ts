import { parentPort, workerData } from "node:worker_threads";
import { createKeyedHash } from "../core/keyed-hash.ts";
import { redactBytes } from "./redact-bytes.ts";
import { compileRedaction, mergeRedactions } from "./redaction.ts";
import type { RedactionJob, ThreadData } from "./search-thread.ts";

/*
 * The program of the thread behind `search-thread.ts`: one job after another, each answered with one message.
 */

const { secret, purpose }: ThreadData = workerData;
const hash = createKeyedHash(secret, purpose);

parentPort?.on("message", ({ kind, bytes, detectors, paths, binary }: RedactionJob) => {
  const redaction = mergeRedactions([
    { detectors: new Map(detectors), paths: [], binary },
    ...paths.map(([path, how]) => compileRedaction({ detect: [], paths: [path], with: how, binary })),
  ]);
  parentPort?.postMessage(redactBytes(kind, bytes, redaction, hash));
});

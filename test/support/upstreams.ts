import { afterEach } from "vitest";
import { createUpstreams, type UpstreamsDeps } from "../../src/upstream/upkeep/upstreams.ts";
import type { UpstreamOptions, Upstreams } from "../../src/upstream/upstream.ts";
import { recordingLog } from "./recording-log.ts";

/** Things that are closed after each test, last one first. */
export function closeAfterEach(): <T extends { close(): Promise<void> }>(thing: T) => T {
  const open: Array<{ close(): Promise<void> }> = [];
  afterEach(async () => {
    for (const thing of open.splice(0).reverse()) await thing.close();
  });
  return (thing) => {
    open.push(thing);
    return thing;
  };
}

/** Running upstreams with short delays. */
export function startUpstreams(options: readonly UpstreamOptions[], deps: Partial<UpstreamsDeps> = {}): Upstreams {
  const upstreams = createUpstreams({
    log: recordingLog(),
    now: Date.now,
    version: "0.0.0-test",
    ...deps,
    timing: { backoffMs: 10, backoffCapMs: 50, stdioProbeMs: 10_000, killMs: 500, closeMs: 1_000, ...deps.timing },
  });
  upstreams.apply(options);
  return upstreams;
}

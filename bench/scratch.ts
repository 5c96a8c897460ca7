import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGateway, startUpstream, type Target } from "./targets.ts";

/** A gateway in front of the benchmark's upstream, for a measurement of its own. */
export interface Scratch {
  readonly upstream: Target;
  readonly gateway: Target;
}

/** Starts upstream and gateway, measures, and ends both, whatever happens. */
export async function withGateway(
  setup: {
    readonly policies: number;
    readonly tools: number;
    readonly dist: boolean;
    readonly morePolicies?: string;
    readonly logLevel?: string;
    readonly moreConfig?: object;
  },
  measure: (scratch: Scratch) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "portcullis-bench-"));
  const upstream = await startUpstream("load", setup.tools);
  try {
    const { policies, dist, morePolicies, logLevel, moreConfig } = setup;
    const gateway = await startGateway(
      { name: "the gateway", issuer: undefined, policies, morePolicies, logLevel, moreConfig },
      upstream.url,
      directory,
      dist ? join(import.meta.dirname, "..") : undefined,
    );
    try {
      await measure({ upstream, gateway });
    } finally {
      await gateway.program.stop();
    }
  } finally {
    await upstream.program.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

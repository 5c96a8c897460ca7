import { withDeadline } from "../../core/deadline.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { UpstreamFault } from "../../core/round.ts";
import type { UpstreamOptions, UpstreamStatus } from "../upstream.ts";
import { createUpstreams, type UpstreamsDeps } from "./upstreams.ts";

/** What came of connecting once. */
export type ConnectionTest =
  | { readonly ok: true; readonly status: UpstreamStatus; readonly tools: readonly JsonObject[] }
  /** `fault.detail` is for operators. */
  | { readonly ok: false; readonly fault: TestFault };

/** Why a test failed. */
export type TestFault = Pick<UpstreamFault, "code" | "detail" | "ours">;

/** When a trial is given up. */
export interface TestBounds {
  /** So long after its beginning. */
  readonly maxMs: number;
  /** At once. */
  readonly signal?: AbortSignal;
}

/**
 * Connects to an upstream with connections of its own, lists its tools, and closes everything again, whatever came of
 * it. `bounds` hold for it all, the closing apart. @throws never for anything that the upstream does
 */
export async function testConnection(
  options: UpstreamOptions,
  deps: UpstreamsDeps,
  bounds: TestBounds,
): Promise<ConnectionTest> {
  const { maxMs, signal } = bounds;
  const timeoutMs = Math.min(options.timeoutMs, maxMs);
  const upstreams = createUpstreams({ ...deps, log: quiet(deps.log) });
  const failed = (code: TestFault["code"], detail: string): ConnectionTest => ({ ok: false, fault: { code, detail } });
  let stop = (): void => {};
  const stopped = new Promise<ConnectionTest>((resolve) => {
    stop = () => resolve(failed("GATEWAY_STOPPED", "The gateway is stopping."));
  });
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    upstreams.apply([{ ...options, timeoutMs }]);
    const upstream = upstreams.get(options.name);
    if (upstream === undefined) throw new Error("An upstream that was applied is not there.");
    const listed = upstream.list("tools").then((answer): ConnectionTest => {
      if (!answer.ok) return { ok: false, fault: answer.fault };
      return { ok: true, status: upstream.status(), tools: answer.items.filter(isObject) };
    });
    return await withDeadline(maxMs, Promise.race([listed, stopped]), () =>
      failed("UPSTREAM_TIMEOUT", `It was not done within ${maxMs} ms.`),
    );
  } finally {
    signal?.removeEventListener("abort", stop);
    await upstreams.close();
  }
}

// Whoever asked reads what came of it; the log is about the connections that calls go over.
function quiet(log: Log): Log {
  const debug: Log["debug"] = (fields, message) => log.debug({ ...fields, trial: true }, message);
  return { debug, info: debug, warn: debug, error: (fields, message) => log.error(fields, message) };
}

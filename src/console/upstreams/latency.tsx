import type { UpstreamLatency } from "../../operations/activity.ts";
import { Badge } from "../components/badge.tsx";

/** How an upstream did within a time: calls, how fast, and how many failed. */
export function Latency({ latency }: { readonly latency: UpstreamLatency | undefined }) {
  if (latency === undefined || latency.calls === 0) return <span class="soft">no calls</span>;
  const { calls, faults, p50Ms, p95Ms } = latency;
  return (
    <>
      <span class="nowrap">{calls === 1 ? "1 call" : `${calls} calls`}</span>
      {p50Ms === undefined || p95Ms === undefined ? null : (
        <div class="soft">
          <span class="nowrap">half within {milliseconds(p50Ms)},</span>{" "}
          <span class="nowrap">95% within {milliseconds(p95Ms)}</span>
        </div>
      )}
      {faults === 0 ? null : <Badge tone="bad">{faults === 1 ? "1 fault" : `${faults} faults`}</Badge>}
    </>
  );
}

// The figures are good to about a tenth: more digits would pretend.
function milliseconds(ms: number): string {
  if (ms >= 10_000) return `${Math.round(ms / 1_000)} s`;
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

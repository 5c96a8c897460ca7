import { counted, grouped } from "../../core/counted.ts";
import { latencyText } from "../../core/duration.ts";
import type { UpstreamLatency } from "../../operations/activity/activity.ts";
import { Badge } from "../components/badge.tsx";

/** How an upstream did within the last day: calls, how fast, and how many were not answered. `now` in ms since the epoch. */
export function Latency(props: {
  readonly upstream: string;
  readonly latency: UpstreamLatency | undefined;
  readonly now: number;
}) {
  const { upstream, latency, now } = props;
  if (latency === undefined || latency.calls === 0) return <span class="soft">no calls</span>;
  const { calls, faults, unanswered, unended, p50Ms, p95Ms } = latency;
  return (
    <>
      <span class="nowrap">{counted(calls, "call")}</span>
      {p50Ms === undefined || p95Ms === undefined ? null : (
        <div class="soft">
          <span class="nowrap">half within {latencyText(p50Ms)},</span>{" "}
          <span class="nowrap">95% within {latencyText(p95Ms)}</span>
        </div>
      )}
      {unanswered === 0 ? null : (
        <div>
          <a href={callsUrl(upstream, "unanswered", now)}>{grouped(unanswered)} cancelled or cut off</a>
        </div>
      )}
      {unended === 0 ? null : <div class="soft">{grouped(unended)} without an end</div>}
      {faults === 0 ? null : (
        <a href={callsUrl(upstream, "fault", now)}>
          <Badge tone="bad">{counted(faults, "fault")}</Badge>
        </a>
      )}
    </>
  );
}

function callsUrl(upstream: string, outcome: "fault" | "unanswered", now: number): string {
  const from = new Date(now - DAY_MS).toISOString().slice(0, "2026-01-31T09:00".length);
  return `/console/activity?${new URLSearchParams({ upstream, outcome, from })}`;
}

const DAY_MS = 86_400_000;

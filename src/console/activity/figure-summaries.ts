import { counted, grouped } from "../../core/counted.ts";
import { lengthText } from "../../core/duration.ts";
import type { ActivityOverview } from "../../operations/activity/activity.ts";
import type { OtherKind } from "../../store/activity/activity.ts";
import { DECISIONS } from "../call-words.ts";
import { harmless } from "../harmless.ts";

/** What there is to see in the chart of decisions. `span` ends the sentence: `in the last 24 hours`. */
export function decisionsSummary({ points }: ActivityOverview, span: string): string {
  const totals = DECISIONS.map(({ value, counted }) => ({
    counted,
    n: points.reduce((sum, { decisions }) => sum + (decisions[value] ?? 0), 0),
  })).filter(({ n }) => n > 0);
  const all = totals.reduce((sum, { n }) => sum + n, 0);
  if (all === 0) return `No call was decided ${span}.`;
  const parts = totals.map(({ counted, n }) => `${grouped(n)} ${counted}`);
  return `${counted(all, "call")} decided ${span}: ${parts.join(", ")}.`;
}

/** The same of requests about prompts, or about resources. */
export function othersSummary({ points }: ActivityOverview, span: string, kind: OtherKind): string {
  const totals = DECISIONS.map(({ value, counted }) => ({
    counted: value === "hide" ? `to a hidden ${kind}` : counted,
    n: points.reduce((sum, { others }) => sum + (others[kind][value] ?? 0), 0),
  })).filter(({ n }) => n > 0);
  const all = totals.reduce((sum, { n }) => sum + n, 0);
  const parts = totals.map(({ counted, n }) => `${grouped(n)} ${counted}`);
  return `${counted(all, "request")} decided ${span}: ${parts.join(", ")}.`;
}

/** What there is to see in the chart of latencies. */
export function latencySummary({ upstreams }: ActivityOverview, span: string): string {
  const [busiest] = [...upstreams].sort(([, a], [, b]) => b.calls - a.calls);
  if (busiest === undefined) return `No server was called ${span}.`;
  const [name, { calls, p50Ms, p95Ms, faults, unanswered, unended }] = busiest;
  const shown = harmless(name, 40).text;
  const others = upstreams.size === 1 ? "" : ` It is the busiest of ${upstreams.size}.`;
  const answered =
    p50Ms === undefined || p95Ms === undefined
      ? "none"
      : `${grouped(calls - faults - unanswered - unended)}: half within ${lengthText(p50Ms)}, 95% within ${lengthText(p95Ms)}`;
  const failed = faults === 0 ? "" : ` ${grouped(faults)} ended in a fault.`;
  const cut =
    unanswered === 0 ? "" : ` ${grouped(unanswered)} ${unanswered === 1 ? "was" : "were"} cancelled or cut off.`;
  const open = unended === 0 ? "" : ` ${grouped(unended)} ${unended === 1 ? "has" : "have"} no end on record.`;
  return `Of the calls to ${shown} ${span} it answered ${answered}.${failed}${cut}${open}${others}`;
}

/** What there is to see in the chart of waiting times. */
export function waitingSummary({ waiting }: ActivityOverview, span: string): string {
  const { decided, p50Ms = 0, p95Ms = 0 } = waiting;
  if (decided === 0) return `No request for approval was decided ${span}.`;
  if (decided === 1) return `One request was decided ${span}, after about ${lengthText(p50Ms)}.`;
  return `${grouped(decided)} requests were decided ${span}: half within ${lengthText(p50Ms)}, 95% within ${lengthText(p95Ms)}.`;
}

import { SHORT_KEPT_MS } from "../../audit/count-rows.ts";
import { type Histogram, quantileOf } from "../../audit/histogram.ts";
import {
  type ActivityStore,
  type Counted,
  type CountedSum,
  LONG_STEP,
  SHORT_STEP,
} from "../../store/activity/activity.ts";
import type { PolicyMatches } from "../policies/policies.ts";
import type {
  ActivityOperations,
  ActivityOverview,
  ActivityPoint,
  ApprovalWaiting,
  UpstreamLatency,
} from "./activity.ts";

const MAX_POINTS = 1_000;

/** What is counted of an upstream's calls: each call is in one of them. */
const OF_UPSTREAMS = ["latency", "fault", "unanswered", "unended"] as const satisfies readonly Counted[];

interface UpstreamSum extends CountedSum {
  readonly what: (typeof OF_UPSTREAMS)[number];
}

/** The figures of a time, from what is counted. @throws StoreError */
export async function readOverview(
  counts: ActivityStore,
  range: Parameters<ActivityOperations["overview"]>[0],
  now: number,
): Promise<ActivityOverview> {
  const { step, since, groupMs } = spansOf(range, now);
  const until = Math.max(range.until, since);
  const read = (what: Counted) => counts.sums({ what, step, since, until, groupMs });
  const byTime = async (what: Counted) => groupBy(await read(what), (sum) => sum.at);
  const decisions = await byTime("decision");
  const prompts = await byTime("prompt");
  const resources = await byTime("resource");
  const ofUpstreams: UpstreamSum[] = [];
  for (const what of OF_UPSTREAMS) for (const sum of await read(what)) ofUpstreams.push({ ...sum, what });
  const waiting = await read("waiting");
  const ofUpstreamsAt = groupBy(ofUpstreams, (sum) => sum.at);
  const waitingAt = groupBy(waiting, (sum) => sum.at);
  const points: ActivityPoint[] = [];
  for (let at = since; at < until; at += groupMs) {
    points.push({
      at,
      decisions: byName(decisions.get(at)),
      others: { prompt: byName(prompts.get(at)), resource: byName(resources.get(at)) },
      upstreams: latencyOf(ofUpstreamsAt.get(at) ?? []),
      waiting: waitingOf(waitingAt.get(at) ?? []),
    });
  }
  return {
    ...{ since, until, stepMs: groupMs, points },
    upstreams: latencyOf(ofUpstreams),
    waiting: waitingOf(waiting),
    behind: await counts.behind(),
  };
}

/** How often each policy matched since then. @throws StoreError */
export async function readPolicyMatches(
  counts: ActivityStore,
  since: number,
  now: number,
): Promise<ReadonlyMap<string, PolicyMatches>> {
  const { step, since: from } = spansOf({ since, until: since, stepMs: SHORT_STEP }, now);
  const until = Number.MAX_SAFE_INTEGER;
  const read = (what: Counted) => counts.sums({ what, step, since: from, until, groupMs: until });
  const applied = new Map((await read("applied")).map(({ name, n }) => [name, n]));
  const shadow = new Map((await read("shadow")).map(({ name, n }) => [name, n]));
  const names = new Set([...applied.keys(), ...shadow.keys()]);
  return new Map([...names].map((name) => [name, { applied: applied.get(name) ?? 0, shadow: shadow.get(name) ?? 0 }]));
}

/** Which spans to read, how many of them are one point, and where the first point begins. */
function spansOf({ since, until, stepMs }: Parameters<ActivityOperations["overview"]>[0], now: number) {
  const wanted = Math.max(stepMs, (until - since) / (MAX_POINTS - 1));
  const among = (step: number) => {
    const groupMs = roundUp(Math.max(wanted, step), step);
    return { step, groupMs, since: Math.floor(since / groupMs) * groupMs };
  };
  const short = among(SHORT_STEP);
  return short.since >= now - SHORT_KEPT_MS ? short : among(LONG_STEP);
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

function latencyOf(sums: readonly UpstreamSum[]): ReadonlyMap<string, UpstreamLatency> {
  return new Map(
    Array.from(
      groupBy(sums, (sum) => sum.name),
      ([name, own]) => {
        const of = (kind: UpstreamSum["what"]) => own.filter(({ what }) => what === kind);
        const histogram = histogramOf(of("latency"));
        return [
          name,
          {
            calls: totalOf(own),
            faults: totalOf(of("fault")),
            unanswered: totalOf(of("unanswered")),
            unended: totalOf(of("unended")),
            p50Ms: quantileOf(histogram, 0.5),
            p95Ms: quantileOf(histogram, 0.95),
          },
        ];
      },
    ),
  );
}

function waitingOf(sums: readonly CountedSum[]): ApprovalWaiting {
  const histogram = histogramOf(sums);
  return { decided: totalOf(sums), p50Ms: quantileOf(histogram, 0.5), p95Ms: quantileOf(histogram, 0.95) };
}

function histogramOf(sums: readonly CountedSum[]): Histogram {
  const histogram: Histogram = new Map();
  for (const { bucket, n } of sums) histogram.set(bucket, (histogram.get(bucket) ?? 0) + n);
  return histogram;
}

function byName(sums: readonly CountedSum[] = []): Readonly<Record<string, number>> {
  return Object.fromEntries(sums.map(({ name, n }) => [name, n]));
}

function totalOf(sums: readonly CountedSum[]): number {
  return sums.reduce((total, { n }) => total + n, 0);
}

function groupBy<Sum, K>(sums: readonly Sum[], keyOf: (sum: Sum) => K): ReadonlyMap<K, readonly Sum[]> {
  const groups = new Map<K, Sum[]>();
  for (const sum of sums) {
    const key = keyOf(sum);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sum]);
    else group.push(sum);
  }
  return groups;
}

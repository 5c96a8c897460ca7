import type { Child } from "hono/jsx";
import { grouped } from "../../core/counted.ts";
import { lengthText } from "../../core/duration.ts";
import type { ActivityOverview, ActivityPoint } from "../../operations/activity/activity.ts";
import type { OtherKind } from "../../store/activity/activity.ts";
import { DECISIONS } from "../call-words.ts";
import { harmless } from "../harmless.ts";
import { exactTime } from "../times.ts";
import { decisionsSummary, latencySummary, othersSummary, waitingSummary } from "./figure-summaries.ts";

/** One line or colour of a chart, and one column of its table. */
interface Series {
  readonly key: string;
  readonly title: string;
  /** A custom property of the style sheet, without its dashes. */
  readonly colour: string;
  readonly dashed?: boolean;
  value(point: ActivityPoint): number | undefined;
}

/** Colours enough to be told apart; what comes after these stands in the table only. */
const LINES = ["chart-1", "chart-2", "chart-3", "chart-4", "chart-5", "chart-6"] as const;

const COLOURS: Readonly<Record<string, string>> = {
  allow: "chart-good",
  request_approval: "chart-1",
  step_up: "chart-4",
  rate_limit: "chart-2",
  deny: "chart-bad",
  hide: "chart-6",
};

/** What was decided, over time. */
export function DecisionsFigure({ overview, span }: { readonly overview: ActivityOverview; readonly span: string }) {
  const { points } = overview;
  const seen = DECISIONS.filter(({ value }) => points.some(({ decisions }) => (decisions[value] ?? 0) > 0));
  const series = seen.map(({ value, figure }) => ({
    ...{ key: value, title: figure, colour: COLOURS[value] ?? "chart-1" },
    value: ({ decisions }: ActivityPoint) => decisions[value] ?? 0,
  }));
  const summary = decisionsSummary(overview, span);
  return <Figure id="decisions" title="Decisions" kind="stack" unit="calls" {...{ summary, series, points }} />;
}

/** The same of requests about prompts, or about resources; nothing where nobody made any. */
export function OthersFigure(props: {
  readonly overview: ActivityOverview;
  readonly span: string;
  readonly kind: OtherKind;
}) {
  const { overview, span, kind } = props;
  const { points } = overview;
  const seen = DECISIONS.filter(({ value }) => points.some(({ others }) => (others[kind][value] ?? 0) > 0));
  if (seen.length === 0) return null;
  const series = seen.map(({ value, figure }) => ({
    ...{ key: value, title: figure, colour: COLOURS[value] ?? "chart-1" },
    value: ({ others }: ActivityPoint) => others[kind][value] ?? 0,
  }));
  const { id, title } = OTHERS[kind];
  const summary = othersSummary(overview, span, kind);
  return <Figure kind="stack" unit="calls" {...{ id, title, summary, series, points }} />;
}

const OTHERS = {
  prompt: { id: "prompts", title: "Requests for prompts" },
  resource: { id: "resources", title: "Requests for resources" },
} as const satisfies Record<OtherKind, unknown>;

/** How fast the servers answered, over time. */
export function LatencyFigure({ overview, span }: { readonly overview: ActivityOverview; readonly span: string }) {
  const { points, upstreams } = overview;
  const busiest = [...upstreams].sort(([, a], [, b]) => b.calls - a.calls);
  const answering = busiest.filter(([, { p95Ms }]) => p95Ms !== undefined);
  const series = answering.slice(0, LINES.length).flatMap(([name], index): readonly Series[] => {
    const [colour, shown] = [LINES[index] ?? "chart-1", harmless(name, 40).text];
    return [
      { key: `p95-${index}`, title: `${shown} p95`, colour, value: (point) => point.upstreams.get(name)?.p95Ms },
      {
        key: `p50-${index}`,
        title: `${shown} p50`,
        colour,
        dashed: true,
        value: (point) => point.upstreams.get(name)?.p50Ms,
      },
    ];
  });
  const table = upstreams.size === 0 ? undefined : <UpstreamTable upstreams={busiest} />;
  const summary = latencySummary(overview, span);
  return (
    <Figure id="latency" title="Time to answer, by upstream" kind="lines" unit="ms" {...{ summary, series, points }}>
      {table}
    </Figure>
  );
}

/** How long requests for approval waited for people, over time: by when they were decided. */
export function WaitingFigure({ overview, span }: { readonly overview: ActivityOverview; readonly span: string }) {
  const { points } = overview;
  const series: readonly Series[] =
    overview.waiting.decided === 0
      ? []
      : [
          { key: "p95", title: "95% within", colour: "chart-1", value: ({ waiting }) => waiting.p95Ms },
          { key: "p50", title: "Half within", colour: "chart-1", dashed: true, value: ({ waiting }) => waiting.p50Ms },
        ];
  const summary = waitingSummary(overview, span);
  return <Figure id="waiting" title="Waiting for approval" kind="lines" unit="ms" {...{ summary, series, points }} />;
}

/**
 * A title, what there is to see in words, the picture, and the same as a table. The picture is drawn from the table by a
 * script, and so there is none where scripts are off.
 */
function Figure(props: {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly kind: "stack" | "lines";
  readonly unit: "calls" | "ms";
  readonly series: readonly Series[];
  readonly points: readonly ActivityPoint[];
  readonly children?: Child;
}) {
  const { id, title, summary, kind, unit, series, points, children } = props;
  return (
    <section class="panel figure" aria-labelledby={`figure-${id}`}>
      <h2 id={`figure-${id}`}>{title}</h2>
      <p class="soft">{summary}</p>
      {series.length === 0 ? null : (
        <div
          class="chart"
          data-chart={kind}
          data-unit={unit}
          data-table={`table-${id}`}
          data-label={`${title}. ${summary}`}
          hidden
        />
      )}
      {children}
      {series.length === 0 ? null : (
        <details>
          <summary>The same in numbers</summary>
          <NumbersTable {...{ id, title, unit, series, points }} />
        </details>
      )}
    </section>
  );
}

function NumbersTable(props: {
  readonly id: string;
  readonly title: string;
  readonly unit: "calls" | "ms";
  readonly series: readonly Series[];
  readonly points: readonly ActivityPoint[];
}) {
  const { id, title, unit, series, points } = props;
  const text = unit === "calls" ? grouped : lengthText;
  return (
    // It scrolls inside, which has to work without a mouse.
    <section class="numbers" aria-label={`${title} in numbers`} tabindex={0}>
      <table id={`table-${id}`}>
        <caption class="unseen">{title}, by the beginning of each span, UTC</caption>
        <thead>
          <tr>
            <th scope="col">From (UTC)</th>
            {series.map(({ title: name, colour, dashed }) => (
              <th scope="col" data-colour={colour} data-dashed={dashed === true ? "" : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr>
              <th scope="row">
                <time datetime={new Date(point.at).toISOString()}>{exactTime(point.at).slice(0, 16)}</time>
              </th>
              {series.map(({ value }) => {
                const n = value(point);
                return <td>{n === undefined ? "–" : <data value={String(n)}>{text(n)}</data>}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function UpstreamTable({ upstreams }: { readonly upstreams: readonly (readonly [string, Latency])[] }) {
  return (
    <section class="numbers" aria-label="Upstreams in numbers" tabindex={0}>
      <table>
        <caption class="unseen">Upstreams, the busiest first</caption>
        <thead>
          <tr>
            {["Upstream", "Calls", "Faults", "Cancelled or cut off", "No end", "Half within", "95% within"].map(
              (title) => (
                <th scope="col">{title}</th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {upstreams.map(([name, { calls, faults, unanswered, unended, p50Ms, p95Ms }]) => (
            <tr>
              <th scope="row">{harmless(name, 40).text}</th>
              <td>{grouped(calls)}</td>
              <td>{grouped(faults)}</td>
              <td>{grouped(unanswered)}</td>
              <td>{grouped(unended)}</td>
              <td>{p50Ms === undefined ? "–" : lengthText(p50Ms)}</td>
              <td>{p95Ms === undefined ? "–" : lengthText(p95Ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

type Latency = ActivityOverview["upstreams"] extends ReadonlyMap<string, infer Value> ? Value : never;

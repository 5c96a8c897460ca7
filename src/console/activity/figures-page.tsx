import type { ActivityOverview } from "../../operations/activity/activity.ts";
import { OTHER_KINDS } from "../../store/activity/activity.ts";
import type { AssetUrls } from "../assets.ts";
import { Behind, ChartAssets } from "./chart-assets.tsx";
import { DecisionsFigure, LatencyFigure, OthersFigure, WaitingFigure } from "./figures.tsx";

const HOUR_MS = 3_600_000;

interface Range {
  readonly name: string;
  readonly title: string;
  readonly span: string;
  readonly lengthMs: number;
  readonly stepMs: number;
}

const DAY: Range = {
  ...{ name: "24h", title: "24 hours", span: "in the last 24 hours" },
  ...{ lengthMs: 24 * HOUR_MS, stepMs: HOUR_MS / 2 },
};
const RANGES: readonly Range[] = [
  DAY,
  { name: "7d", title: "7 days", span: "in the last 7 days", lengthMs: 7 * 24 * HOUR_MS, stepMs: 3 * HOUR_MS },
  { name: "30d", title: "30 days", span: "in the last 30 days", lengthMs: 30 * 24 * HOUR_MS, stepMs: 12 * HOUR_MS },
];

/** The range of that name; a day for every other. */
export function timeRangeOf(name: string | undefined): Range {
  return RANGES.find((range) => range.name === name) ?? DAY;
}

/** All charts over one range. */
export function FiguresPage(props: {
  readonly overview: ActivityOverview;
  readonly range: Range;
  readonly assets: AssetUrls;
}) {
  const { overview, range, assets } = props;
  const shown = { overview, span: range.span };
  return (
    <>
      <ChartAssets assets={assets} />
      <nav class="ranges" aria-label="Range">
        {RANGES.map(({ name, title }) => (
          <a href={`/console/activity/figures?range=${name}`} aria-current={name === range.name ? "page" : undefined}>
            {title}
          </a>
        ))}
        <a href="/console/activity">Calls</a>
      </nav>
      <Behind overview={overview} />
      <DecisionsFigure {...shown} />
      {OTHER_KINDS.map((kind) => (
        <OthersFigure {...shown} kind={kind} />
      ))}
      <LatencyFigure {...shown} />
      <WaitingFigure {...shown} />
    </>
  );
}

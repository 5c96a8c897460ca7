import { grouped } from "../../core/counted.ts";
import type { ActivityOverview } from "../../operations/activity/activity.ts";
import type { AssetUrls } from "../assets.ts";
import { Banner } from "../components/banner.tsx";

/** What draws the charts of a page. Without it, their tables say the same. */
export function ChartAssets({ assets }: { readonly assets: AssetUrls }) {
  return (
    <>
      <link rel="stylesheet" href={assets("uplot.css")} />
      <script src={assets("uplot.js")} defer />
      <script src={assets("charts.js")} defer />
    </>
  );
}

/** A few rows are always on their way: not worth a word. */
const WORTH_A_WORD = 5_000;

/** Says that figures are not complete yet. */
export function Behind({ overview: { behind } }: { readonly overview: ActivityOverview }) {
  if (behind < WORTH_A_WORD) return null;
  return (
    <Banner tone="warn">
      {grouped(behind)} rows of the audit are still to be counted: figures grow until they are. Lists are complete.
    </Banner>
  );
}

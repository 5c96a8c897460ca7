import type { AdminOutcome } from "../../core/call-outcome.ts";
import type { ActivityOverview } from "../../operations/activity/activity.ts";
import type { AuditPage } from "../../store/audit/audit-rows.ts";
import type { AssetUrls } from "../assets.ts";
import { Pager } from "../components/pager.tsx";
import { CallList } from "./call-list.tsx";
import { Behind, ChartAssets } from "./chart-assets.tsx";
import { NoCalls, NothingFound } from "./empty.tsx";
import { DecisionsFigure } from "./figures.tsx";
import { type CallSearch, exportUrl, searchUrl } from "./read-search.ts";
import { SearchForm } from "./search-form.tsx";

/** Entries on one page. */
export const PAGE_ENTRIES = 50;

/** The search and what it found. `overview` is shown where nothing is searched for. */
export function CallsPage(props: {
  readonly search: CallSearch;
  readonly listed: AuditPage;
  readonly cursor: number | undefined;
  readonly overview: ActivityOverview | undefined;
  /** ms since the epoch. */
  readonly now: number;
  readonly assets: AssetUrls;
  /** The gateway's own, without a path. */
  readonly url: string;
}) {
  const { search, listed, cursor, overview, now, assets, url } = props;
  const entries = [...listed.entries].reverse();
  const newest = entries[0]?.seq ?? 0;
  // Whoever looks has signed in.
  const nothingYet = entries.every(({ outcome }) => outcome === ("console_signed_in" satisfies AdminOutcome));
  if (nothingYet && !search.narrow && cursor === undefined) return <NoCalls url={url} />;
  return (
    <>
      {overview === undefined ? null : (
        <>
          <ChartAssets assets={assets} />
          <Behind overview={overview} />
          <DecisionsFigure overview={overview} span="in the last 24 hours" />
          <p class="beside">
            <a href="/console/activity/figures">More figures: other times, servers, approvals</a>
          </p>
        </>
      )}
      <SearchForm search={search} />
      {cursor === undefined ? <Newer search={search} newest={newest} assets={assets} /> : null}
      {entries.length === 0 ? (
        <NothingFound reachedStart={listed.nextCursor === undefined} />
      ) : (
        <CallList entries={entries} now={now} />
      )}
      <Pager
        url={searchUrl(search)}
        cursor={cursor === undefined ? undefined : String(cursor)}
        next={listed.nextCursor === undefined ? undefined : String(listed.nextCursor)}
      />
      <p class="beside">
        Everything that fits, as a file: <a href={exportUrl(search, "csv")}>CSV</a>{" "}
        <a href={exportUrl(search, "jsonl")}>JSON Lines</a>
      </p>
    </>
  );
}

/** Says how many calls came since, and leaves the list alone. A script fills it in. */
function Newer({
  search,
  newest,
  assets,
}: {
  readonly search: CallSearch;
  readonly newest: number;
  readonly assets: AssetUrls;
}) {
  const asked = searchUrl(search, "/console/activity/newer");
  const join = asked.includes("?") ? "&" : "?";
  return (
    <>
      <p class="newer" role="status" data-newer={`${asked}${join}after=${newest}`} data-show={searchUrl(search)} />
      <script src={assets("newer.js")} defer />
    </>
  );
}

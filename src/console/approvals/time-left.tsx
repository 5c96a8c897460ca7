import { shortDuration } from "../../core/duration.ts";
import { exactTime } from "../times.ts";

/** Less than this is marked: whoever looks away may find it over. As in `live.js`. */
const SOON_MS = 15 * 60_000;

/** How long there is until a moment. Both in ms since the epoch. A script keeps it current. */
export function TimeLeft({ until, now }: { readonly until: number; readonly now: number }) {
  const left = until - now;
  const soon = left <= SOON_MS;
  return (
    <time
      class={soon ? "left soon" : "left"}
      datetime={new Date(until).toISOString()}
      title={`until ${exactTime(until)}`}
    >
      {left <= 0 ? "no time left" : `${shortDuration(left)} left`}
    </time>
  );
}

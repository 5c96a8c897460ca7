import { exactTime, relativeTime } from "../times.ts";

/** A moment, told relative to `now`, with the exact time (UTC) on a closer look. Both in ms since the epoch. */
export function Time({ at, now }: { readonly at: number; readonly now: number }) {
  return (
    <time datetime={new Date(at).toISOString()} title={exactTime(at)}>
      {relativeTime(at, now)}
    </time>
  );
}

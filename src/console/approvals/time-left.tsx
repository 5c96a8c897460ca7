import { exactTime, shortDuration } from "../times.ts";

/** How long there is until a moment. Both in ms since the epoch. A script keeps it current. */
export function TimeLeft({ until, now }: { readonly until: number; readonly now: number }) {
  const left = until - now;
  return (
    <time class="left" datetime={new Date(until).toISOString()} title={`until ${exactTime(until)}`}>
      {left <= 0 ? "no time left" : `${shortDuration(left)} left`}
    </time>
  );
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something lasts, in the largest unit that fits: `45 s`, `12 min`, `3 h`, `2 d`. */
export function shortDuration(ms: number): string {
  const abs = Math.abs(ms);
  if (abs < MINUTE) return `${Math.floor(abs / 1000)} s`;
  if (abs < HOUR) return `${Math.floor(abs / MINUTE)} min`;
  if (abs < DAY) return `${Math.floor(abs / HOUR)} h`;
  return `${Math.floor(abs / DAY)} d`;
}

/** A moment as people say it: `just now`, `in 12 min`, `3 h ago`; its day where it is more than a month away. */
export function relativeTime(at: number, now: number): string {
  const away = at - now;
  if (Math.abs(away) >= 30 * DAY) return new Date(at).toISOString().slice(0, 10);
  if (Math.abs(away) < 5_000) return away > 0 ? "in a moment" : "just now";
  return away > 0 ? `in ${shortDuration(away)}` : `${shortDuration(away)} ago`;
}

/** A moment to the second: `2026-11-22 03:30:16 UTC`. */
export function exactTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

import { shortDuration } from "../core/duration.ts";

const DAY = 86_400_000;

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

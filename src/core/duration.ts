/*
 * Spans of time for people, and as they write them. Whoever shows one takes the function for what it is: a time that is
 * set, one to wait, one that is left, one that was measured. They round differently, so that none of them misleads.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const UNITS = [
  { ms: DAY, name: "d" },
  { ms: HOUR, name: "h" },
  { ms: MINUTE, name: "min" },
  { ms: SECOND, name: "s" },
] as const;

const WRITTEN: Readonly<Record<string, number>> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY };

/** A duration as files have it: `250ms`, `60s`, `1.5m`, `24h`, `7d`. */
export const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** Reads a duration of a file as milliseconds; `undefined` for anything else. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ""] = DURATION.exec(text) ?? [];
  const ms = WRITTEN[unit];
  return ms === undefined ? undefined : Math.round(Number(amount) * ms);
}

/** Whole seconds to wait, as `Retry-After` has them: rounded up, and one at least. */
export function retrySeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / SECOND));
}

/**
 * A span of time that somebody has set, rounded up: `42 s`, `5 min`, `1 h 30 min`, `2 d`. At most two units, so that it is
 * never shorter than what it stands for and never more exact than anybody reads.
 */
export function durationText(ms: number): string {
  // Whole seconds first, so that 59.5 s are one minute and not 60 s.
  const span = Math.ceil(ms / SECOND) * SECOND;
  const first = UNITS.findIndex((unit) => span >= unit.ms);
  const large = UNITS[first];
  if (large === undefined) return "1 s";
  const small = UNITS[first + 1];
  if (small === undefined) return `${Math.ceil(span / large.ms)} ${large.name}`;
  const smalls = Math.ceil(span / small.ms);
  const perLarge = large.ms / small.ms;
  const rest = smalls % perLarge;
  const whole = `${Math.floor(smalls / perLarge)} ${large.name}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small.name}`;
}

/** A time to wait, never too short: `42 s`, `5 min`, `3 h`. */
export function waitText(ms: number): string {
  const seconds = retrySeconds(ms);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.ceil(minutes / 60)} h`;
}

/** A time that has gone by or is left, at a glance, in the largest unit that fits whole: `45 s`, `12 min`, `3 h`, `2 d`. */
export function shortDuration(ms: number): string {
  const abs = Math.abs(ms);
  if (abs < MINUTE) return `${Math.floor(abs / SECOND)} s`;
  if (abs < HOUR) return `${Math.floor(abs / MINUTE)} min`;
  if (abs < DAY) return `${Math.floor(abs / HOUR)} h`;
  return `${Math.floor(abs / DAY)} d`;
}

/** How long work will still take, rounded up: `42 s`, `5 min`, `1 h 0 min`. */
export function timeLeftText(ms: number): string {
  const seconds = ms / SECOND;
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long a sign-in counts or can still be made, about: `less than a minute`, `5 min`. */
export function minutesText(ms: number): string {
  return ms < MINUTE ? "less than a minute" : `${Math.round(ms / MINUTE)} min`;
}

/** How long something took, measured: `3.4 ms`, `120 ms`, `1.2 s`, `4 min`, `3.1 h`. */
export function lengthText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < SECOND) return `${ms.toFixed(0)} ms`;
  if (ms < MINUTE) return `${(ms / SECOND).toFixed(1)} s`;
  if (ms < HOUR) return `${(ms / MINUTE).toFixed(0)} min`;
  return ms < 2 * DAY ? `${(ms / HOUR).toFixed(1)} h` : `${(ms / DAY).toFixed(1)} d`;
}

/** How long calls take, by figures that are good to about a tenth: `3.4 ms`, `1.2 s`, `75 s`. More digits would pretend. */
export function latencyText(ms: number): string {
  if (ms >= 10 * SECOND) return `${Math.round(ms / SECOND)} s`;
  if (ms >= SECOND) return `${(ms / SECOND).toFixed(1)} s`;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

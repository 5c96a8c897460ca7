import { InvalidArgumentError } from "commander";

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/**
 * Reads a point in the past: `7d` (also s, m, h, w) before `now`, or an ISO 8601 date or time. Answers ms since the
 * epoch. @throws InvalidArgumentError
 */
export function parseSince(text: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  const unitMs = unit === undefined ? undefined : UNITS[unit];
  if (count !== undefined && unitMs !== undefined) return now - Number(count) * unitMs;
  const at = /^\d{4}-\d{2}-\d{2}(T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError("Write 30m, 12h, 7d, or a date like 2026-11-21T09:00:00Z.");
  return at;
}

import { LRUCache } from "lru-cache";

const RFC_3339 =
  /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/;

/**
 * Reads an RFC 3339 timestamp and nothing looser: no other date formats, no 30th of February, no leap second. Digits
 * beyond the millisecond are dropped. `undefined` if it is none. RFC 3339 §5.6
 */
export function parseTimestamp(text: string): Date | undefined {
  const parts = RFC_3339.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map(Number);
  if (year < 1 || hour > 23 || minute > 59 || second > 59) return undefined;
  const milliseconds = Number((parts[7] ?? "").slice(0, 3).padEnd(3, "0"));
  // Not `Date.UTC`, which takes years below 100 for the 20th century.
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, milliseconds);
  const offset = (Number(parts[9] ?? 0) * 60 + Number(parts[10] ?? 0)) * 60_000;
  return new Date(date.getTime() + (parts[8] === "-" ? offset : -offset));
}

/** The parts of a timestamp that CEL can ask for, in some time zone. CEL specification, "List of Standard Definitions" */
export const TIMESTAMP_PARTS: Readonly<Record<string, (local: Date) => number>> = {
  getDate: (local) => local.getUTCDate(),
  getDayOfMonth: (local) => local.getUTCDate() - 1,
  getDayOfWeek: (local) => local.getUTCDay(),
  getDayOfYear: (local) => dayOfYear(local),
  getFullYear: (local) => local.getUTCFullYear(),
  getHours: (local) => local.getUTCHours(),
  getMilliseconds: (local) => local.getUTCMilliseconds(),
  getMinutes: (local) => local.getUTCMinutes(),
  getMonth: (local) => local.getUTCMonth(),
  getSeconds: (local) => local.getUTCSeconds(),
};

function dayOfYear(local: Date): number {
  const start = new Date(local);
  start.setUTCMonth(0, 1);
  return Math.round((local.getTime() - start.getTime()) / 86_400_000);
}

/** Shifts a moment so that its UTC parts are those of the wall clock in a zone; `undefined` for an unknown zone. */
export type ToLocal = (moment: Date, zone: string) => Date | undefined;

/**
 * Makes the conversion to local time for IANA zone names and fixed offsets (`+02:00`). It depends on nothing but its
 * arguments: not on the zone that this process runs in, which the engine's own accessors take into account.
 */
export function createToLocal(): ToLocal {
  const formats = new LRUCache<string, Intl.DateTimeFormat>({ max: 64 });

  function formatOf(zone: string): Intl.DateTimeFormat | undefined {
    const known = formats.get(zone);
    if (known !== undefined) return known;
    try {
      const format = new Intl.DateTimeFormat("en-US", { ...WALL_CLOCK, timeZone: zone });
      formats.set(zone, format);
      return format;
    } catch {
      // An unknown zone is the condition's mistake or the caller's, not a fault.
      return undefined;
    }
  }

  return (moment, zone) => {
    const offset = /^([+-]?)(\d{2}):(\d{2})$/.exec(zone);
    if (offset !== null) {
      const shift = (Number(offset[2]) * 60 + Number(offset[3])) * 60_000;
      return new Date(moment.getTime() + (offset[1] === "-" ? -shift : shift));
    }
    const parts = new Map(
      formatOf(zone)
        ?.formatToParts(moment)
        .map(({ type, value }) => [type, Number(value)]),
    );
    if (parts.size === 0) return undefined;
    const local = new Date(0);
    local.setUTCFullYear(parts.get("year") ?? 0, (parts.get("month") ?? 1) - 1, parts.get("day") ?? 1);
    local.setUTCHours(parts.get("hour") ?? 0, parts.get("minute") ?? 0, parts.get("second") ?? 0);
    local.setUTCMilliseconds(moment.getUTCMilliseconds());
    return local;
  };
}

const WALL_CLOCK = {
  hourCycle: "h23",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
} as const;

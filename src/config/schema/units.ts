import { z } from "zod";
import { DURATION, parseDuration } from "../../core/duration.ts";

const BYTES: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };
const SIZE = /^(\d+(?:\.\d+)?)(B|KB|MB|GB)$/;

/** Reads `512B`, `512KB`, `4MB`, `1GB` as bytes (1 KB is 1024 bytes); `undefined` for anything else. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit = ""] = SIZE.exec(text) ?? [];
  const bytes = BYTES[unit];
  return bytes === undefined ? undefined : Math.round(Number(amount) * bytes);
}

/** A duration in the file, milliseconds in the config. `min` and `max` are written as in the file. */
export function duration(range: { readonly min: string; readonly max: string }) {
  const min = parseDuration(range.min) ?? 0;
  const max = parseDuration(range.max) ?? Number.POSITIVE_INFINITY;
  return unit(
    DURATION,
    parseDuration,
    (ms) => ms >= min && ms <= max,
    "Write a duration with its unit: 250ms, 60s, 5m, 24h or 7d.",
    `Must be between ${range.min} and ${range.max}.`,
  );
}

/** A size in the file, bytes in the config. `min` and `max` are written as in the file. */
export function size(range: { readonly min: string; readonly max: string }) {
  const min = parseSize(range.min) ?? 0;
  const max = parseSize(range.max) ?? Number.POSITIVE_INFINITY;
  return unit(
    SIZE,
    parseSize,
    (bytes) => bytes >= min && bytes <= max,
    "Write a size with its unit: 512KB, 4MB or 1GB.",
    `Must be between ${range.min} and ${range.max}.`,
  );
}

function unit(
  pattern: RegExp,
  parse: (text: string) => number | undefined,
  inRange: (value: number) => boolean,
  shape: string,
  range: string,
) {
  return (
    z
      .string({ error: shape })
      .regex(pattern, { error: shape })
      // No `abort` above, which would silence the checks of the whole entry: what has no value has no range either.
      .refine(
        (text) => {
          const value = parse(text);
          return value === undefined || inRange(value);
        },
        { error: range },
      )
      .transform((text) => parse(text) ?? Number.NaN)
  );
}

import type { JsonObject } from "../../core/json.ts";

/** What a number that satisfies all of `schemas` is a multiple of. JSON Schema 2020-12, validation §6.2.1 */
export function stepOf(schemas: readonly JsonObject[]): number | undefined {
  const steps = schemas.map(({ multipleOf }) => multipleOf);
  return steps.find((it): it is number => typeof it === "number" && it > 0 && Number.isFinite(it));
}

/** Whether a number is a multiple of another one, as they are written in decimals: 0.3 is one of 0.1. */
export function isMultiple(value: number, step: number): boolean {
  const [a, b] = aligned(value, step);
  return a % b === 0n;
}

/** The last multiple of `step` up to a limit; below it, if that itself does not count. */
export function lastMultiple(limit: number, open: boolean, step: number): number {
  const [a, b, exponent] = aligned(limit, step);
  const rest = ((a % b) + b) % b;
  const below = a - (rest === 0n && open ? b : rest);
  return Number(`${below}e${exponent}`) + 0;
}

/** Two numbers as integers of one unit, which is 10 to the last. */
function aligned(one: number, other: number): readonly [bigint, bigint, number] {
  const [a, b] = [decimal(one), decimal(other)];
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = (it: { digits: bigint; exponent: number }): bigint =>
    it.digits * 10n ** BigInt(it.exponent - exponent);
  return [scaled(a), scaled(b), exponent];
}

function decimal(value: number): { readonly digits: bigint; readonly exponent: number } {
  const [, sign = "", whole = "0", part = "", power = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return { digits: BigInt(`${sign}${whole}${part}`), exponent: Number(power) - part.length };
}

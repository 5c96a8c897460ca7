import { ExactNumber } from "../../core/exact-number.ts";
import { compareRange, exactly } from "../tool-schemas/number-range.ts";
import type { Value } from "./values.ts";

/** What comparing two values that are written out gives. */
export function outcomeOf(operator: string, left: Value["literal"], right: Value["literal"]): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (left instanceof ExactNumber && right instanceof ExactNumber && left.text === right.text) return undefined;
  if (operator === "==" || operator === "!=") return (left === right) === (operator === "==");
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  return compareRange(exactly(left), operator, right);
}

/** A number that is written out; of a duration its seconds, and of a time those since 1970. */
export function numberOf({ literal, kinds, domain }: Value): number | undefined {
  if (literal !== undefined) return typeof literal === "number" ? literal : undefined;
  const [only] = domain.values ?? [];
  const isTime = kinds?.size === 1 && (kinds.has("duration") || kinds.has("timestamp")) && domain.values?.length === 1;
  return isTime && typeof only === "number" ? only : undefined;
}

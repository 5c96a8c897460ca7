import type { Refusals } from "../../src/core/refusals.ts";

/** Nobody hears of what is refused. */
export const UNHEARD: Refusals = { refused() {} };

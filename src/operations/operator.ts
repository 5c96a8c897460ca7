import type { Principal } from "../core/principal.ts";

/** Whoever uses the API or the console: a principal, and whether they administer the gateway. */
export interface Operator {
  readonly principal: Principal;
  readonly admin: boolean;
}

import type { Principal } from "../core/principal.ts";

/** Whoever uses the API or the console: a principal, and what they may by the credential that they came with. */
export interface Operator {
  readonly principal: Principal;
  readonly admin: boolean;
  /**
   * What the credential lacks to decide and to administer; whoever lacks something sees and takes back their own requests, and
   * no more. `scope`: an access token is an agent's unless its issuer says that it is for the API. `person`: nobody stands
   * behind it who could answer for what is done. `undefined`: nothing.
   */
  readonly lacks: "scope" | "person" | undefined;
}

import type { JsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import { readNumericDate } from "./times.ts";

/**
 * How somebody signed in, of a principal whose issuer may say it (`may: step_up`); of any other nobody knows: whoever runs
 * an issuer can write `acr: mfa` into each of its tokens. Nor does it count for who acts for them. A sign-in later than the token that came of it counts as one
 * whose time is not known. The claims themselves stay as they are.
 */
export function withVouchedSignIn(principal: Principal): Principal {
  const counts = principal.may.includes("step_up") && principal.actors.length === 0;
  if (!counts) return { ...principal, acr: undefined, amr: [], authTime: undefined };
  return isAfterToken(principal.claims) ? { ...principal, authTime: undefined } : principal;
}

/** By the seconds of one issuer's clock, because one of the two may be written in whole ones. */
function isAfterToken(claims: JsonObject): boolean {
  const [signedIn, issued] = [readNumericDate(claims["auth_time"]), readNumericDate(claims["iat"])];
  return signedIn !== undefined && issued !== undefined && Math.floor(signedIn / 1000) > Math.floor(issued / 1000);
}

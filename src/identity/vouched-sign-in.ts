import type { Principal } from "../core/principal.ts";

/**
 * How somebody signed in, of a principal whose issuer may say it (`may: step_up`); of any other nobody knows: whoever runs
 * an issuer can write `acr: mfa` into each of its tokens. The claims themselves stay as they are.
 */
export function withVouchedSignIn(principal: Principal): Principal {
  return principal.may.includes("step_up") ? principal : { ...principal, acr: undefined, amr: [], authTime: undefined };
}

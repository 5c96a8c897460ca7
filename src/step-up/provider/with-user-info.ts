import type { JsonObject } from "../../core/json.ts";
import { claimAt } from "../../identity/tokens/claims.ts";

const VERIFIED = "_verified";

/**
 * What an ID token says of somebody, and what UserInfo says besides: the signed token first. A claim that vouches for
 * another (`email_verified`, `phone_number_verified`) is taken only from where that one is from: what one document leaves
 * unverified the other says nothing about. `emailPath`: the claim that counts as the address. OpenID Connect Core §5.1, §5.3
 */
export function withUserInfo(idToken: JsonObject, userInfo: JsonObject | undefined, emailPath: string): JsonObject {
  if (userInfo === undefined) return idToken;
  const claims: Record<string, JsonObject[string]> = { ...userInfo, ...idToken };
  for (const name of Object.keys(claims)) {
    if (!name.endsWith(VERIFIED)) continue;
    const about = name === `email${VERIFIED}` ? emailPath : name.slice(0, -VERIFIED.length);
    const from = claimAt(idToken, about) === undefined ? userInfo : idToken;
    const said = Object.hasOwn(from, name) ? from[name] : undefined;
    if (said === undefined) delete claims[name];
    else claims[name] = said;
  }
  return claims;
}

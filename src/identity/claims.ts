import { isObject, type Json, type JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import type { ClaimsMapping } from "./options.ts";
import { authTimeOf, type TokenClock } from "./token-times.ts";

/** Makes a principal of verified claims. `iss` and `sub` were checked to be strings. */
export function principalFromClaims(
  issuer: string,
  subject: string,
  claims: JsonObject,
  mapping: ClaimsMapping,
  clock: TokenClock,
): Principal {
  const clientId = CLIENT_CLAIMS.map((name) => text(claims[name])).find((id) => id !== undefined);
  return {
    issuer,
    subject,
    kind: isMachine(subject, clientId, claims, mapping.machine) ? "machine" : "person",
    clientId,
    // An address that nobody verified could be anybody's, and policies and approvers go by it.
    email: isUnverified(claims) ? undefined : text(claimAt(claims, mapping.email)),
    name: text(claimAt(claims, mapping.name)),
    roles: texts(claimAt(claims, mapping.roles)),
    groups: texts(claimAt(claims, mapping.groups)),
    scopes: scopesOf(claims),
    claims,
    acr: text(claims["acr"]),
    amr: texts(claims["amr"]),
    authTime: authTimeOf(claims, clock),
  };
}

/** Whether the issuer says that nobody verified the e-mail address. Some write the truth value as a text, Cognito at UserInfo say. */
export function isUnverified(claims: JsonObject): boolean {
  return claims["email_verified"] === false || claims["email_verified"] === "false";
}

/** The scopes of a token: `scope` (RFC 9068 §2.2.3), else `scp`; a list, or one text with spaces. */
export function scopesOf(claims: JsonObject): readonly string[] {
  return texts(claims["scope"] ?? claims["scp"]).flatMap((scope) => scope.split(" ").filter((part) => part !== ""));
}

/**
 * The claim at a dotted path. The longest name wins, so that `https://acme.com/roles` and `resource_access.my.app.roles`
 * are found although their names hold dots. Looks at own keys only.
 */
export function claimAt(claims: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(claims, path)) return claims[path];
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1)) {
    const head = path.slice(0, dot);
    const inner = Object.hasOwn(claims, head) ? claims[head] : undefined;
    if (!isObject(inner)) continue;
    const found = claimAt(inner, path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where issuers say which client a token was given to: RFC 9068 §2.2, OpenID Connect, Okta, Entra ID v1. */
const CLIENT_CLAIMS = ["client_id", "azp", "cid", "appid"] as const;

// Only people approve, so that a token that no person stands behind must not pass for one where nobody has configured
// its mark: what the widespread issuers write into it is known.
function isMachine(
  subject: string,
  clientId: string | undefined,
  claims: JsonObject,
  mark: ClaimsMapping["machine"],
): boolean {
  if (subject === clientId) return true;
  // Auth0, Entra ID, Keycloak.
  if (claims["gty"] === "client-credentials" || claims["idtyp"] === "app") return true;
  if (clientId !== undefined && claims["preferred_username"] === `service-account-${clientId.toLowerCase()}`)
    return true;
  if (mark === undefined) return false;
  const value = claimAt(claims, mark.claim);
  const values = Array.isArray(value) ? value : [value];
  return values.some((item) => typeof item !== "object" && item !== undefined && mark.values.includes(String(item)));
}

function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

// Anything but text is left out: a role is a name, and leaving one out never widens access by a role.
function texts(value: Json | undefined): readonly string[] {
  if (typeof value === "string") return value === "" ? [] : [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string" && item !== "") : [];
}

import { createHash, timingSafeEqual } from "node:crypto";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { type DemoName, demoName } from "./demo-people.ts";

/** What a sign-in with a password alone is called. */
export const ACR_PASSWORD = "urn:portcullis:acr:pwd";

/** What one with password and code is called. */
export const ACR_CODE = "urn:portcullis:acr:mfa";

/** How strongly somebody is asked to sign in. */
export interface WantedLogin {
  /** Whether a password alone does not do. */
  readonly code: boolean;
  /** Whether nothing less may come of it. OpenID Connect Core §5.5.1.1 */
  readonly essential: boolean;
  /** Whether nothing of what is essential can be reached here. */
  readonly impossible: boolean;
}

/** Reads it from the parameters of an authorization request: the claim `acr` of the ID token, else `acr_values`. */
export function wantedLogin(params: Readonly<Record<string, unknown>>): WantedLogin {
  const claim = acrClaim(params["claims"]);
  const { value, values } = claim;
  const named = typeof value === "string" ? [value] : Array.isArray(values) ? values : undefined;
  const asked = named ?? String(params["acr_values"] ?? "").split(" ");
  const contexts = asked.filter((context) => context !== "");
  const essential = named !== undefined && claim["essential"] === true;
  const known = contexts.filter((context) => context === ACR_PASSWORD || context === ACR_CODE);
  return {
    code: known.length > 0 && !known.includes(ACR_PASSWORD),
    essential,
    impossible: essential && known.length === 0,
  };
}

function acrClaim(claims: unknown): JsonObject {
  const value: Json = typeof claims === "string" ? JSON.parse(claims) : {};
  const idToken = isObject(value) ? value["id_token"] : undefined;
  const acr = isObject(idToken) ? idToken["acr"] : undefined;
  return isObject(acr) ? acr : {};
}

/** What a submitted form comes to. */
export type LoginVerdict =
  | {
      readonly kind: "signed_in";
      readonly name: DemoName;
      readonly acr: string;
      readonly amr: readonly ("pwd" | "otp")[];
    }
  | { readonly kind: "refused"; readonly error: "access_denied" | "unmet_authentication_requirements" }
  /** `message`: for whoever sits there. */
  | { readonly kind: "again"; readonly message: string };

/** Checks a form of the login page. The secrets are the same for all three people. */
export function checkLogin(
  form: URLSearchParams,
  wanted: WantedLogin,
  secrets: { readonly password: string; readonly code: string },
): LoginVerdict {
  const act = form.get("act");
  if (act === "cancel") return { kind: "refused", error: "access_denied" };
  const name = demoName(form.get("user") ?? "");
  const right = isSame(form.get("password") ?? "", secrets.password);
  if (name === undefined || !right)
    return { kind: "again", message: "User or password is wrong. The terminal of the demo shows both." };
  if (act === "no_code") {
    if (wanted.code && wanted.essential) return { kind: "refused", error: "unmet_authentication_requirements" };
    return { kind: "signed_in", name, acr: ACR_PASSWORD, amr: ["pwd"] };
  }
  if (!wanted.code && form.get("with_code") !== "yes")
    return { kind: "signed_in", name, acr: ACR_PASSWORD, amr: ["pwd"] };
  if (!isSame((form.get("code") ?? "").trim(), secrets.code))
    return { kind: "again", message: "The code is wrong. The terminal of the demo shows it." };
  return { kind: "signed_in", name, acr: ACR_CODE, amr: ["pwd", "otp"] };
}

function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}

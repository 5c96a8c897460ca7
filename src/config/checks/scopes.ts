import type { JsonObject } from "../../core/json.ts";
import type { ConfigIssue } from "../file/issues.ts";
import { listOf, objectOf, textOf } from "./raw-values.ts";

/** Scopes of OpenID Connect (Core §5.4, §11), which clients ask for whatever they are about to do. */
const ANYBODYS = ["openid", "profile", "email", "address", "phone", "offline_access"];

/**
 * Warns where the scope that lets a token decide on approvals is one that the tokens of agents have, too. Takes nothing for
 * granted about shapes.
 */
export function warnOfScopes(config: JsonObject): ConfigIssue[] {
  const auth = objectOf(config["auth"]);
  const scope = textOf(objectOf(auth["admin"])["scope"]);
  if (scope === undefined) return [];
  const required = listOf(auth["jwt"]).some((issuer) => listOf(objectOf(issuer)["required_scopes"]).includes(scope));
  const common = required || ANYBODYS.includes(scope) || listOf(auth["scopes_supported"]).includes(scope);
  if (!common) return [];
  const message = "Tokens of agents have this scope, too, so that any of them decides on approvals as its user.";
  const hint = "Use a scope that only people's own clients ask for. Default: portcullis:admin.";
  return [{ path: ["auth", "admin", "scope"], at: "value", message, hint }];
}

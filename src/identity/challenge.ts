import type { JsonObject } from "../core/json.ts";
import type { TokenNeed } from "../core/outcome.ts";
import { resourcePath } from "./audiences.ts";
import type { IdentityOptions } from "./options.ts";

/** The challenges of 401 and 403 answers, and the document that they point to. */
export interface Challenges {
  /** Value of `WWW-Authenticate`. RFC 6750 §3, RFC 9728 §5.1 */
  challenge(path: string, problem?: ChallengeProblem): string;
  /** The same with a second challenge, for those who have a password. RFC 9110 §11.6.1, RFC 7617 §2 */
  withBasic(challenge: string, realm: string): string;
  /** The same where the token is valid and does not suffice. RFC 6750 §3.1, RFC 9470 §3 */
  insufficient(path: string, need: TokenNeed): string;
  /** RFC 9728 §2 */
  metadata(path: string): JsonObject;
}

/** `error` is from RFC 6750 §3.1; without a problem no credential was sent. */
export interface ChallengeProblem {
  readonly error: "invalid_token" | "insufficient_scope" | undefined;
  /** Fixed text. */
  readonly description: string | undefined;
  /** Replaces the scopes to ask for. */
  readonly scopes: readonly string[];
}

const DESCRIPTIONS = {
  insufficient_scope: "The call needs a scope that the access token lacks.",
  insufficient_user_authentication: "The call needs a stronger or more recent sign-in.",
} as const satisfies Record<TokenNeed["error"], string>;

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

/** Makes challenges and metadata for the endpoints under `publicUrl`. */
export function createChallenges(options: IdentityOptions): Challenges {
  const { origin, pathname } = new URL(options.publicUrl);
  const base = pathname === "/" ? "" : pathname;
  // A token without what is required of every one of them would be good for nothing.
  const supported = [...new Set([...options.scopesSupported, ...requiredEverywhere(options)])];
  return {
    challenge(path, problem) {
      const scopes = problem === undefined || problem.scopes.length === 0 ? supported : problem.scopes;
      const parameters = [
        `Bearer ${metadataParameter(path)}`,
        scopes.length === 0 ? undefined : `scope=${quoted(scopes.join(" "))}`,
        problem?.error === undefined ? undefined : `error=${quoted(problem.error)}`,
        problem?.description === undefined ? undefined : `error_description=${quoted(problem.description)}`,
      ];
      return parameters.filter((parameter) => parameter !== undefined).join(", ");
    },
    // Bearer stays first: clients of MCP look at the beginning.
    withBasic: (challenge, realm) => `${challenge}, Basic realm=${quoted(realm)}, charset="UTF-8"`,
    insufficient(path, need) {
      const asked =
        need.error === "insufficient_scope"
          ? [`scope=${quoted(scopesFor(need).join(" "))}`]
          : [
              ...(need.acrValues.length === 0 ? [] : [`acr_values=${quoted(need.acrValues.join(" "))}`]),
              ...(need.maxAgeMs === undefined ? [] : [`max_age=${quoted(String(Math.floor(need.maxAgeMs / 1000)))}`]),
            ];
      const description = `error_description=${quoted(DESCRIPTIONS[need.error])}`;
      return [`Bearer error=${quoted(need.error)}`, ...asked, metadataParameter(path), description].join(", ");
    },
    // Scopes that only some calls need are not among them: clients would ask for all of them at their first sign-in.
    // 2026-07-28 basic/authorization, "Scope Selection Strategy"
    metadata(path) {
      const endpoint = resourcePath(path);
      return {
        resource: options.publicUrl + endpoint,
        ...(options.jwt.length === 0 ? {} : { authorization_servers: options.jwt.map((issuer) => issuer.issuer) }),
        ...(supported.length === 0 ? {} : { scopes_supported: supported }),
        bearer_methods_supported: ["header"],
        resource_name: options.resourceName ?? "Portcullis",
      };
    },
  };

  // All that the call needs; what a client has besides it adds by itself. 2026-07-28 basic/authorization, "Scope
  // Challenge Handling"
  function scopesFor({ issuer, scopes }: Extract<TokenNeed, { error: "insufficient_scope" }>): readonly string[] {
    const always = options.jwt.find((known) => known.issuer === issuer)?.requiredScopes ?? [];
    return [...new Set([...supported, ...always, ...scopes])];
  }

  // A public URL with a path is served behind a proxy that strips it, so the document is below that path as well.
  function metadataParameter(path: string): string {
    return `resource_metadata=${quoted(origin + base + WELL_KNOWN + resourcePath(path))}`;
  }
}

// Of several issuers each may know scopes of its own, and refuse to be asked for another's.
function requiredEverywhere({ jwt: [first, ...others] }: IdentityOptions): readonly string[] {
  return first?.requiredScopes.filter((scope) => others.every((issuer) => issuer.requiredScopes.includes(scope))) ?? [];
}

/** A quoted-string. RFC 9110 §5.6.4; what cannot stand in one is dropped. */
function quoted(text: string): string {
  return `"${text.replaceAll(/[^\x20-\x7e]/g, "").replaceAll(/["\\]/g, "\\$&")}"`;
}

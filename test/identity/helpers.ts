import type { ErrorCode } from "../../src/core/errors.ts";
import { FULL_STANDING } from "../../src/core/standing.ts";
import type { Identified } from "../../src/identity/identity.ts";
import type { IdentityOptions, IssuerOptions } from "../../src/identity/options.ts";

export const AUDIENCE = "http://127.0.0.1:3000/mcp";

export function issuerOptions(issuer: string, more: Partial<IssuerOptions> = {}): IssuerOptions {
  return {
    issuer,
    audiences: [AUDIENCE],
    jwksUrl: undefined,
    algorithms: ["RS256", "ES256"],
    requireTyp: false,
    requiredScopes: [],
    clockToleranceMs: 5_000,
    maxAgeMs: 86_400_000,
    claims: { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined },
    standing: FULL_STANDING,
    ...more,
  };
}

export function identityOptions(more: Partial<IdentityOptions> = {}): IdentityOptions {
  return {
    publicUrl: "http://127.0.0.1:3000",
    jwt: [],
    apiKeys: [],
    anonymous: false,
    scopesSupported: [],
    people: [],
    ...more,
  };
}

export function bearer(token: string | undefined, more: { remoteAddress?: string; path?: string } = {}) {
  const authorization = token === undefined ? undefined : `Bearer ${token}`;
  return { authorization, remoteAddress: "203.0.113.7", path: "/mcp", ...more };
}

/** The code and the challenge of a refusal. */
export function refusalOf(identified: Identified): { code: ErrorCode; challenge: string } {
  if (identified.ok) throw new Error("the credential was accepted");
  return { code: identified.refusal.code, challenge: identified.headers["WWW-Authenticate"] ?? "" };
}

export function principalOf(identified: Identified) {
  if (!identified.ok) throw new Error(`the credential was refused: ${identified.refusal.code}`);
  return identified.principal;
}

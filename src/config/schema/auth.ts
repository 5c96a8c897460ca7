import { z } from "zod";
import { PERMISSIONS } from "../../core/principal.ts";
import { FULL_STANDING, GUEST_STANDING, type Standing } from "../../core/standing.ts";
import { apiKey, apiKeyHeader } from "./api-keys.ts";
import { basicSchema } from "./basic.ts";
import { domainGlob, httpUrl, text } from "./schema-parts.ts";
import { duration } from "./units.ts";

/** Signature algorithms for access tokens. Asymmetric only: a shared secret would let every holder mint tokens. */
export const TOKEN_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
] as const;

const claimPath = (fallback: string) => text.default(fallback);

const claims = z
  .strictObject({
    roles: claimPath("roles").describe("Claim with the caller's roles, such as realm_access.roles."),
    groups: claimPath("groups").describe("Claim with the caller's groups."),
    email: claimPath("email").describe(
      "Claim with the e-mail address. It counts if it was verified: see email_verified.",
    ),
    name: claimPath("name").describe("Claim with the caller's name."),
    identity: z
      .array(text)
      .max(20)
      .default([])
      .describe(
        "Further claims that name one person alone, such as badge, or phone_number where each has their own: who has one in common may be the " +
          "same person, and does not approve for themselves. They give no rights.",
      ),
    machine: z
      .strictObject({
        claim: text.describe("Claim that tells machines from people, such as gty or idtyp."),
        values: z.array(text).min(1).default(["true"]).describe("Values that mean a machine."),
      })
      .optional()
      .describe("How tokens without a person are marked. A subject equal to the client id means so anyway."),
  })
  .prefault({})
  .describe("Which claims say what. A dot goes one level down: realm_access.roles.");

const jwt = z
  .strictObject({
    issuer: httpUrl.describe("The issuer exactly as in the tokens' iss claim."),
    audience: z
      .union([text, z.array(text).min(1)], { error: "Write the audience, or a list of them." })
      .optional()
      .describe(
        "Who a token must be meant for (aud): any one of these, at every endpoint. Never the id of an OAuth client. A URL stands for each " +
          "endpoint below it, too. Default: the URL of the endpoint, <public_url>/mcp or <public_url>/mcp/<name>.",
      ),
    jwks_url: httpUrl.optional().describe("Where the keys are. Default: as the issuer's discovery document says."),
    algorithms: z
      .array(z.enum(TOKEN_ALGORITHMS))
      .min(1)
      .default([...TOKEN_ALGORITHMS])
      .describe("Accepted signature algorithms."),
    require_typ: z
      .boolean()
      .default(false)
      .describe("Accept only tokens marked at+jwt (RFC 9068). Turn it on if the issuer marks them."),
    required_scopes: z.array(text).default([]).describe("Scopes that a token must have; without them 403."),
    may: z
      .array(z.enum(PERMISSIONS))
      .optional()
      .describe(
        "What its people may do at all: call, approve, administer; and step_up: what its tokens say of acr, amr, auth_time and " +
          "scopes counts for policies that ask for a stronger sign-in. Default: everything for the first issuer, call for any other.",
      ),
    roles: z
      .array(text)
      .optional()
      .describe(
        "Roles that it may give, as globs; others are dropped. Default: any for the first issuer, none for any other.",
      ),
    groups: z.array(text).optional().describe("The same for groups."),
    scopes: z.array(text).optional().describe("The same for the scopes that policies and step_up go by (user.scopes)."),
    user_claims: z
      .array(text)
      .optional()
      .describe(
        "Claims that policies see as user.claims, as globs. The user's name counts where its claim is among them. Default: any for the first issuer, none for any other.",
      ),
    email_domains: z
      .array(domainGlob)
      .optional()
      .describe(
        "Domains, as globs, of which its e-mail addresses count. Default: any for the first issuer, none for any other.",
      ),
    email_verified: z
      .enum(["claim", "always"])
      .default("claim")
      .describe(
        "When an e-mail address counts. claim: the token has email_verified: true. always: this issuer verifies every address and leaves the claim out.",
      ),
    clock_tolerance: duration({ min: "0s", max: "5m" }).prefault("5s").describe("Tolerated difference of clocks."),
    max_age: duration({ min: "1m", max: "3650d" })
      .prefault("24h")
      .describe("The longest life of a token, from iat to exp. One that was issued for longer is refused."),
    claims,
  })
  .transform((issuer) => ({
    says: issuer,
    issuer: issuer.issuer,
    /** None: the URLs of the endpoints. */
    audiences: [issuer.audience ?? []].flat(),
    jwksUrl: issuer.jwks_url,
    algorithms: issuer.algorithms,
    requireTyp: issuer.require_typ,
    requiredScopes: issuer.required_scopes,
    clockToleranceMs: issuer.clock_tolerance,
    maxAgeMs: issuer.max_age,
    claims: {
      roles: issuer.claims.roles,
      groups: issuer.claims.groups,
      email: issuer.claims.email,
      name: issuer.claims.name,
      identity: issuer.claims.identity,
      machine: issuer.claims.machine,
    },
  }));

// RFC 6749 §3.3
const scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: "A scope has no spaces." });

/** Of several issuers the first is the company's own: others may say only what the file says. */
function standingOf(says: z.output<typeof jwt>["says"], index: number): Standing {
  const fallback = index === 0 ? FULL_STANDING : GUEST_STANDING;
  return {
    may: says.may ?? fallback.may,
    roles: says.roles ?? fallback.roles,
    groups: says.groups ?? fallback.groups,
    scopes: says.scopes ?? fallback.scopes,
    userClaims: says.user_claims ?? fallback.userClaims,
    emailDomains: says.email_domains ?? fallback.emailDomains,
    emailVerified: says.email_verified,
    home: fallback.home,
  };
}

/** `auth:`, who may call. */
export const authSchema = z
  .strictObject({
    jwt: z.array(jwt).default([]).describe("Issuers of access tokens."),
    api_keys: z.array(apiKey).default([]).describe("API keys: the gateway's own, and those of anybody who makes keys."),
    api_key_header: apiKeyHeader
      .prefault("X-API-Key")
      .describe("Header in which a key may come instead of Authorization: Bearer. Read only where there are keys."),
    basic: basicSchema.optional().describe("Passwords of users (HTTP Basic), for the MCP endpoint alone."),
    anonymous: z
      .boolean()
      .default(false)
      .describe("Lets callers of this machine in without a credential. Only with a loopback host."),
    run_after_token_ends: duration({ min: "0s", max: "30d" })
      .prefault("1h")
      .describe(
        "How long after the end of its requester's token an approved call is still run without them. Afterwards it waits for " +
          "their next identical call, and is run with the roles that they have then.",
      ),
    scopes_supported: z
      .array(text)
      .default([])
      .describe("Scopes that clients should ask for, besides those that every issuer requires."),
    admin: z
      .strictObject({
        roles: z.array(text).default([]).describe("Roles whose holders administer the gateway."),
        scope: scope
          .default("portcullis:admin")
          .describe(
            "What an access token needs to decide on approvals or to administer. Agents' tokens should not have it.",
          ),
      })
      .prefault({})
      .describe("Who administers the gateway."),
  })
  .transform((auth) => ({
    jwt: auth.jwt.map(({ says, ...issuer }, index) => ({ ...issuer, standing: standingOf(says, index) })),
    apiKeys: auth.api_keys,
    apiKeyHeader: auth.api_key_header,
    basic: auth.basic,
    anonymous: auth.anonymous,
    runAfterTokenEndsMs: auth.run_after_token_ends,
    scopesSupported: auth.scopes_supported,
    adminRoles: auth.admin.roles,
    adminScope: auth.admin.scope,
  }));

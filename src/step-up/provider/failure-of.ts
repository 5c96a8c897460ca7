import * as oidc from "openid-client";
import type { Log, LogFields } from "../../core/log.ts";
import type { StepUpFailure } from "../../core/step-up.ts";

/** Codes of Node and of the library for a provider that does not answer, or answers with what is no answer of one. */
const UNREACHABLE =
  /^(?:E[A-Z]+|UND_ERR_[A-Z_]+|OAUTH_(?:TIMEOUT|ABORT|PARSE_ERROR|RESPONSE_IS_NOT_JSON|KEY_SELECTION_FAILED))$/;

/** Codes for an ID token that the keys at hand do not bear out: newer ones may. */
const UNBORNE = /^OAUTH_(?:KEY_SELECTION_FAILED|INVALID_RESPONSE)$/;

/** Whether the keys at hand, and nothing else that is known, speak against an answer. */
export function isUnborne(err: unknown): boolean {
  return UNBORNE.test(codeOf(err));
}

/** What a provider says where it cannot, or where the gateway's own registration is wrong. RFC 6749 §4.1.2.1, §5.2 */
const NOT_ABOUT_PEOPLE = new Set([
  "temporarily_unavailable",
  "server_error",
  "slow_down",
  "invalid_client",
  "unauthorized_client",
  "unsupported_grant_type",
  "invalid_request",
  "invalid_scope",
]);

/** What came of asking a provider about somebody. */
export interface Failure {
  readonly reason: Extract<StepUpFailure, "provider_unreachable" | "provider_refused">;
  /** Whether the provider, or what it signed, says no to the person; otherwise nobody knows. */
  readonly isNo: boolean;
}

/**
 * Writes down why the provider's answer is not valid, and tells a no from what says nothing about the person: no answer, a
 * fault, a key that is not known yet.
 */
export function failureOf(
  err: unknown,
  given: { readonly issuer: string; readonly about: LogFields; readonly log: Log },
): Failure {
  const { issuer, about, log } = given;
  const reason = providerErrorReason(err);
  log.warn({ ...about, issuer, reason }, "The answer of the identity provider is not valid.");
  const status = statusOf(err);
  const away = UNREACHABLE.test(reason) || (status !== undefined && ![400, 401, 403].includes(status));
  const unknown = away || isUnborne(err) || (err instanceof oidc.ResponseBodyError && isOwnFault(err));
  return { reason: away ? "provider_unreachable" : "provider_refused", isNo: !unknown };
}

function isOwnFault({ error }: oidc.ResponseBodyError): boolean {
  return NOT_ABOUT_PEOPLE.has(error);
}

function codeOf(err: unknown): string {
  return err instanceof Error && "code" in err ? String(err.code) : "";
}

/** The status of an answer that is no good one. */
function statusOf(err: unknown): number | undefined {
  if (err instanceof oidc.ResponseBodyError || err instanceof oidc.WWWAuthenticateChallengeError) return err.status;
  return err instanceof Error && err.cause instanceof Response ? err.cause.status : undefined;
}

/** A code or a kind of error: messages and causes of the library hold tokens and what providers write. */
export function providerErrorReason(err: unknown): string {
  if (!(err instanceof Error)) return "unknown error";
  const { cause } = err;
  if (err instanceof TypeError && cause instanceof Error && "code" in cause) return String(cause.code);
  if (err instanceof oidc.ResponseBodyError) return `${err.code}: ${/^[a-z_]{1,64}$/.exec(err.error)?.[0] ?? "?"}`;
  return "code" in err && err.code !== undefined ? String(err.code) : err.name;
}

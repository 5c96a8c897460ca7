import { isFormRefusal } from "./call-outcome.ts";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { ANONYMOUS_ISSUER, BASIC_ISSUER, KEYS_ISSUER, LOCAL_ISSUER, type Principal } from "./principal.ts";

/** What a request was to prove itself with. Never more of it than this. */
export type CredentialKind = "none" | "bearer" | "key" | "basic" | "cookie" | "other";

/** What a request says of who sends it, and nobody has verified. */
export interface CredentialClaim {
  readonly kind: CredentialKind;
  /** Who made the token, as it says itself; only of one that was looked at. */
  readonly issuer?: string | undefined;
}

/** Which face of the gateway refused. */
export type RefusedAt = "mcp" | "stdio" | "api" | "console" | "sign_in";

/** A request that was refused before anything was decided about it. Never with its credential, nor with arguments. */
export interface RefusedRequest {
  /** An `ErrorCode`; of a sign-in the reason, which may be another word. */
  readonly code: string;
  readonly at: RefusedAt;
  /** The client's address; `""` where there is none. */
  readonly ip: string;
  /** Read only where it is needed: a flood of refusals must not cost what each token does. */
  readonly claim: () => CredentialClaim;
  /** Of JSON-RPC, or of HTTP with the first part of a path of the API; `undefined`: nobody could read it. */
  readonly method?: string | undefined;
  /** Name of the endpoint of MCP. */
  readonly endpoint?: string | undefined;
  /** Who it is, where that was proven. */
  readonly principal?: Principal | undefined;
}

/** Hears of requests that are refused. */
export interface Refusals {
  /** @throws never */
  refused(request: RefusedRequest): void;
}

/** Codes that say something of whoever is refused; what is full, stops or cannot be reached is no refusal of theirs. */
const ON_RECORD: ReadonlySet<string> = new Set([
  "CREDENTIAL_MISSING",
  "TOKEN_INVALID",
  "TOKEN_EXPIRED",
  "PASSWORD_INVALID",
  "ATTEMPTS_TOO_MANY",
  "ISSUER_NOT_PERMITTED",
  "ENDPOINT_NOT_PERMITTED",
  "SCOPE_INSUFFICIENT",
  "HOST_NOT_ALLOWED",
  "ORIGIN_NOT_ALLOWED",
  "CSRF_TOKEN_INVALID",
  "ADMIN_REQUIRED",
  "CREDENTIAL_INSUFFICIENT",
  "APPROVAL_NOT_ELIGIBLE",
  "APPROVAL_OWN",
  "HEADER_REPEATED",
  "FORWARDED_INVALID",
  "BODY_TOO_LARGE",
  "BATCH_NOT_ALLOWED",
  "VERSION_UNSUPPORTED",
  "CAPABILITY_REQUIRED",
  "NOT_ACCEPTABLE",
  "MEDIA_TYPE_UNSUPPORTED",
  "METHOD_UNKNOWN",
  "HTTP_METHOD_UNKNOWN",
  "ENDPOINT_UNKNOWN",
  "PATH_UNKNOWN",
  "SESSION_REQUIRED",
  "SESSION_UNKNOWN",
] satisfies readonly ErrorCode[]);

/** Whether a request that is refused with this code is on record. */
export function isRecordedRefusal(code: string): boolean {
  return ON_RECORD.has(code) || isFormRefusal(code);
}

/** What a refused request says for people; `undefined` of a code that this version does not know. */
export function refusalWords(code: string): string | undefined {
  return isErrorCode(code) ? ERRORS[code].message : undefined;
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/** By what somebody came who is known. */
export function credentialKindOf({ issuer }: Pick<Principal, "issuer">): CredentialKind {
  if (issuer === KEYS_ISSUER) return "key";
  if (issuer === BASIC_ISSUER) return "basic";
  return issuer === ANONYMOUS_ISSUER || issuer === LOCAL_ISSUER ? "none" : "bearer";
}

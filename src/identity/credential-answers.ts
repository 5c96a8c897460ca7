import { LRUCache } from "lru-cache";
import { ERRORS, type ErrorCode, refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { isPlainAddress } from "../core/mailbox.ts";
import type { Principal } from "../core/principal.ts";
import type { Challenges } from "./challenge.ts";
import type { Identified } from "./identity.ts";
import { isVerified } from "./tokens/claims.ts";
import type { Verified } from "./tokens/verify-token.ts";

const MAX_TOLD = 100;

/** What is said of credentials: to whom they are refused, and to the log. */
export interface CredentialAnswers {
  /** Says that a credential is missing or no good. `detail`: fixed text; `scopes`: replace those to ask for. */
  reject(path: string, code: ErrorCode, detail?: string, scopes?: readonly string[]): Identified;
  /** The same of a token that was looked at. */
  refusalOf(path: string, refused: Extract<Verified, { ok: false }>): Identified;
  /** Says in the log what of a good token does not count, because it cannot be read. */
  reportUnread(principal: Principal): void;
}

/** Makes them. */
export function createCredentialAnswers({ challenge }: Pick<Challenges, "challenge">, log: Log): CredentialAnswers {
  /** What the log has been told of slashes and of claims that nobody can read. */
  const told = new LRUCache<string, true>({ max: MAX_TOLD });

  function reject(path: string, code: ErrorCode, detail?: string, scopes: readonly string[] = []): Identified {
    log.debug({ code, reason: detail }, "refused a credential");
    const problem =
      code === "CREDENTIAL_MISSING" || code === "PASSWORD_INVALID"
        ? undefined
        : { error: bearerError(code), description: detail ?? ERRORS[code].message, scopes };
    const headers = { "WWW-Authenticate": challenge(path, problem) };
    return { ok: false, refusal: refuse(code, detail), headers };
  }

  function refusalOf(path: string, refused: Extract<Verified, { ok: false }>): Identified {
    const { code, detail, scopes, retryAfterS, almost } = refused;
    if (almost !== undefined && !told.has(almost)) {
      told.set(almost, true);
      log.warn({ code, expected: almost }, "a token differs from what is accepted here only by a slash at an end");
    }
    if (retryAfterS === undefined) return reject(path, code, detail, scopes);
    // Nobody knows whether it is good. A challenge would have its client throw it away.
    log.debug({ code }, "could not check a credential");
    return { ok: false, refusal: refuse(code, detail), headers: { "Retry-After": String(retryAfterS) } };
  }

  function reportUnread({ issuer, email, aliases, claims, unread = [] }: Principal): void {
    const isPlain = (name: string): boolean => !name.includes("@") || isPlainAddress(name);
    if (email === undefined && isVerified(claims) && !aliases.every(isPlain)) {
      log.warn({ issuer }, "an address in a token is not written plainly, so that it does not count");
    }
    for (const claim of unread) {
      if (told.has(`${claim} ${issuer}`)) continue;
      told.set(`${claim} ${issuer}`, true);
      log.warn(
        { issuer, claim },
        "a claim of roles, groups, clients or names of users cannot be read: whoever has it gets what restricts by them",
      );
    }
  }

  return { reject, refusalOf, reportUnread };
}

/** Says that too many credentials were tried. */
export function tooManyAttempts(retryAfterS: number): Identified {
  return { ok: false, refusal: refuse("ATTEMPTS_TOO_MANY"), headers: { "Retry-After": String(retryAfterS) } };
}

function bearerError(code: ErrorCode): "invalid_token" | "insufficient_scope" | undefined {
  if (code === "SCOPE_INSUFFICIENT") return "insufficient_scope";
  return code === "TOKEN_INVALID" || code === "TOKEN_EXPIRED" ? "invalid_token" : undefined;
}

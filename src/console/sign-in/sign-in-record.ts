import type { Context } from "hono";
import type { Audit } from "../../audit/audit.ts";
import { sha256 } from "../../core/digest.ts";
import type { Principal } from "../../core/principal.ts";
import type { CredentialKind, Refusals } from "../../core/refusals.ts";
import type { ConsoleEnv } from "../console-env.ts";
import { idIn } from "./session-id.ts";
import type { SessionCookie } from "./sessions.ts";

/** Puts on record who signs in to the console and out of it. */
export interface SignInRecord {
  signedIn(c: Context<ConsoleEnv>, principal: Principal, cookie: SessionCookie): void;
  /** Call it while the request's session is known, with the cookie that takes it away. */
  signedOut(c: Context<ConsoleEnv>, cookie: SessionCookie): void;
  /** `reason`: fixed text. `credential`: what was tried. */
  refused(c: Context<ConsoleEnv>, reason: string, credential: CredentialKind): void;
}

/** Makes it. */
export function createSignInRecord(deps: {
  readonly audit: Pick<Audit, "record">;
  readonly refusals: Refusals;
  /** ms since the epoch. */
  readonly now: () => number;
}): SignInRecord {
  const { audit, refusals, now } = deps;
  const act = (c: Context<ConsoleEnv>, { issuer, subject, email }: Principal, session: string) => {
    return {
      about: "admin",
      id: session,
      session,
      at: now(),
      ip: c.get("ip"),
      actor: { issuer, subject, email },
    } as const;
  };
  return {
    signedIn(c, principal, { value }) {
      audit.record({ ...act(c, principal, sha256(value)), outcome: "console_signed_in" });
    },
    signedOut(c, { name }) {
      const id = idIn(c.env.incoming, name);
      if (id !== undefined)
        audit.record({ ...act(c, c.get("operator").principal, sha256(id)), outcome: "console_signed_out" });
    },
    refused(c, reason, kind) {
      refusals.refused({ code: reason, at: "sign_in", ip: c.get("ip"), claim: () => ({ kind }) });
    },
  };
}

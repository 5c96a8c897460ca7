import { z } from "zod";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import type { Seal } from "../../core/seal.ts";
import type { CredentialMark, PrincipalNow } from "../../identity/principal-now.ts";
import { readPrincipal } from "../../identity/stored-principal.ts";
import type { HeldTokens } from "../../step-up/provider/held-tokens.ts";
import type { ConsoleSessionRecord } from "../../store/sessions/console-sessions.ts";

/** What is sealed with a session. */
export interface SessionContents {
  readonly principal: Principal;
  readonly held: HeldTokens | undefined;
  /** When the provider said so, and when it was asked last, ms since the epoch. */
  readonly lookedUpAt: number;
  readonly askedAt: number;
}

/** What of a record its sealed text is bound to. */
type SessionName = Pick<ConsoleSessionRecord, "idHash" | "expiresAt">;

/** What the sealed text of a session is written with. */
export interface SealedSessionsDeps {
  /** For principals at rest. */
  readonly seal: Seal;
  /** A key that is gone from the configuration, or an issuer, ends the sessions that came by it. */
  readonly principalNow: PrincipalNow;
  /** A key that was replaced by another of its name ends its sessions: whoever had the old one may not be its owner. */
  readonly credentialMark: CredentialMark;
}

/** Whose sessions are, as it stands sealed in their records. */
export interface SealedSessions {
  seal(session: SessionName, contents: SessionContents): string;
  /** `undefined`: nobody's any more, or not as it was written. `at`: ms since the epoch. */
  open(record: ConsoleSessionRecord, at: number): SessionContents | undefined;
}

/** Makes them. */
export function createSealedSessions(deps: SealedSessionsDeps): SealedSessions {
  const { principalNow, credentialMark } = deps;

  function seal(session: SessionName, { principal, held, lookedUpAt, askedAt }: SessionContents): string {
    const credential = credentialMark(principal);
    const contents = {
      session: session.idHash,
      credential,
      principal: plain(principal),
      lookedUpAt,
      askedAt,
      ...(held && { held: { ...held } }),
    };
    return deps.seal.seal(contents, session.expiresAt);
  }

  // The id stands in the sealed text too: a row whose principal was exchanged for another row's opens for nobody, and so
  // does one whose columns name somebody else.
  function open(record: ConsoleSessionRecord, at: number): SessionContents | undefined {
    const opened = deps.seal.open(record.principal, at);
    if (opened === undefined || opened["session"] !== record.idHash) return undefined;
    const before = readPrincipal(opened["principal"]);
    if (before === undefined || opened["credential"] !== credentialMark(before)) return undefined;
    if (before.issuer !== record.issuer || before.subject !== record.subject) return undefined;
    const principal = principalNow(before);
    if (principal === undefined) return undefined;
    const held = heldSchema.safeParse(opened["held"]);
    const { lookedUpAt, askedAt } = opened;
    return {
      principal,
      held: held.success ? { ...held.data, refreshToken: held.data.refreshToken } : undefined,
      lookedUpAt: typeof lookedUpAt === "number" ? lookedUpAt : record.createdAt,
      askedAt: typeof askedAt === "number" ? askedAt : record.createdAt,
    };
  }

  return { seal, open };
}

const heldSchema = z.object({ accessToken: z.string(), refreshToken: z.string().optional() });

function plain(principal: Principal): JsonObject {
  const value: unknown = JSON.parse(JSON.stringify(principal));
  return isObject(value) ? value : {};
}

import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { sha256 } from "../../core/digest.ts";
import type { Principal } from "../../core/principal.ts";
import { KEYS_ISSUER } from "../../core/principal.ts";
import type { BrowserSession, BrowserSessions } from "../../http/browser-session.ts";
import type { HeldTokens } from "../../step-up/provider/held-tokens.ts";
import type { Renewed } from "../../step-up/provider/renew-sign-in.ts";
import type { SignInFlow } from "../../step-up/provider/sign-in-flow.ts";
import type { ConsoleSessionRecord, ConsoleSessionStore } from "../../store/sessions/console-sessions.ts";
import { createSealedSessions, type SealedSessionsDeps, type SessionContents } from "./sealed-sessions.ts";
import { idIn, sessionCookieName } from "./session-id.ts";

/** How long sessions last, and how many one person has. Times in ms. */
export interface SessionLimits {
  /** Without a request. */
  readonly idleMs: number;
  /** In all, from the sign-in on. */
  readonly absoluteMs: number;
  /** How often at most the store learns that a session is in use. */
  readonly touchMs: number;
  readonly perPerson: number;
  /** How old roles get that a provider told, before it is asked again. */
  readonly rolesMs: number;
  /** How old they get where it cannot tell, and how soon it is asked again then. */
  readonly rolesAtMostMs: number;
  readonly rolesRetryMs: number;
}

/** What holds by default: half an hour without use, half a day in all, roles of five minutes, and of an hour at most. */
export const SESSION_LIMITS: SessionLimits = {
  idleMs: 30 * 60_000,
  absoluteMs: 12 * 3_600_000,
  touchMs: 60_000,
  perPerson: 10,
  rolesMs: 5 * 60_000,
  rolesAtMostMs: 3_600_000,
  rolesRetryMs: 30_000,
};

export interface SessionDeps extends SealedSessionsDeps {
  readonly store: ConsoleSessionStore;
  /** Derives the token of a session from its id. */
  readonly hash: (text: string) => string;
  /** Asks the provider who somebody is now; `undefined`: nobody can sign in there. */
  readonly renew: SignInFlow["renew"] | undefined;
  /** Whether the public URL has https. */
  readonly secure: boolean;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly limits?: Partial<SessionLimits>;
}

/** A cookie for a browser; `value` empty and `maxAgeMs` 0 take it away. */
export interface SessionCookie {
  readonly name: string;
  readonly value: string;
  readonly maxAgeMs: number;
}

/** Browsers that are signed in. Every method may throw StoreError. */
export interface ConsoleSessions extends BrowserSessions {
  /**
   * Begins a session under a new id, whatever cookie came with the sign-in: an id that somebody else planted, or knew
   * before, is worth nothing afterwards. The session of that cookie ends. `held`: what the provider is asked again with.
   */
  begin(principal: Principal, request: IncomingMessage, held?: HeldTokens): Promise<SessionCookie>;
  /** Whose session a record is, as the configuration has them now; `undefined`: it has ended, or does for them. */
  holderOf(record: ConsoleSessionRecord): Principal | undefined;
  /** Ends the session of the request's cookie, if there is one. */
  end(request: IncomingMessage): Promise<SessionCookie>;
}

/** Makes the sessions of the console. They outlive the process, as the rows of `console_sessions`. */
export function createConsoleSessions(deps: SessionDeps): ConsoleSessions {
  const { store, hash, principalNow, now } = deps;
  const { seal, open } = createSealedSessions(deps);
  const limits = { ...SESSION_LIMITS, ...deps.limits };
  const name = sessionCookieName(deps.secure);
  /** Lookups under way, by session: pages that come together ask once. */
  const renewing = new Map<string, Promise<Principal | undefined>>();

  async function find(request: IncomingMessage, quietly = false): Promise<BrowserSession | undefined> {
    const id = idIn(request, name);
    if (id === undefined) return undefined;
    const record = await store.find(sha256(id));
    if (record === undefined) return undefined;
    const at = now();
    const principal = await upToDate(record);
    if (principal === undefined) {
      await store.remove(record.idHash);
      return undefined;
    }
    if (!quietly && at - record.lastSeenAt >= limits.touchMs) await store.seen(record.idHash, at);
    return { principal, csrfToken: hash(id) };
  }

  function holderOf(record: ConsoleSessionRecord): Principal | undefined {
    const at = now();
    return at >= endOf(record, limits) ? undefined : open(record, at)?.principal;
  }

  /** The holder with roles that are not too old; `undefined`: the session is over. */
  async function upToDate(record: ConsoleSessionRecord): Promise<Principal | undefined> {
    const at = now();
    const opened = at >= endOf(record, limits) ? undefined : open(record, at);
    // What a key may stands in the configuration, and is looked up there each time.
    if (opened === undefined || opened.principal.issuer === KEYS_ISSUER) return opened?.principal;
    const age = at - opened.lookedUpAt;
    const askedLately = at - opened.askedAt < limits.rolesRetryMs && age < limits.rolesAtMostMs;
    if (age < limits.rolesMs || askedLately) return opened.principal;
    const known = renewing.get(record.idHash);
    if (known !== undefined) return known;
    const started = lookUp(record, opened).finally(() => renewing.delete(record.idHash));
    renewing.set(record.idHash, started);
    return started;
  }

  async function lookUp(record: ConsoleSessionRecord, opened: SessionContents): Promise<Principal | undefined> {
    const { principal, held, lookedUpAt } = opened;
    let kept = record.principal;
    let renewed: Renewed | undefined;
    if (held !== undefined && deps.renew !== undefined) {
      // A refresh token may be good once, and whoever comes second with it ends the sign-in. So one of all processes asks, and
      // the others go on with what they know until then.
      kept = seal(record, { principal, held, lookedUpAt, askedAt: now() });
      if (!(await store.renew(record.idHash, record.principal, kept))) return elsewhere(record.idHash);
      renewed = await deps.renew(principal.subject, held);
    }
    const at = now();
    if (renewed?.ok === true) {
      const { held: next, principal: told } = renewed;
      await store.renew(
        record.idHash,
        kept,
        seal(record, { principal: told, held: next, lookedUpAt: at, askedAt: at }),
      );
      return principalNow(told);
    }
    if (renewed?.reason === "ended" || at - lookedUpAt >= limits.rolesAtMostMs) return undefined;
    if (renewed !== undefined) {
      await store.renew(record.idHash, kept, seal(record, { principal, held: renewed.held, lookedUpAt, askedAt: at }));
    }
    return principal;
  }

  /** Whose session it is by what another process has written down meanwhile. */
  async function elsewhere(idHash: string): Promise<Principal | undefined> {
    const record = await store.find(idHash);
    const opened = record && open(record, now());
    return opened && now() - opened.lookedUpAt < limits.rolesAtMostMs ? opened.principal : undefined;
  }

  async function end(request: IncomingMessage): Promise<void> {
    const id = idIn(request, name);
    if (id !== undefined) await store.remove(sha256(id));
  }

  return {
    find,
    holderOf,
    async begin(principal, request, held) {
      await end(request);
      const id = randomBytes(32).toString("base64url");
      const idHash = sha256(id);
      const createdAt = now();
      await store.purge(createdAt, createdAt - limits.idleMs);
      const expiresAt = createdAt + limits.absoluteMs;
      const contents = { principal, held, lookedUpAt: createdAt, askedAt: createdAt };
      await store.create(
        {
          idHash,
          issuer: principal.issuer,
          subject: principal.subject,
          principal: seal({ idHash, expiresAt }, contents),
          createdAt,
          lastSeenAt: createdAt,
          expiresAt,
        },
        limits.perPerson,
      );
      return { name, value: id, maxAgeMs: limits.absoluteMs };
    },
    async end(request) {
      await end(request);
      return { name, value: "", maxAgeMs: 0 };
    },
  };
}

function endOf({ lastSeenAt, expiresAt }: ConsoleSessionRecord, { idleMs }: SessionLimits): number {
  return Math.min(expiresAt, lastSeenAt + idleMs);
}

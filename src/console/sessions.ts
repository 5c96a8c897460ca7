import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { sha256 } from "../core/digest.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import type { Principal } from "../core/principal.ts";
import type { Seal } from "../core/seal.ts";
import type { BrowserSession, BrowserSessions } from "../http/browser-session.ts";
import type { CredentialMark, PrincipalNow } from "../identity/principal-now.ts";
import { readPrincipal } from "../identity/stored-principal.ts";
import type { ConsoleSessionRecord, ConsoleSessionStore } from "../store/console-sessions.ts";

/** How long sessions last, and how many one person has. Times in ms. */
export interface SessionLimits {
  /** Without a request. */
  readonly idleMs: number;
  /** In all, from the sign-in on. */
  readonly absoluteMs: number;
  /** How often at most the store learns that a session is in use. */
  readonly touchMs: number;
  readonly perPerson: number;
}

/** What holds by default: half an hour without use, half a day in all. */
export const SESSION_LIMITS: SessionLimits = {
  idleMs: 30 * 60_000,
  absoluteMs: 12 * 3_600_000,
  touchMs: 60_000,
  perPerson: 10,
};

export interface SessionDeps {
  readonly store: ConsoleSessionStore;
  /** For principals at rest. */
  readonly seal: Seal;
  /** Derives the token of a session from its id. */
  readonly hash: (text: string) => string;
  /** A key that is gone from the configuration, or an issuer, ends the sessions that came by it. */
  readonly principalNow: PrincipalNow;
  /** A key that was replaced by another of its name ends its sessions: whoever had the old one may not be its owner. */
  readonly credentialMark: CredentialMark;
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
   * before, is worth nothing afterwards. The session of that cookie ends.
   */
  begin(principal: Principal, request: IncomingMessage): Promise<SessionCookie>;
  /** Whose session a record is, as the configuration has them now; `undefined`: it has ended, or does for them. */
  holderOf(record: ConsoleSessionRecord): Principal | undefined;
  /** Ends the session of the request's cookie, if there is one. */
  end(request: IncomingMessage): Promise<SessionCookie>;
}

/** Makes the sessions of the console. They outlive the process, as the rows of `console_sessions`. */
export function createConsoleSessions(deps: SessionDeps): ConsoleSessions {
  const { store, seal, hash, principalNow, credentialMark, now } = deps;
  const limits = { ...SESSION_LIMITS, ...deps.limits };
  const name = cookieName(deps.secure);

  async function find(request: IncomingMessage, quietly = false): Promise<BrowserSession | undefined> {
    const id = idIn(request, name);
    if (id === undefined) return undefined;
    const record = await store.find(sha256(id));
    if (record === undefined) return undefined;
    const at = now();
    const principal = holderOf(record);
    if (principal === undefined) {
      await store.remove(record.idHash);
      return undefined;
    }
    if (!quietly && at - record.lastSeenAt >= limits.touchMs) await store.seen(record.idHash, at);
    return { principal, csrfToken: hash(id) };
  }

  function holderOf(record: ConsoleSessionRecord): Principal | undefined {
    const at = now();
    return at >= endOf(record, limits) ? undefined : open(record, at);
  }

  // The id stands in the sealed text too: a row whose principal was exchanged for another row's opens for nobody.
  function open(record: ConsoleSessionRecord, at: number): Principal | undefined {
    const opened = seal.open(record.principal, at);
    if (opened === undefined || opened["session"] !== record.idHash) return undefined;
    const before = readPrincipal(opened["principal"]);
    return before === undefined || opened["credential"] !== credentialMark(before) ? undefined : principalNow(before);
  }

  async function end(request: IncomingMessage): Promise<void> {
    const id = idIn(request, name);
    if (id !== undefined) await store.remove(sha256(id));
  }

  return {
    find,
    holderOf,
    async begin(principal, request) {
      await end(request);
      const id = randomBytes(32).toString("base64url");
      const idHash = sha256(id);
      const createdAt = now();
      await store.purge(createdAt, createdAt - limits.idleMs);
      const expiresAt = createdAt + limits.absoluteMs;
      const sealed = { session: idHash, credential: credentialMark(principal), principal: plain(principal) };
      await store.create(
        {
          idHash,
          issuer: principal.issuer,
          subject: principal.subject,
          principal: seal.seal(sealed, expiresAt),
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

/** `__Host-`: no other host, path or clear-text page can set the cookie. RFC 6265bis §4.1.3 */
function cookieName(secure: boolean): string {
  return secure ? "__Host-portcullis-console" : "portcullis-console";
}

const ID = /^[A-Za-z0-9_-]{43}$/;

function idIn({ headers }: IncomingMessage, name: string): string | undefined {
  const values = (headers.cookie ?? "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  // Two of one name: one of them was planted from a neighbouring host or path, and nobody can tell which.
  const [id, ...others] = values;
  return id !== undefined && others.length === 0 && ID.test(id) ? id : undefined;
}

function endOf({ lastSeenAt, expiresAt }: ConsoleSessionRecord, { idleMs }: SessionLimits): number {
  return Math.min(expiresAt, lastSeenAt + idleMs);
}

function plain(principal: Principal): JsonObject {
  const value: unknown = JSON.parse(JSON.stringify(principal));
  return isObject(value) ? value : {};
}

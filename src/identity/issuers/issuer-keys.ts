import { createLocalJWKSet, type JWK, type LocalJWKSet } from "jose";
import { LRUCache } from "lru-cache";
import { sha256 } from "../../core/digest.ts";
import { retrySeconds } from "../../core/duration.ts";
import type { Log } from "../../core/log.ts";
import type { KeyTimes } from "../options.ts";
import { discoverJwksUrl } from "./discovery.ts";
import { fetchJson } from "./fetch-json.ts";
import { createFetchPace } from "./fetch-pace.ts";

/** Keys that an issuer showed. */
export interface KnownKeys {
  readonly ok: true;
  readonly set: LocalJWKSet;
  /** When, ms since the epoch. */
  readonly at: number;
}

/** The issuer cannot be asked, so that nobody knows whether its tokens are good. */
export interface UnknownKeys {
  readonly ok: false;
  /** When to try again, in whole seconds from now, as `Retry-After` has them. */
  readonly retryAfterS: number;
}

/** What is known, before its signature is, of a token that the keys at hand do not bear out. */
export interface Doubt {
  readonly kid: string | undefined;
  /** When it was issued, ms since the epoch, as it says itself; `undefined`: it does not. */
  readonly issuedAt: number | undefined;
  /** When it came. */
  readonly cameAt: number;
}

/** The keys of one issuer. */
export interface IssuerKeys {
  /** The keys as of now. @throws never */
  current(): Promise<KnownKeys | UnknownKeys>;
  /**
   * Newer keys than `seen`, for a token that those did not bear out: under a new `kid`, or a new key under the same one.
   * `settled`: the issuer was asked since the token was issued, and has no such key. @throws never
   */
  newerThan(seen: KnownKeys, doubt: Doubt): Promise<KnownKeys | UnknownKeys | "settled">;
}

/** So many keys that an issuer did not have are remembered. More are asked for again, as often as the pace allows. */
const REMEMBERED_KIDS = 256;

/**
 * Fetches an issuer's keys when first needed, again in the background when they age, and again when a token is not borne
 * out by them. One fetch at a time, and no more of them than `FetchPace` allows, so that forged tokens cannot make it a flood.
 */
export function createIssuerKeys(
  issuer: { readonly issuer: string; readonly jwksUrl: string | undefined },
  times: KeyTimes,
  deps: { readonly now: () => number; readonly log: Log },
): IssuerKeys {
  const { now, log } = deps;
  const pace = createFetchPace(times, now);
  /** When the issuer was asked for a key under this `kid` and had none that fits. */
  const asked = new LRUCache<string, number>({ max: REMEMBERED_KIDS });
  let keys: KnownKeys | undefined;
  let place: string | undefined;
  let fetching: Promise<boolean> | undefined;

  /** Whether keys were fetched just now. `afresh`: the issuer is asked for their place, too. */
  function refresh(afresh: boolean): Promise<boolean> {
    if (fetching !== undefined) return fetching;
    if (pace.waitMs() > 0) return Promise.resolve(false);
    pace.begin();
    fetching = load(afresh).finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  async function load(afresh: boolean): Promise<boolean> {
    // One deadline for discovery and keys together: a caller waits for both.
    const signal = AbortSignal.timeout(times.timeoutMs);
    let url = issuer.jwksUrl ?? (afresh ? undefined : place);
    if (url === undefined) {
      const found = await discoverJwksUrl(issuer.issuer, signal, times.maxBytes);
      if (!found.ok) return failed(found.reason);
      url = found.jwksUrl;
    }
    const fetched = await fetchJson(url, signal, times.maxBytes);
    const set = fetched.ok ? keySet(fetched.body) : undefined;
    if (set === undefined) {
      // They may have moved: their place is asked for again.
      place = undefined;
      const reason = fetched.ok ? "the answer is not a JSON Web Key Set with a key in it" : fetched.reason;
      return failed(`${url}: ${reason}`);
    }
    place = url;
    keys = { ok: true, set, at: now() };
    pace.end(true);
    log.debug({ issuer: issuer.issuer, url }, "fetched the keys of an issuer");
    return true;
  }

  function failed(reason: string): false {
    pace.end(false);
    log.warn(
      { code: "ISSUER_UNREACHABLE", issuer: issuer.issuer, reason, serving: serving() !== undefined },
      "cannot fetch the keys of an issuer; its tokens are answered with 503 once the keys at hand are too old",
    );
    return false;
  }

  function serving(): KnownKeys | undefined {
    return keys !== undefined && now() - keys.at < times.maxAgeMs ? keys : undefined;
  }

  function unknown(): UnknownKeys {
    return { ok: false, retryAfterS: retrySeconds(pace.waitMs()) };
  }

  /** Whether the issuer was asked for this key since the token was issued, and not too long ago. */
  function isSettled(kid: string, { issuedAt }: Doubt): boolean {
    const at = asked.get(kid);
    if (at === undefined || now() - at >= times.settledMs) return false;
    return issuedAt === undefined || issuedAt + times.skewMs < at;
  }

  return {
    async current() {
      const known = serving();
      if (known === undefined) await refresh(false);
      // Not awaited: the keys at hand still serve, and `load` never rejects.
      else if (now() - known.at >= times.refreshMs) void refresh(false);
      return serving() ?? unknown();
    },
    async newerThan(seen, doubt) {
      const newer = serving();
      if (newer !== undefined && newer !== seen) return newer;
      const kid = sha256(doubt.kid ?? "");
      if (seen.at >= doubt.cameAt) {
        asked.set(kid, seen.at);
        return "settled";
      }
      if (isSettled(kid, doubt)) return "settled";
      if (!(await refresh(true)) || keys === undefined) return unknown();
      asked.set(kid, keys.at);
      return keys;
    },
  };
}

/** Entries that are no keys at all cost only themselves, as keys of an unknown type do. RFC 7517 §5 */
function keySet(body: object): LocalJWKSet | undefined {
  const entries = "keys" in body && Array.isArray(body.keys) ? body.keys : [];
  const keys = entries.filter(isJwk);
  // None at all is what a server says that has not read its own yet: of keys that it showed before it takes none back.
  if (keys.length === 0) return undefined;
  try {
    return createLocalJWKSet({ keys });
  } catch {
    // jose's own check of the members; the caller says that the answer is no key set.
    return undefined;
  }
}

function isJwk(entry: unknown): entry is JWK {
  return typeof entry === "object" && entry !== null && !Array.isArray(entry);
}

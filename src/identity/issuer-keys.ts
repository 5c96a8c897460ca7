import { createLocalJWKSet, type JSONWebKeySet, type LocalJWKSet } from "jose";
import type { Log } from "../core/log.ts";
import { discoverJwksUrl } from "./discovery.ts";
import { fetchJson } from "./fetch-json.ts";
import type { KeyTimes } from "./options.ts";

/** The keys of one issuer. */
export interface IssuerKeys {
  /** The keys as of now; `undefined` if there are none that may serve and none can be had. @throws never */
  current(): Promise<LocalJWKSet | undefined>;
  /** Keys fetched after `seen`, for a token whose key was not in it; `undefined` if it is too early to ask again. */
  newerThan(seen: LocalJWKSet): Promise<LocalJWKSet | undefined>;
}

/**
 * Fetches an issuer's keys when first needed, again in the background when they age, and again when a token names a key
 * that is not there; at most one fetch at a time and one per cooldown, so that forged tokens cannot make it a flood.
 */
export function createIssuerKeys(
  issuer: { readonly issuer: string; readonly jwksUrl: string | undefined },
  times: KeyTimes,
  deps: { readonly now: () => number; readonly log: Log },
): IssuerKeys {
  const { now, log } = deps;
  let keys: { readonly set: LocalJWKSet; readonly at: number } | undefined;
  let discovered: string | undefined;
  let notBefore = Number.NEGATIVE_INFINITY;
  let fetching: Promise<void> | undefined;

  function refresh(): Promise<void> {
    if (fetching !== undefined) return fetching;
    if (now() < notBefore) return Promise.resolve();
    notBefore = now() + times.cooldownMs;
    fetching = load().finally(() => {
      fetching = undefined;
    });
    return fetching;
  }

  async function load(): Promise<void> {
    // One deadline for discovery and keys together: a caller waits for both.
    const signal = AbortSignal.timeout(times.timeoutMs);
    let url = issuer.jwksUrl ?? discovered;
    if (url === undefined) {
      const found = await discoverJwksUrl(issuer.issuer, signal, times.maxBytes);
      if (!found.ok) return failed(found.reason);
      url = found.jwksUrl;
    }
    const fetched = await fetchJson(url, signal, times.maxBytes);
    if (!fetched.ok) return failed(`${url}: ${fetched.reason}`);
    const set = keySet(fetched.body);
    if (set === undefined) return failed(`${url}: the answer is not a JSON Web Key Set`);
    discovered = url;
    keys = { set, at: now() };
    log.debug({ issuer: issuer.issuer, url }, "fetched the keys of an issuer");
  }

  function failed(reason: string): void {
    // The issuer may have moved its keys: ask for their place again.
    discovered = undefined;
    notBefore = now() + times.retryMs;
    log.warn(
      { code: "ISSUER_UNREACHABLE", issuer: issuer.issuer, reason, serving: servingKeys() !== undefined },
      "cannot fetch the keys of an issuer; its tokens are refused once the keys at hand are too old",
    );
  }

  function servingKeys(): LocalJWKSet | undefined {
    return keys !== undefined && now() - keys.at < times.maxAgeMs ? keys.set : undefined;
  }

  return {
    async current() {
      const serving = servingKeys();
      if (serving === undefined) await refresh();
      // Not awaited: the keys at hand still serve, and `load` never rejects.
      else if (keys !== undefined && now() - keys.at >= times.refreshMs) void refresh();
      return servingKeys();
    },
    async newerThan(seen) {
      if (servingKeys() === seen) await refresh();
      const serving = servingKeys();
      return serving === seen ? undefined : serving;
    },
  };
}

function keySet(body: object): LocalJWKSet | undefined {
  try {
    if (!isKeySet(body)) return undefined;
    return createLocalJWKSet(body);
  } catch {
    // jose's own check of the members; the caller says that the answer is no key set.
    return undefined;
  }
}

function isKeySet(body: object): body is JSONWebKeySet {
  return (
    "keys" in body && Array.isArray(body.keys) && body.keys.every((key) => typeof key === "object" && key !== null)
  );
}

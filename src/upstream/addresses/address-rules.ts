import type { LookupFunction } from "node:net";
import { withDeadline } from "../../core/deadline.ts";
import {
  type AddressRange,
  isMetadata,
  isWithin,
  notPublic,
  readAddress,
  readRange,
} from "../../http/addresses/address-class.ts";
import { answerLookup, nameLookups, type Resolve } from "../../http/name-lookups.ts";

export interface AddressRulesOptions {
  /** What is allowed besides public addresses: ranges (`10.0.0.0/8`), addresses, and names whatever they lead to. */
  readonly allowed: readonly string[];
  /** Default: the system's own resolver. */
  readonly resolve?: Resolve;
}

export type AddressVerdict =
  | { readonly ok: true }
  /** `why` is a sentence for operators, without the address itself. */
  | { readonly ok: false; readonly why: string };

/**
 * Where a confined upstream may be: at public addresses, and at those that the operator allows. Cloud metadata services
 * are never allowed. A name is checked by all of its addresses, at every connection anew.
 */
export interface AddressRules {
  /** Checks the host of a URL, resolving its name. Takes five seconds at most. @throws never */
  check(url: string): Promise<AddressVerdict>;
  /** Checks a host that is an address, which no resolver is asked for; `undefined`: allowed, or a name. */
  whyNotLiteral(host: string): string | undefined;
  /** Resolves for one connection: only to addresses that are allowed, else with an error. */
  readonly lookup: LookupFunction;
}

const RESOLVE_MS = 5_000;

/** Makes the rules. @throws TypeError never: what is no range and no address counts as a name */
export function createAddressRules({
  allowed,
  resolve = (hostname) => nameLookups.resolve(hostname),
}: AddressRulesOptions): AddressRules {
  const ranges: AddressRange[] = [];
  const names = new Set<string>();
  for (const entry of allowed) {
    const range = readRange(entry);
    if (range === undefined) names.add(bareName(entry));
    else ranges.push(range);
  }

  const whyNot = (host: string, text: string): string | undefined => {
    const address = readAddress(text);
    if (address === undefined) return "no IP address";
    if (isMetadata(address)) return "the address of a cloud metadata service, which is never allowed";
    if (names.has(bareName(host)) || ranges.some((range) => isWithin(address, range))) return undefined;
    return notPublic(address);
  };

  const whyNotLiteral = (host: string): string | undefined => {
    if (readAddress(host) === undefined) return undefined;
    const what = whyNot(host, host);
    return what === undefined ? undefined : `It is at ${what}.`;
  };

  /** All addresses of a name. @throws AddressRefused where one of them is not allowed */
  const resolveAllowed = async (host: string): Promise<Awaited<ReturnType<Resolve>>> => {
    const addresses = await resolve(host);
    if (addresses.length === 0) throw new AddressRefused("Its name leads to no address.");
    for (const { address } of addresses) {
      const what = whyNot(host, address);
      if (what !== undefined) throw new AddressRefused(`Its name leads to ${what}.`);
    }
    return addresses;
  };

  return {
    whyNotLiteral,
    async check(url) {
      const { hostname } = new URL(url);
      const why = whyNotLiteral(hostname);
      if (why !== undefined) return { ok: false, why };
      if (readAddress(hostname) !== undefined) return { ok: true };
      try {
        await inTime(resolveAllowed(hostname));
        return { ok: true };
      } catch (err) {
        return { ok: false, why: err instanceof AddressRefused ? err.message : "Its name cannot be resolved." };
      }
    },
    lookup(hostname, options, callback) {
      resolveAllowed(hostname).then(
        (addresses) => answerLookup(addresses, options, callback),
        (err: unknown) => callback(err instanceof Error ? err : new Error("Its name cannot be resolved."), ""),
      );
    },
  };
}

/** A connection that was not made because of where it would have led. */
export class AddressRefused extends Error {
  readonly code = "UPSTREAM_ADDRESS_REFUSED";
}

function bareName(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}

function inTime<T>(work: Promise<T>): Promise<T> {
  return withDeadline(RESOLVE_MS, work, () => {
    throw new Error("late");
  });
}

import { type AddressRange, addressText, readRange } from "./address-class.ts";

/** Words for the networks in which proxies usually stand. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"],
};

/** A range is no wider: whoever trusts a good part of all addresses believes anybody. In bits of prefix. */
const NARROWEST = { ipv4: 8, ipv6: 7 } as const;

/**
 * The ranges that an entry of `server.trusted_proxies` stands for: an address, a range (`10.0.0.0/8`), `loopback` or
 * `private`. `undefined` for what is none of these, and for a range that is too wide to be anybody's proxies.
 */
export function trustedRanges(entry: string): readonly AddressRange[] | undefined {
  const texts = Object.hasOwn(WORDS, entry) ? WORDS[entry] : undefined;
  const ranges = (texts ?? [entry]).map(readRange);
  const good = ranges.flatMap((range) => (range !== undefined && isNarrow(range) ? [range] : []));
  return good.length === ranges.length ? good : undefined;
}

// A range of IPv4 addresses in their IPv6 form would fit none: addresses are compared as what they are.
function isNarrow([start, bits]: AddressRange): boolean {
  return bits >= NARROWEST[start.kind()] && addressText(start).includes(":") === (start.kind() === "ipv6");
}

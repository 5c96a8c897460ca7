import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Refusal, refuse } from "../../core/errors.ts";
import { type Address, type AddressRange, addressText, isWithin, readAddress } from "./address-class.ts";
import { forwardedNodes, listedNodes, readNode } from "./forwarded.ts";
import { trustedRanges } from "./trusted-proxies.ts";

/** Where a request comes from. */
export interface ClientAddress {
  /** Canonical (RFC 5952; IPv4 in IPv6 as IPv4), `""` where the connection is gone. */
  readonly ip: string;
  /** Whether a request without a credential shows that somebody on the way speaks for another, believed or not. Of others `false`. */
  readonly forwarded: boolean;
}

/** Finds out for whom a request was sent. @throws never */
export type FindClientAddress = (incoming: Head) => ({ readonly ok: true } & ClientAddress) | Refusal;

/** Trusted proxies that one request may pass; more of them is a loop, or made up. */
const MAX_PROXIES = 32;

/** Longer headers come from nobody who forwards. */
const MAX_CHARS = 4_096;

/** What is kept of headers that were read. */
const MAX_KNOWN = 1_000;
const MAX_KNOWN_CHARS = 256;

/** What proxies and tunnels say of themselves; see `ClientAddress.forwarded`. docs/proxy.md lists them. */
export const TRACES: readonly string[] = [
  ...["forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "x-original-forwarded-for"],
  ...["x-forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x_forwarded_for"],
  ...["cdn-loop", "cf-connecting-ip", "fastly-client-ip", "fly-client-ip", "true-client-ip"],
  ...["tailscale-user-login", "x-azure-clientip", "x-envoy-external-address"],
];

/** Whether a request has come through something. No client of MCP speaks HTTP/1.0; nginx does to what is behind it, by default. */
function isForwarded({ headers, httpVersion }: Head): boolean {
  return httpVersion === "1.0" || TRACES.some((name) => headers[name] !== undefined);
}

type Head = Pick<IncomingMessage, "socket" | "headers"> & Partial<Pick<IncomingMessage, "httpVersion">>;

/**
 * Reads the address of the client. It is that of the connection, unless the connection comes from a trusted proxy: then
 * `Forwarded` (RFC 7239) or `X-Forwarded-For` is read from the right, each trusted proxy telling who came to it, up to
 * the first address that nobody vouches for. What stands left of that one is the client's own word and is not looked at.
 * A header that does not say it readably is refused; so are the two where they differ, because a proxy passes on the one
 * that it does not write. `trustedProxies` as in `trustedRanges`.
 */
export function createClientAddresses(trustedProxies: readonly string[]): FindClientAddress {
  const ranges = trustedProxies.flatMap((entry) => trustedRanges(entry) ?? []);
  const isTrusted = (address: Address): boolean => ranges.some((range: AddressRange) => isWithin(address, range));
  // Once per connection, which has many requests.
  const peers = new WeakMap<Socket, Peer>();

  const peerOf = (socket: Socket): Peer => {
    const known = peers.get(socket);
    if (known !== undefined) return known;
    const address = readAddress(socket.remoteAddress ?? "");
    const peer: Peer =
      address === undefined ? NOBODY : { ip: addressText(address), trusted: ranges.length > 0 && isTrusted(address) };
    if (address !== undefined) peers.set(socket, peer);
    return peer;
  };

  // The first from the right that is no trusted proxy; the last one where all are. `undefined`: it cannot be told.
  const clientIn = (nodes: Iterable<string>): string | undefined => {
    let last: string | undefined;
    let passed = 0;
    for (const node of nodes) {
      const address = readNode(node);
      if (address === undefined || ++passed > MAX_PROXIES) return undefined;
      last = addressText(address);
      if (!isTrusted(address)) return last;
    }
    return last;
  };

  const readHeaders = (standard: string | undefined, listed: string | undefined): string | undefined => {
    const said = standard === undefined ? undefined : clientIn(forwardedNodes(standard) ?? UNKNOWN);
    const alsoSaid = listed === undefined ? undefined : clientIn(listedNodes(listed));
    const differ = standard !== undefined && listed !== undefined && said !== alsoSaid;
    return differ ? undefined : (said ?? alsoSaid);
  };

  // The same clients come again and again, and reading is slow beside looking up.
  const known = new Map<string, string | undefined>();
  const clientOf = (standard: string | undefined, listed: string | undefined): string | undefined => {
    const chars = (standard?.length ?? 0) + (listed?.length ?? 0);
    if (chars > MAX_CHARS) return undefined;
    if (chars > MAX_KNOWN_CHARS) return readHeaders(standard, listed);
    const key = `${standard === undefined ? "" : `=${standard}`}\n${listed === undefined ? "" : `=${listed}`}`;
    if (known.has(key)) return known.get(key);
    const ip = readHeaders(standard, listed);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, ip);
    return ip;
  };

  return (incoming) => {
    const { socket, headers } = incoming;
    const peer = peerOf(socket);
    const forwarded = headers.authorization === undefined && isForwarded(incoming);
    if (!peer.trusted) return { ok: true, ip: peer.ip, forwarded };
    const { forwarded: standard, "x-forwarded-for": common } = headers;
    // Two lines of it are one list: RFC 9110 §5.3. Node has joined them in their order.
    const listed = typeof common === "string" ? common : common?.join(",");
    const ip = standard === undefined && listed === undefined ? peer.ip : clientOf(standard, listed);
    return ip === undefined ? refuse("FORWARDED_INVALID") : { ok: true, ip, forwarded };
  };
}

interface Peer {
  readonly ip: string;
  readonly trusted: boolean;
}

const NOBODY: Peer = { ip: "", trusted: false };

const UNKNOWN = ["unknown"];

import { notPublic, readAddress } from "../../http/addresses/address-class.ts";
import { isLoopbackHost } from "../schema/schema-parts.ts";
import type { ServerConfig } from "../schema/server.ts";

/** Why, as a half sentence, and what to do about it. */
export interface NoClientAddress {
  readonly why: string;
  readonly hint: string;
}

/**
 * Why the gateway cannot tell clients' addresses; `undefined` where it can. It cannot where there is a proxy that nobody
 * has named: then every client has the proxy's address.
 */
export function whyNoClientAddress(
  server: Pick<ServerConfig, "host" | "publicUrl" | "trustedProxies">,
): NoClientAddress | undefined {
  const { host, publicUrl, trustedProxies } = server;
  if (trustedProxies !== undefined && trustedProxies.length > 0) return undefined;
  // The gateway itself speaks no TLS, so that somebody else does.
  if (publicUrl?.startsWith("https:")) {
    return { why: "public_url has https, so TLS ends at a proxy in front", hint: `${NAME_THEM}.` };
  }
  if (trustedProxies !== undefined || isPublicHost(host)) return undefined;
  const why = `the gateway listens on ${host}, and nobody has said whether there is one in front`;
  return { why, hint: `${NAME_THEM}, or write trusted_proxies: [] where clients connect directly.` };
}

const NAME_THEM = "Name the proxies in server.trusted_proxies";

function isPublicHost(host: string): boolean {
  const address = readAddress(host);
  return address !== undefined && !isLoopbackHost(host) && notPublic(address) === undefined;
}

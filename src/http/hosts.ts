import { type Refusal, refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";

/** Which `Host` and `Origin` headers are served: the defence against DNS rebinding and foreign pages. */
export interface HostPolicy {
  /** `allowed`: the origins of the place that is asked, instead of `allowedOrigins`. @throws never */
  check(host: string | undefined, origin: string | undefined, allowed?: ReadonlySet<string>): Refusal | undefined;
}

export interface HostPolicyOptions {
  readonly publicUrl: string;
  readonly listen: () => { readonly host: string; readonly port: number };
  readonly allowedHosts: readonly string[];
  readonly allowedOrigins: readonly string[];
}

/**
 * Allows the public URL's host, the address listened on, the loopback names with that port while listening on loopback,
 * and what the operator added. 2026-07-28 transports/streamable-http, "Security & Endpoint". The first few names that are
 * refused are logged, once each: they are what an operator behind a proxy forgot. @throws TypeError on a public URL that
 * is none
 */
export function createHostPolicy(options: HostPolicyOptions, log: Log): HostPolicy {
  const publicUrl = new URL(options.publicUrl);
  const everywhere: ReadonlySet<string> = new Set(options.allowedOrigins.map(normalOrigin));
  const fixed = new Set([
    publicUrl.host,
    withPort(publicUrl),
    ...options.allowedHosts.map((host) => host.toLowerCase()),
  ]);
  let local: { readonly port: number; readonly hosts: ReadonlySet<string>; readonly origins: ReadonlySet<string> };

  // Recomputed only when the port changes, which it does once: from 0 to what the system gave.
  const localNames = () => {
    const { host, port } = options.listen();
    if (local?.port !== port) {
      const hosts = addressNames(host).flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
      local = { port, hosts: new Set(hosts), origins: new Set(hosts.map((name) => `http://${name}`)) };
    }
    return local;
  };

  const reported = new Set<string>();
  const report = (name: string) => {
    if (reported.size >= MAX_REPORTED || reported.has(name)) return;
    reported.add(name);
    log.info({ host: name }, "Requests name a host that is not served; if it is yours, add it to server.allowed_hosts");
  };

  return {
    check(host, origin, allowed = everywhere) {
      const name = host?.toLowerCase();
      if (name === undefined || !(fixed.has(name) || localNames().hosts.has(name))) {
        report((name ?? "").slice(0, 253));
        return refuse("HOST_NOT_ALLOWED");
      }
      if (origin === undefined || origin === publicUrl.origin || allowed.has(origin)) return undefined;
      if (localNames().origins.has(origin)) return undefined;
      return refuse("ORIGIN_NOT_ALLOWED");
    },
  };
}

/** Strangers can name any number of hosts. */
const MAX_REPORTED = 20;

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

function addressNames(host: string): readonly string[] {
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host.toLowerCase();
  const loopback = LOOPBACK.includes(name) || name.startsWith("127.");
  return loopback ? [...new Set([name, ...LOOPBACK])] : [name];
}

function withPort(url: URL): string {
  if (url.port !== "") return url.host;
  return `${url.hostname}:${url.protocol === "https:" ? 443 : 80}`;
}

// "https://app.example/" and "https://app.example:443" are the origin that a browser writes "https://app.example".
function normalOrigin(text: string): string {
  return URL.canParse(text) ? new URL(text).origin : text;
}

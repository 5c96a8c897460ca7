import { z } from "zod";
import { JSON_LIMITS } from "../../core/limits.ts";
import { trustedRanges } from "../../http/addresses/trusted-proxies.ts";
import { origin, parseUrl, text, withoutTrailingSlash } from "./schema-parts.ts";
import { duration, size } from "./units.ts";

const publicUrl = z
  .string()
  .refine(
    (value) => {
      const url = parseUrl(value);
      return url !== undefined && /^https?:$/.test(url.protocol) && url.username + url.search + url.hash === "";
    },
    { error: "Write the http:// or https:// URL that clients use, without user, query and fragment." },
  )
  .transform(withoutTrailingSlash);

/** `server:`, where and how the gateway listens. */
export const serverSchema = z
  .strictObject({
    host: text.default("127.0.0.1").describe("Address to listen on. 0.0.0.0 or :: for every interface."),
    port: z.int().min(0).max(65_535).default(3000).describe("Port to listen on; 0 picks a free one."),
    public_url: publicUrl
      .optional()
      .describe("The URL under which clients reach the gateway, without /mcp. Default: http://<host>:<port>."),
    allowed_origins: z
      .array(origin)
      .default([])
      .describe("Origins of web pages that may call the gateway. Requests without an Origin header need no entry."),
    allowed_hosts: z
      .array(text)
      .default([])
      .describe("Host headers to accept besides that of public_url, as host or host:port."),
    trusted_proxies: z
      .array(
        z.string().refine((entry) => trustedRanges(entry) !== undefined, {
          error:
            "Write an address, a range such as 10.1.0.0/16 (of IPv4 no wider than /8, of IPv6 than /7), loopback or private.",
        }),
      )
      .optional()
      .describe(
        "Proxies in front whose Forwarded or X-Forwarded-For is believed: addresses, ranges, loopback, private. " +
          "An empty list says that there is none and clients connect directly.",
      ),
    body_limit: size({ min: "1KB", max: "64MB" }).prefault("4MB").describe("Largest request body."),
    json_values: z
      .int()
      .min(1_000)
      .max(10_000_000)
      .default(JSON_LIMITS.maxCount)
      .describe("Most values and names of members in one JSON message, of a client or of a server behind the gateway."),
    session_idle: duration({ min: "1m", max: "30d" })
      .prefault("30m")
      .describe("A session of a 2025-era client that is unused for so long is closed."),
    hold: duration({ min: "0s", max: "10m" })
      .prefault("45s")
      .describe("How long a call that waits for a decision is held open for clients that cannot poll."),
    timeouts: z
      .strictObject({
        request: duration({ min: "100ms", max: "1h" })
          .optional()
          .describe(
            "The longest that any server may take to answer one request, whatever its own timeout. timeout of an endpoint stands for it there. " +
              "Default: what the upstream allows.",
          ),
      })
      .prefault({})
      .describe("Deadlines of every endpoint."),
    log: z
      .strictObject({
        level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("Least severe lines to log."),
        format: z
          .enum(["auto", "json", "pretty"])
          .default("auto")
          .describe("auto: pretty on a terminal, JSON lines otherwise."),
      })
      .prefault({})
      .describe("Logging."),
  })
  .transform((server) => ({
    host: server.host,
    port: server.port,
    /** `undefined`: derive it from the address that was bound, with `publicUrlOf`. */
    publicUrl: server.public_url,
    allowedOrigins: server.allowed_origins,
    allowedHosts: server.allowed_hosts,
    /** `undefined`: nobody said whether there are any. */
    trustedProxies: server.trusted_proxies,
    bodyLimitBytes: server.body_limit,
    jsonValues: server.json_values,
    sessionIdleMs: server.session_idle,
    holdMs: server.hold,
    requestTimeoutMs: server.timeouts.request,
    log: server.log,
  }));

/** The gateway's public URL: the configured one, else one made of the host and the port that was bound. */
export function publicUrlOf(server: ServerConfig, boundPort: number): string {
  if (server.publicUrl !== undefined) return server.publicUrl;
  // A wildcard address is no host that a client could use.
  const host = server.host === "0.0.0.0" || server.host === "::" ? "127.0.0.1" : server.host;
  return `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${boundPort}`;
}

export type ServerConfig = z.output<typeof serverSchema>;

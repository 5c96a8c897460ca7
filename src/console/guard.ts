import type { Context, MiddlewareHandler } from "hono";
import type { ErrorCode } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import { personKey } from "../core/principal.ts";
import type { Refusals } from "../core/refusals.ts";
import type { Arrive } from "../http/arrivals.ts";
import { carriesToken } from "../http/browser-session.ts";
import { heldFor } from "../http/held.ts";
import { createHostPolicy, type HostPolicyOptions } from "../http/hosts.ts";
import { recordArrival } from "../identity/refused-arrival.ts";
import { operatorOf } from "../operations/access.ts";
import { type Area, mayEnter } from "./area.ts";
import type { AssetUrls } from "./assets.ts";
import type { ConsoleEnv } from "./console-env.ts";
import { refusedPage, unreadForm } from "./plain-pages.tsx";
import { readForm } from "./read-form.ts";
import type { ConsoleSessions } from "./sign-in/sessions.ts";

/**
 * Everything comes from this gateway: scripts and styles from files of its own, forms and requests to itself. Nothing is
 * written into a page that a browser would run, and no other page may frame one.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** What every answer carries. `same-origin`: the gateway's own forms still say where they come from, and nobody else learns a link. */
const HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Before anything is looked at: where the request went and where it came from. Puts what every page needs into place. */
export function guardRequests(deps: {
  readonly arrive: Arrive;
  readonly hosts: HostPolicyOptions;
  readonly assets: AssetUrls;
  /** Hears of what is refused. */
  readonly refusals: Refusals;
  readonly now: () => number;
  readonly log: Log;
}): MiddlewareHandler<ConsoleEnv> {
  // What lets web pages call tools does not let them press buttons here.
  const hosts = createHostPolicy({ ...deps.hosts, allowedOrigins: [] }, deps.log);
  const home = new URL(deps.hosts.publicUrl);
  return async (c, next) => {
    c.set("assets", deps.assets);
    c.set("at", deps.now());
    const { host, origin } = c.env.incoming.headers;
    const changes = c.req.method !== "GET" && c.req.method !== "HEAD";
    const arrived = deps.arrive(c.env.incoming);
    c.set("ip", arrived.ok ? arrived.from.ip : "");
    const record = (code: ErrorCode): void =>
      recordArrival(deps.refusals, { at: "console", incoming: c.env.incoming, came: arrived, code });
    if (!arrived.ok) {
      record(arrived.code);
      c.res = await refusedPage(c, "head");
    } else if (hosts.check(host, undefined) !== undefined) {
      record("HOST_NOT_ALLOWED");
      c.res = await refusedPage(c, "host");
    } else if (changes && origin !== home.origin) {
      record("ORIGIN_NOT_ALLOWED");
      c.res = await refusedPage(c, "origin");
    }
    // One origin only, so that cookies, sign-ins and forms all belong to it.
    else if (!changes && host !== home.host) c.res = c.redirect(`${home.origin}${pathOf(c.req.url)}`);
    else await next();
    for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
    if (!c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
  };
}

/** From here on somebody is signed in; who is not goes to the sign-in and comes back afterwards. */
export function guardSessions(deps: {
  readonly sessions: ConsoleSessions;
  readonly refusals: Refusals;
  readonly adminRoles: readonly string[];
  readonly areas: readonly Area[];
}): MiddlewareHandler<ConsoleEnv> {
  return async (c, next) => {
    // A page that is merely open looks by itself: that keeps nobody signed in.
    const quietly = c.req.method === "GET" && c.req.header("x-portcullis-refresh") !== undefined;
    const session = await deps.sessions.find(c.env.incoming, quietly);
    if (session === undefined) {
      // A script's request for a part of a page must not put the sign-in into that part.
      if (quietly) return c.body(null, 401);
      const to = c.req.method === "GET" ? `?to=${encodeURIComponent(pathOf(c.req.url))}` : "";
      return c.redirect(`/console/sign-in${to}`, 303);
    }
    const { principal, csrfToken } = session;
    heldFor(c.env.incoming, personKey(principal));
    const operator = operatorOf(principal, deps.adminRoles, { kind: "session" });
    c.set("operator", operator);
    c.set("csrfToken", csrfToken);
    c.set(
      "areas",
      deps.areas.filter((area) => mayEnter(area, operator)),
    );
    if (c.req.method === "GET" || c.req.method === "HEAD") return next();
    const read = await readForm(c.env.incoming);
    if (read?.ok !== true) return unreadForm(c, read);
    if (!carriesToken(read.form.text("csrf_token"), session)) {
      recordRefusedPage(deps.refusals, c, "CSRF_TOKEN_INVALID");
      return refusedPage(c, "token");
    }
    c.set("form", read.form);
    return next();
  };
}

/** Puts on record what somebody may not do who is signed in. */
export function recordRefusedPage(refusals: Refusals, c: Context<ConsoleEnv>, code: ErrorCode): void {
  const { principal } = c.get("operator");
  refusals.refused({ code, at: "console", ip: c.get("ip"), claim: () => ({ kind: "cookie" }), principal });
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}

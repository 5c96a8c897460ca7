import type { IncomingMessage } from "node:http";
import { type Context, Hono } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { Log } from "../../core/log.ts";
import type { StepUpFailure } from "../../core/step-up.ts";
import type { Arrive } from "../../http/arrivals.ts";
import type { Attempts } from "../../http/attempts.ts";
import { createHostPolicy, type HostPolicyOptions } from "../../http/hosts.ts";
import type { StepUpService } from "../create-step-up.ts";
import { beginCallback, isGuess } from "../provider/callback-attempts.ts";
import type { StepUpFlow } from "../provider/step-up-flow.ts";
import { CONTENT_SECURITY_POLICY, confirmationPage, leavePage, textPage } from "./html.ts";
import { DONE_TEXT, FAILURE_TEXTS, FAULT_TEXT, HEAD_TEXT, HELD_TEXT, UNREACHABLE_RETRY_S } from "./texts.ts";

export interface StepUpPagesDeps {
  readonly stepUp: StepUpService;
  readonly arrive: Arrive;
  readonly attempts: Attempts;
  /** As the MCP endpoint has them; `publicUrl` is that of `createStepUp`. */
  readonly hosts: HostPolicyOptions;
  /** Issuer of the provider, to tell people where they sign in. */
  readonly issuer: string | undefined;
  readonly now: () => number;
  readonly log: Log;
}

/** What its requests come with; they are served by `@hono/node-server`. */
export interface StepUpEnv {
  readonly Bindings: { readonly incoming: IncomingMessage };
  readonly Variables: {
    /** Where the request comes from; see `ClientAddress`. */
    ip: string;
  };
}

const ID = /^[A-Za-z0-9_-]{22}$/;

/** The answer of the identity provider is a code, a state and an issuer: what is longer is none. */
const MAX_QUERY = 8_192;

/**
 * The pages of a step-up, to be mounted at the root: `GET /step-up/:id` shows which call wants it, `POST
 * /step-up/:id/start` leads to the identity provider, `GET /oauth/callback` is where it sends people back. They hold no
 * credential and let nobody in: who opens them is found out by signing in.
 */
export function createStepUpPages(deps: StepUpPagesDeps): Hono<StepUpEnv> {
  const { stepUp, attempts, now, log } = deps;
  const { publicUrl } = deps.hosts;
  const { origin, protocol } = new URL(publicUrl);
  const hosts = createHostPolicy({ ...deps.hosts, allowedOrigins: [] }, deps.log);
  const provider = deps.issuer === undefined ? "" : new URL(deps.issuer).host;
  const app = new Hono<StepUpEnv>();

  for (const path of ["/step-up/*", "/oauth/callback"]) {
    app.use(path, async (c, next) => {
      const arrived = deps.arrive(c.env.incoming);
      if (arrived.ok) c.set("ip", arrived.from.ip);
      if (!arrived.ok) c.res = await c.html(textPage(HEAD_TEXT), HEAD_TEXT.status);
      else if (hosts.check(c.req.header("host"), undefined) === undefined) await next();
      else c.res = await fail(c, "foreign_page");
      for (const [name, value] of Object.entries(HEADERS)) c.res.headers.set(name, value);
    });
  }

  // Looks, and begins nothing: mail scanners and previews follow links, too.
  app.get("/step-up/:id", async (c) => {
    const shown = await find(c);
    if (!shown.ok) return fail(c, shown.reason);
    const { challenge } = shown;
    const leftMs = challenge.expiresAt - now();
    return c.html(confirmationPage(challenge, `${publicUrl}/step-up/${challenge.id}/start`, provider, leftMs));
  });

  app.post("/step-up/:id/start", async (c) => {
    // Browsers tell it with every form. What allows web clients to call tools does not allow them to begin sign-ins.
    if (c.req.header("origin") !== origin) return fail(c, "foreign_page");
    const stepUpFlow = flowFor(c);
    if (stepUpFlow === undefined) return fail(c, "unknown");
    const started = await stepUpFlow.start(c.req.param("id"));
    if (!started.ok) return fail(c, started.reason);
    const { name, value, maxAgeMs } = started.cookie;
    setCookie(c, name, value, { ...cookieOptions(protocol), maxAge: Math.ceil(maxAgeMs / 1000) });
    return c.html(leavePage(started.location, provider));
  });

  app.get("/oauth/callback", async (c) => {
    const { search, searchParams } = new URL(c.req.url);
    if (stepUp.stepUpFlow === undefined || search.length > MAX_QUERY) return fail(c, "foreign_state");
    const attempt = beginCallback(attempts, c.get("ip"), searchParams);
    if (!attempt.ok) {
      c.header("Retry-After", String(attempt.retryAfterS));
      return c.html(textPage(HELD_TEXT), HELD_TEXT.status);
    }
    const finished = await stepUp.stepUpFlow.finish(searchParams, (name) => getCookie(c, name));
    attempt.end(!finished.ok && isGuess(finished.reason));
    if (finished.cookie !== undefined) deleteCookie(c, finished.cookie, cookieOptions(protocol));
    if (finished.ok) return c.html(textPage(DONE_TEXT));
    const { reason, challenge } = finished;
    // Whoever was led to a wrong provider is not sent there again.
    const open = challenge?.state === "open" && challenge.expiresAt > now() && reason !== "mixed_up_issuer";
    return fail(c, reason, open ? `${publicUrl}/step-up/${challenge.id}` : undefined);
  });

  app.onError((err, c) => {
    log.error({ err, method: c.req.method }, "A step-up page failed");
    return c.html(textPage(FAULT_TEXT), FAULT_TEXT.status);
  });

  function flowFor(c: Context): StepUpFlow | undefined {
    return ID.test(c.req.param("id") ?? "") ? stepUp.stepUpFlow : undefined;
  }

  async function find(c: Context) {
    const stepUpFlow = flowFor(c);
    return stepUpFlow === undefined
      ? { ok: false as const, reason: "unknown" as const }
      : stepUpFlow.show(c.req.param("id") ?? "");
  }

  return app;
}

/** `same-origin`: the gateway's own form still says where it comes from, and the identity provider learns no link. */
const HEADERS = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "Cross-Origin-Opener-Policy": "same-origin",
  "Referrer-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
} as const;

function fail(c: Context, reason: StepUpFailure, again?: string): Response | Promise<Response> {
  const text = FAILURE_TEXTS[reason];
  if (reason === "provider_unreachable") c.header("Retry-After", String(UNREACHABLE_RETRY_S));
  return c.html(textPage(text, again), text.status);
}

/** `Lax`: the way back from the identity provider is a link from another site. RFC 6265bis §5.2 */
function cookieOptions(protocol: string) {
  return { path: "/", httpOnly: true, sameSite: "Lax", secure: protocol === "https:" } as const;
}

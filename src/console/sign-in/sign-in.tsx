import { type Context, Hono } from "hono";
import type { Log } from "../../core/log.ts";
import type { Attempts } from "../../http/attempts.ts";
import type { ApiKeyLookup } from "../../identity/api-keys.ts";
import type { ConsoleEnv } from "../console-env.ts";
import { ownPath } from "../own-path.ts";
import { unreadForm } from "../plain-pages.tsx";
import { readForm } from "../read-form.ts";
import { setSessionCookie } from "./session-cookie.ts";
import type { ConsoleSessions } from "./sessions.ts";
import { type SignInProblem, signInPage } from "./sign-in-page.tsx";
import type { SignInRecord } from "./sign-in-record.ts";

export interface SignInDeps {
  readonly sessions: ConsoleSessions;
  /** `undefined`: no key of the configuration belongs to a person. */
  readonly keyOwner: ApiKeyLookup | undefined;
  /** Host of the identity provider; `undefined`: nobody can sign in there. */
  readonly provider: string | undefined;
  readonly attempts: Attempts;
  readonly record: SignInRecord;
  /** Whether the public URL has https. */
  readonly secure: boolean;
  readonly log: Log;
}

/** Signing in and out: `GET` and `POST /console/sign-in`, `POST /console/sign-out`. */
export function createSignIn(deps: SignInDeps): Hono<ConsoleEnv> {
  const { sessions, keyOwner, provider, attempts, record, secure, log } = deps;
  const app = new Hono<ConsoleEnv>();
  const show = (c: Context<ConsoleEnv>, to: string, problem?: SignInProblem) =>
    signInPage(c, { to, provider, withKey: keyOwner !== undefined, problem, signedOut: c.req.query("out") === "1" });

  app.get("/console/sign-in", async (c) => {
    const to = ownPath(c.req.query("to"));
    const session = await sessions.find(c.env.incoming);
    return session === undefined ? show(c, to) : c.redirect(to, 303);
  });

  // There is no session yet whose token the form could carry: that it comes from our own page, its Origin says.
  app.post("/console/sign-in", async (c) => {
    const read = await readForm(c.env.incoming);
    if (read?.ok !== true) return unreadForm(c, read);
    const to = ownPath(read.form.text("to"));
    const key = read.form.text("key").trim();
    const attempt = attempts.begin({ ip: c.get("ip"), credential: key, at: "/console/sign-in" });
    if (!attempt.ok) {
      record.refused(c, "too_many", "key");
      c.header("Retry-After", String(attempt.retryAfterS));
      return show(c, to, "too_many");
    }
    const principal = keyOwner?.(key);
    attempt.end(principal === undefined);
    if (principal?.kind !== "person") {
      const problem = principal === undefined ? "unknown_key" : "machine";
      log.debug({ problem }, "A sign-in to the console was refused");
      record.refused(c, problem, "key");
      return show(c, to, problem);
    }
    const cookie = await sessions.begin(principal, c.env.incoming);
    record.signedIn(c, principal, cookie);
    setSessionCookie(c, cookie, secure);
    log.info({ issuer: principal.issuer, subject: principal.subject }, "Somebody signed in to the console");
    return c.redirect(to, 303);
  });

  return app;
}

/** Signing out. Mounted behind the session, whose token its form carries. */
export function createSignOut({
  sessions,
  record,
  secure,
}: Pick<SignInDeps, "sessions" | "record" | "secure">): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>();
  app.post("/console/sign-out", async (c) => {
    const cookie = await sessions.end(c.env.incoming);
    record.signedOut(c, cookie);
    setSessionCookie(c, cookie, secure);
    return c.redirect("/console/sign-in?out=1", 303);
  });
  return app;
}

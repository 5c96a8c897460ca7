import { type Context, Hono, type MiddlewareHandler } from "hono";
import { getCookie } from "hono/cookie";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Log } from "../../core/log.ts";
import type { Attempts } from "../../http/attempts.ts";
import { UNREACHABLE_RETRY_S } from "../../step-up/pages/texts.ts";
import { beginCallback, isGuess } from "../../step-up/provider/callback-attempts.ts";
import type { SignInFailure, SignInFlow } from "../../step-up/provider/sign-in-flow.ts";
import type { ConsoleEnv } from "../console-env.ts";
import { plainPage } from "../layout.tsx";
import { ownPath } from "../own-path.ts";
import { unreadForm } from "../plain-pages.tsx";
import { readForm } from "../read-form.ts";
import { setSessionCookie } from "./session-cookie.ts";
import type { ConsoleSessions } from "./sessions.ts";
import type { SignInRecord } from "./sign-in-record.ts";

export interface ProviderSignInDeps {
  readonly flow: SignInFlow;
  readonly sessions: ConsoleSessions;
  /** Host of the identity provider, as people know it. */
  readonly provider: string;
  readonly attempts: Attempts;
  readonly record: SignInRecord;
  readonly secure: boolean;
  /** What every answer of the console goes through. */
  readonly guard: MiddlewareHandler<ConsoleEnv>;
  readonly log: Log;
}

/**
 * The sign-in at the identity provider: `POST /console/sign-in/start` leads there, `GET /oauth/callback` is the way back.
 * Of the callback it takes only what the browser began here; everything else is passed on.
 */
export function createProviderSignIn(deps: ProviderSignInDeps): Hono<ConsoleEnv> {
  const { flow, sessions, provider, attempts, record, secure, guard, log } = deps;
  const app = new Hono<ConsoleEnv>();

  app.post("/console/sign-in/start", async (c) => {
    const read = await readForm(c.env.incoming);
    if (read?.ok !== true) return unreadForm(c, read);
    const started = await flow.start(ownPath(read.form.text("to")));
    if (!started.ok) return failedPage(c, started.reason);
    setSessionCookie(c, started.cookie, secure);
    return leavePage(c, started.location, provider);
  });

  app.use("/oauth/callback", (c, next) => (isOurs(c) ? guard(c, next) : next()));
  app.get("/oauth/callback", async (c, next) => {
    if (!isOurs(c)) return next();
    const answer = answerIn(c);
    const attempt = beginCallback(attempts, c.get("ip"), answer);
    if (!attempt.ok) {
      record.refused(c, "too_many", "other");
      c.header("Retry-After", String(attempt.retryAfterS));
      return failurePage(c, TOO_MANY);
    }
    const finished = await flow.finish(answer, (name) => getCookie(c, name));
    attempt.end(!finished.ok && isGuess(finished.reason));
    setSessionCookie(c, { name: finished.cookie, value: "", maxAgeMs: 0 }, secure);
    if (!finished.ok) {
      log.info({ reason: finished.reason }, "A sign-in to the console was refused");
      record.refused(c, finished.reason, "other");
      return failedPage(c, finished.reason);
    }
    const { principal, held, to } = finished;
    const cookie = await sessions.begin(principal, c.env.incoming, held);
    record.signedIn(c, principal, cookie);
    setSessionCookie(c, cookie, secure);
    log.info({ issuer: principal.issuer, subject: principal.subject }, "Somebody signed in to the console");
    return c.redirect(ownPath(to), 303);
  });

  function isOurs(c: Context<ConsoleEnv>): boolean {
    const answer = answerIn(c);
    return answer.toString().length <= MAX_QUERY && flow.owns(answer, (name) => getCookie(c, name));
  }

  return app;
}

/** A code, a state and an issuer: what is longer is no answer of an identity provider. */
const MAX_QUERY = 8_192;

function answerIn(c: Context<ConsoleEnv>): URLSearchParams {
  return new URL(c.req.url).searchParams;
}

/**
 * A page that leads on by itself, and no redirect: browsers hold `form-action` against redirects after a form too, and
 * the address of the provider is not known before its metadata are.
 */
function leavePage(c: Context<ConsoleEnv>, location: string, provider: string): Response | Promise<Response> {
  return plainPage(
    c,
    { title: "On to the sign-in", leadsTo: location },
    <>
      <p>You are being taken to {provider}.</p>
      <a class="button main" href={location} rel="noreferrer">
        Go on
      </a>
    </>,
  );
}

interface FailureText {
  readonly status: ContentfulStatusCode;
  readonly title: string;
  readonly text: string;
}

const REFUSED: FailureText = {
  status: 502,
  title: "The sign-in did not work",
  text: "The identity provider refused, or its answer is not valid. The gateway's log says why.",
};

const STALE: FailureText = {
  status: 400,
  title: "This sign-in is out of date",
  text: "It began too long ago, in another window, or was used already.",
};

const TOO_MANY: FailureText = {
  status: 429,
  title: "Too many answers like this one",
  text: "They were refused, and this one was not looked at. Wait a minute, then begin again.",
};

const TEXTS: Readonly<Partial<Record<SignInFailure, FailureText>>> = {
  expired: STALE,
  foreign_state: STALE,
  mixed_up_issuer: {
    status: 400,
    title: "The answer came from the wrong place",
    text: "Another identity provider answered than the one that was asked. Tell whoever runs this gateway.",
  },
  cancelled: { status: 403, title: "You cancelled the sign-in", text: "Nobody was signed in." },
  machine: {
    status: 403,
    title: "This account belongs to a machine",
    text: "Only people use the console. Sign in there with an account of your own.",
  },
  provider_unreachable: {
    status: 503,
    title: "The identity provider does not answer",
    text: "Nobody can sign in there right now. Try again in a moment.",
  },
};

function failedPage(c: Context<ConsoleEnv>, reason: SignInFailure): Response | Promise<Response> {
  if (reason === "provider_unreachable") c.header("Retry-After", String(UNREACHABLE_RETRY_S));
  return failurePage(c, TEXTS[reason] ?? REFUSED);
}

function failurePage(c: Context<ConsoleEnv>, { title, text, status }: FailureText): Response | Promise<Response> {
  return plainPage(
    c,
    { title, status },
    <>
      <p>{text}</p>
      <p>
        <a class="button main" href="/console/sign-in">
          Try again
        </a>
      </p>
    </>,
  );
}

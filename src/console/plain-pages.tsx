import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Refusal } from "../core/errors.ts";
import type { ConsoleEnv } from "./console-env.ts";
import { page, plainPage } from "./layout.tsx";

interface PlainText {
  readonly status: ContentfulStatusCode;
  readonly title: string;
  readonly text: string;
  /** What to do now. */
  readonly next: string;
}

const TEXTS = {
  head: {
    status: 400,
    title: "This request cannot be believed",
    text: "It says twice what may be said once, or a proxy does not say readably for whom it asks. Nothing was changed.",
    next: "Whoever runs the proxy in front of this gateway looks at the headers that it sends.",
  },
  host: {
    status: 403,
    title: "Not under this name",
    text: "The gateway does not serve its console under the name in the address.",
    next: "Use the address that the gateway printed when it started, or add the name to server.allowed_hosts.",
  },
  origin: {
    status: 403,
    title: "This button was pressed elsewhere",
    text: "Only the gateway's own pages may change something here. Nothing was changed.",
    next: "Open the console and do it there. If another site brought you here, close this page.",
  },
  form: {
    status: 400,
    title: "This form cannot be read",
    text: "It is too large, or not a form of the console. Nothing was changed.",
    next: "Go back, load the page again and repeat it.",
  },
  busy: {
    status: 503,
    title: "Too much arrives at once",
    text: "There is no room to read this form right now. Nothing was changed.",
    next: "Go back and repeat it in a moment.",
  },
  token: {
    status: 403,
    title: "This page was out of date",
    text: "The form belongs to an earlier sign-in. Nothing was changed.",
    next: "Go back, load the page again and repeat it.",
  },
  admin: {
    status: 403,
    title: "For administrators",
    text: "Only people with one of the roles in auth.admin.roles see this page.",
    next: "If that should be you, ask whoever runs this gateway, then sign in again.",
  },
  missing: {
    status: 404,
    title: "There is nothing here",
    text: "The address is wrong, or what it leads to is not for you to see.",
    next: "Start again from the console.",
  },
  store: {
    status: 503,
    title: "The store does not answer",
    text: "The gateway cannot read or write its store right now. Its log says why.",
    next: "Try again in a moment. If it stays so, tell whoever runs this gateway.",
  },
  fault: {
    status: 500,
    title: "The gateway failed",
    text: "It could not do this right now. Its log says why.",
    next: "Try again in a moment. If it stays so, tell whoever runs this gateway.",
  },
} as const satisfies Record<string, PlainText>;

/** A page for what is not done, or not there. None repeats what a request said. Whoever is signed in keeps the navigation. */
export function refusedPage(c: Context<ConsoleEnv>, why: keyof typeof TEXTS): Response | Promise<Response> {
  const { status, title, text, next } = TEXTS[why];
  const content = (
    <>
      <p>{text}</p>
      <p>{next}</p>
      <p>
        <a class="button plain" href="/console">
          Open the console
        </a>
      </p>
    </>
  );
  if (c.get("areas") === undefined) return plainPage(c, { title, status }, content);
  const [, , area] = c.req.path.split("/");
  return page(c, { title, status, ...(area === undefined ? {} : { area }) }, content);
}

/** The page of something that does not exist, or not for this operator: nobody learns which. */
export function missingPage(c: Context<ConsoleEnv>): Response | Promise<Response> {
  return refusedPage(c, "missing");
}

/** The page for a form that was not read, for whatever reason. */
export function unreadForm(c: Context<ConsoleEnv>, why: Refusal | undefined): Response | Promise<Response> {
  if (why?.code !== "TOO_MANY_OPEN") return refusedPage(c, "form");
  c.header("Retry-After", "1");
  return refusedPage(c, "busy");
}

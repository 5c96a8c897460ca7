import type { Context } from "hono";
import { html } from "hono/html";
import type { Child } from "hono/jsx";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { Banner, type BannerTone } from "./components/banner.tsx";
import { CsrfField } from "./components/csrf-field.tsx";
import { PersonLabel } from "./components/person-label.tsx";
import type { ConsoleEnv } from "./console-env.ts";
import type { Trouble } from "./navigation.ts";

/** What frames a page. */
export interface PageFrame {
  /** The heading, and the title of the window. */
  readonly title: string;
  /** `path` of the area that it belongs to, to mark it in the navigation. */
  readonly area?: string;
  /** How many wait for the operator here: shown beside the heading, and in the title of the window. None at 0. */
  readonly count?: number;
  /** One sentence below the heading: what this page is for. */
  readonly lead?: Child;
  /** What came of the last action. */
  readonly notice?: { readonly tone: BannerTone; readonly text: string };
  readonly status?: ContentfulStatusCode;
}

/** Answers with a whole page: navigation, heading, notice, and the content below. */
export function page(c: Context<ConsoleEnv>, frame: PageFrame, content: Child): Response | Promise<Response> {
  const { title, count = 0, lead, notice, status = 200 } = frame;
  const body = (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header c={c} area={frame.area} />
      <main id="main" tabindex={-1}>
        <div class="page-head">
          <h1>
            {title}
            {count > 0 ? <span class="count">{count}</span> : null}
          </h1>
          {lead === undefined ? null : <p class="lead">{lead}</p>}
        </div>
        <Troubles c={c} />
        {notice === undefined ? null : <Banner tone={notice.tone}>{notice.text}</Banner>}
        {content}
      </main>
    </>
  );
  const counted = count > 0 ? `(${count}) ${title}` : title;
  return c.html(document(c, (c.get("troubles")?.size ?? 0) > 0 ? `⚠ ${counted}` : counted, body), status);
}

/** A page before anybody is signed in: no navigation, one card. */
export function plainPage(
  c: Context<ConsoleEnv>,
  frame: {
    readonly title: string;
    readonly status?: ContentfulStatusCode;
    /** Where the browser is to go on by itself. */
    readonly leadsTo?: string;
  },
  content: Child,
): Response | Promise<Response> {
  const { title, status = 200, leadsTo } = frame;
  const body = (
    <main id="main" class="plain">
      <div class="card">
        <p class="brand">Portcullis</p>
        <h1>{title}</h1>
        {content}
      </div>
    </main>
  );
  return c.html(document(c, title, body, leadsTo), status);
}

function document(c: Context<ConsoleEnv>, title: string, body: Child, leadsTo?: string) {
  const assets = c.get("assets");
  return html`<!doctype html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {leadsTo === undefined ? null : <meta http-equiv="refresh" content={`0; url=${leadsTo}`} />}
        <title>{`${title} · Portcullis`}</title>
        <link rel="stylesheet" href={assets("console.css")} />
        <link rel="icon" href="data:," />
      </head>
      <body>{body}</body>
    </html>
  )}`;
}

function Waiting({ count }: { readonly count: number }) {
  if (count === 0) return null;
  return (
    <span class="waiting">
      {count}
      <span class="unseen"> waiting for you</span>
    </span>
  );
}

function TroubleMark({ trouble }: { readonly trouble: Trouble | undefined }) {
  if (trouble === undefined) return null;
  return (
    <span class="waiting wrong">
      <span aria-hidden="true">⚠ </span>
      {trouble.count}
      <span class="unseen"> {trouble.what}</span>
    </span>
  );
}

/** What must not wait until somebody opens its own page. There it stands with everything about it. */
function Troubles({ c }: { readonly c: Context<ConsoleEnv> }) {
  const elsewhere = [...(c.get("troubles") ?? [])].filter(([path]) => c.req.path !== `/console/${path}`);
  return (
    <>
      {elsewhere.map(([path, { banner }]) =>
        banner === undefined ? null : (
          <Banner tone="bad">
            {banner} <a href={`/console/${path}`}>See what is wrong</a>
          </Banner>
        ),
      )}
    </>
  );
}

function Header({ c, area }: { readonly c: Context<ConsoleEnv>; readonly area: string | undefined }) {
  const { principal } = c.get("operator");
  return (
    <header class="top">
      <a class="brand" href="/console">
        Portcullis
      </a>
      <nav aria-label="Console">
        <ul>
          {(c.get("areas") ?? []).map(({ path, title }) => (
            <li>
              <a href={`/console/${path}`} aria-current={path === area ? "page" : undefined}>
                {title}
                <Waiting count={c.get("waiting")?.get(path) ?? 0} />
                <TroubleMark trouble={c.get("troubles")?.get(path)} />
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="who">
        <a href="/console/you" aria-current={area === "you" ? "page" : undefined}>
          <PersonLabel person={principal} />
        </a>
        <form method="post" action="/console/sign-out">
          <CsrfField token={c.get("csrfToken")} />
          <button type="submit" class="quiet">
            Sign out
          </button>
        </form>
      </div>
    </header>
  );
}

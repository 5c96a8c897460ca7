import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { asReplacement, cut, escapeForDisplay } from "../../core/display.ts";
import { minutesText } from "../../core/duration.ts";
import { SUBJECT_KINDS, subjectTitle } from "../../core/subject.ts";
import type { ChallengeRecord } from "../../store/step-up/step-up.ts";
import type { PageText } from "./texts.ts";

type Html = ReturnType<typeof html>;

const STYLE = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--back:#f3f4f6;--line:#d8dde3;--go:#0b57d0;--on:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3abb5;--paper:#1c2128;--back:#12161b;--line:#363d47;--go:#8ab4f8;--on:#10203c}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:16px;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:100%;max-width:30rem;background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:24px}
.name{margin:0 0 16px;color:var(--soft);font-size:14px;letter-spacing:.02em}
h1{margin:0 0 8px;font-size:22px;line-height:1.25}
p{margin:0 0 12px}
dl{margin:16px 0;padding:12px 16px;border:1px solid var(--line);border-radius:8px;display:grid;grid-template-columns:auto 1fr;gap:4px 16px}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:14px;margin-bottom:0}
.go{display:block;width:100%;margin:16px 0;padding:12px 16px;border:0;border-radius:8px;background:var(--go);color:var(--on);font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer}
.go:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
`;

/**
 * No script, no picture, no frame, nothing from elsewhere. Forms go to this gateway only; browsers hold that against
 * redirects after a form too, which is why the way to the identity provider is a page of its own and no redirect.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Which call wants a sign-in, what else that would serve, and the button that begins it. */
export function confirmationPage(challenge: ChallengeRecord, action: string, provider: string, leftMs: number): Html {
  const about = aboutOf(challenge);
  return page(
    "Sign in to confirm a call",
    html`<p>An agent wants to make a call for you that needs a fresh sign-in.</p>
<dl>
<dt>${about.title}</dt><dd>${shown(about.path)}</dd>
<dt>Asked by</dt><dd>${shown(challenge.clientName)} (as it calls itself)</dd>
<dt>Sign in at</dt><dd>${shown(provider)}</dd>
<dt>Counts for</dt><dd>${use(challenge)}</dd>
<dt>Time left</dt><dd>${minutesText(leftMs)}</dd>
</dl>
<form method="post" action="${action}"><button class="go" type="submit">Sign in</button></form>
<p class="soft">Only go on if this is your agent and you expect this call. If somebody sent you this link, close this page.</p>`,
  );
}

/** Paths of tools are as they always were, others have their kind before them: names of upstreams hold no blank. */
function aboutOf({ tool: path }: Pick<ChallengeRecord, "tool">) {
  const kind = SUBJECT_KINDS.find((one) => one !== "tool" && path.startsWith(`${one} `)) ?? "tool";
  return { kind, title: subjectTitle(kind), path: kind === "tool" ? path : path.slice(kind.length + 1) };
}

function use(challenge: ChallengeRecord): string {
  const { per, ttlMs } = challenge;
  switch (per) {
    case "call":
      return "this one call";
    case "tool":
      return `calls of this ${aboutOf(challenge).kind}, for ${minutesText(ttlMs)}`;
    case "session":
      return `calls of this agent, for ${minutesText(ttlMs)}`;
    default:
      return per satisfies never;
  }
}

/** On the way to the identity provider. */
export function leavePage(location: string, provider: string): Html {
  return page(
    "On to the sign-in",
    html`<p>You are being taken to ${shown(provider)}.</p>
<a class="go" href="${location}" rel="noreferrer">Go on</a>`,
    html`<meta http-equiv="refresh" content="0; url=${location}">`,
  );
}

/** How it ended. `again`: where it can be tried again. */
export function textPage({ title, text, next }: PageText, again?: string): Html {
  const link = again === undefined ? "" : html`<a class="go" href="${again}">Try again</a>`;
  return page(title, html`<p>${text}</p><p>${next}</p>${link}`);
}

function page(title: string, content: Html, head: Html | string = ""): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
${head}
<style>${raw(STYLE)}</style>
</head>
<body><main><p class="name">Portcullis</p><h1>${title}</h1>${content}</main></body>
</html>`;
}

/** Names are others' to choose: nothing in them hides, turns round or fills the page. Escaping is `html`'s. */
function shown(text: string): string {
  return cut(escapeForDisplay(text, asReplacement), MAX_SHOWN);
}

const MAX_SHOWN = 120;

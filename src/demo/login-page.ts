import { createHash } from "node:crypto";
import { html, raw } from "hono/html";
import { asReplacement, cut, escapeForDisplay } from "../core/display.ts";
import type { WantedLogin } from "./login.ts";

type Html = ReturnType<typeof html>;

const STYLE = `:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--back:#f3f4f6;--line:#8a939d;--go:#7a3e00;--on:#fff;--loud:#ffd9a8;--loud-ink:#3d2300;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e8eaed;--soft:#a3abb5;--paper:#1c2128;--back:#12161b;--line:#6d7784;--go:#ffb86b;--on:#2b1800;--loud:#5a3500;--loud-ink:#ffe3c2;--bad:#ffb4ab}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
.loud{margin:0;padding:8px 16px;background:var(--loud);color:var(--loud-ink);font-weight:600;text-align:center}
main{width:calc(100% - 32px);max-width:26rem;margin:32px auto;background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:24px}
h1{margin:0 0 8px;font-size:22px;line-height:1.25}
p{margin:0 0 12px;overflow-wrap:anywhere}
label{display:block;font-weight:600}
input[type=text],input[type=password]{display:block;width:100%;min-height:44px;margin:4px 0 12px;padding:8px 12px;border:1px solid var(--line);border-radius:8px;background:var(--paper);color:inherit;font:inherit}
.tick{display:inline-flex;gap:8px;align-items:center;min-height:44px;font-weight:400}
.tick input{width:20px;height:20px;margin:0}
.maybe{display:none}
form:has(#with-code:checked) .maybe{display:block}
button{display:block;width:100%;min-height:44px;margin:12px 0 0;padding:8px 16px;border:1px solid var(--line);border-radius:8px;background:transparent;color:inherit;font:inherit;cursor:pointer}
button.go{border-color:var(--go);background:var(--go);color:var(--on);font-weight:600}
button:focus-visible,input:focus-visible{outline:3px solid var(--ink);outline-offset:2px}
.bad{color:var(--bad);font-weight:600}
.soft{margin:12px 0 0;color:var(--soft);font-size:14px}
`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/**
 * No script, no picture, no frame. Browsers hold `form-action` against redirects after a form too, so that a page with
 * one names where its answer leads in the end.
 */
export function contentSecurityPolicy(redirectUri?: string): string {
  const to = redirectUri === undefined ? "'none'" : `'self' ${sourceOf(redirectUri)}`;
  return `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action ${to}; base-uri 'none'; frame-ancestors 'none'`;
}

// The provider has checked it against what the client registered; agents have schemes of their own. A host may hold what
// ends a directive: then the way back stays shut.
function sourceOf(redirectUri: string): string {
  const { protocol, origin } = new URL(redirectUri);
  if (protocol !== "https:" && protocol !== "http:") return protocol;
  return /^https?:\/\/[\w.:[\]-]+$/.test(origin) ? origin : "";
}

/** The page to sign in at. `message`: what was wrong with the last try. */
export function loginPage(options: {
  readonly client: string;
  readonly wanted: WantedLogin;
  readonly user: string;
  readonly message?: string;
}): Html {
  const { client, wanted, user, message } = options;
  const code = html`<label for="code">One-time code</label>
<input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" maxlength="16">`;
  return page(
    "Sign in",
    html`<p>to use <strong>${shown(client)}</strong>${wanted.code ? ", with password and code" : ""}</p>
${message === undefined ? "" : html`<p class="bad" role="alert">${message}</p>`}
<form method="post">
<label for="user">User</label>
<input id="user" name="user" type="text" value="${shown(user)}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="64" required autofocus>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="64">
${
  wanted.code
    ? code
    : html`<label class="tick"><input id="with-code" name="with_code" type="checkbox" value="yes"> Also with a code</label>
<div class="maybe">${code}</div>`
}
<button class="go" type="submit" name="act" value="login">Sign in</button>
${wanted.code ? html`<button type="submit" name="act" value="no_code">I have no code</button>` : ""}
<button type="submit" name="act" value="cancel" formnovalidate>Cancel</button>
</form>
<p class="soft">Users are ann, carla and sam.</p>`,
  );
}

/** A page that only says something. */
export function wordsPage(title: string, text: string): Html {
  return page(title, html`<p>${shown(text)}</p>`);
}

function page(title: string, content: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}: demo identity provider</title>
<style>${raw(STYLE)}</style>
</head>
<body><p class="loud">Demo provider. Passwords are printed in the terminal. Never use this for real.</p>
<main><h1>${title}</h1>${content}</main></body>
</html>`;
}

/** Names of clients are theirs to choose: nothing in them hides or turns round. Escaping is `html`'s. */
function shown(text: string): string {
  return cut(escapeForDisplay(text, asReplacement), MAX_SHOWN);
}

const MAX_SHOWN = 200;

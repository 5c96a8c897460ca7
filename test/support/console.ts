import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import { API_KEY_PREFIX } from "../../src/identity/api-keys.ts";
import { startTestGateway, type TestGateway } from "./gateway.ts";
import { createUsers } from "./users.ts";

/**
 * Ann asks, Sam and Dana approve (role `finance-lead`), Cleo is a `cfo`, Carla administers (`platform-admin`), Eve has no
 * part in anything.
 */
export const consoleUsers = createUsers({
  ann: ["employee"],
  sam: ["employee", "finance-lead"],
  dana: ["employee", "finance-lead"],
  cleo: ["cfo"],
  carla: ["platform-admin"],
  eve: ["employee"],
});

export type ConsoleUser = "ann" | "sam" | "dana" | "cleo" | "carla" | "eve";

/** A key without a user. */
export const MACHINE_KEY = `${API_KEY_PREFIX}${"machine".padEnd(40, "0")}`;

/** What `startConsole` configures: `finance` is a flow of one voice of `finance-lead`. */
export const CONSOLE_CONFIG = {
  auth: {
    api_keys: [...consoleUsers.auth.api_keys, { name: "robot", hash: `sha256:${sha256(MACHINE_KEY)}` }],
    admin: { roles: ["platform-admin"] },
  },
  approval_flows: { finance: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
};

/** Starts a gateway with these people. `config` comes over `CONSOLE_CONFIG`, member by member. Ends with the test. */
export async function startConsole(
  config: object = {},
  policies: Readonly<Record<string, string>> = {},
  deps: Parameters<typeof startTestGateway>[2] = {},
): Promise<TestGateway> {
  const gateway = await startTestGateway({ ...CONSOLE_CONFIG, ...config }, policies, deps);
  onTestFinished(() => gateway.close());
  return gateway;
}

export interface PageOptions {
  /** 390×844 instead of 1280×800. */
  readonly phone?: boolean;
  readonly dark?: boolean;
  /** `false`: scripts are off. */
  readonly scripts?: boolean;
}

/** A fresh profile with one page, gone with the test. */
export async function openConsolePage(browser: Browser, options: PageOptions = {}): Promise<Page> {
  const { phone = false, dark = false, scripts = true } = options;
  const context = await browser.newContext({
    viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 800 },
    colorScheme: dark ? "dark" : "light",
    javaScriptEnabled: scripts,
  });
  onTestFinished(() => context.close());
  return context.newPage();
}

/** Signs in with the user's key at the form, and ends at `to`. */
export async function signIn(page: Page, gateway: { readonly url: string }, user: ConsoleUser, to = "/console") {
  await page.goto(`${gateway.url}/console/sign-in?to=${encodeURIComponent(to)}`);
  await page.getByLabel("API key").fill(consoleUsers.key(user));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

/** The cookie of a fresh session, for requests without a browser. */
export async function sessionCookie(gateway: { readonly url: string }, user: ConsoleUser): Promise<string> {
  const answer = await postForm(gateway, "/console/sign-in", { key: consoleUsers.key(user) });
  const cookie = answer.headers.getSetCookie()[0]?.split(";", 1)[0];
  if (cookie === undefined) throw new Error(`nobody was signed in: ${answer.status}`);
  return cookie;
}

/** Posts a form as the gateway's own page would; follows no redirect. */
export function postForm(
  gateway: { readonly url: string },
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${gateway.url}${path}`, {
    method: "POST",
    redirect: "manual",
    headers: { Origin: gateway.url, ...headers },
    body: new URLSearchParams(fields),
  });
}

/** `csrf_token` of the forms on a page. @throws when there is none */
export function csrfTokenIn(html: string): string {
  const token = /name="csrf_token" value="([0-9a-f]+)"/.exec(html)?.[1];
  if (token === undefined) throw new Error("the page has no form");
  return token;
}

const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf8");

const RUN_AXE = `axe.run(document, { resultTypes: ["violations"] }).then((found) =>
  found.violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => id + ": " + nodes.map(({ target }) => target.join(" ")).join(", ")))`;

/** What of the page keeps people out, as axe-core finds it: serious and critical only. Runs it past the page's CSP. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  return page.evaluate<string[]>(RUN_AXE);
}

/** How far the page is wider than its window, in CSS pixels: 0 unless something sticks out. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate<number>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

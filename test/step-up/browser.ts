import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { onTestFinished } from "vitest";

// The one without windows first: it takes a third of the work for a page.
const PLACES = [
  process.env["CHROMIUM"],
  "/usr/lib/chromium/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** A browser of this machine; `undefined` if there is none. `CHROMIUM` names one that lies elsewhere. */
export const chromiumPath = PLACES.find((path) => path !== undefined && existsSync(path));

let shared: Promise<Browser> | undefined;

/**
 * The only browser of this process, without a window: started when the first test asks for it, and again where it crashed. It ends
 * with the process, so nobody closes it; what a test does in it stays in the test's own profile.
 */
export async function sharedBrowser(): Promise<Browser> {
  const running = await shared;
  if (running?.isConnected()) return running;
  if (chromiumPath === undefined) throw new Error("there is no Chromium");
  // A sandbox needs rights that containers lack; the pages are our own.
  shared = chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox", "--disable-gpu"] });
  return shared;
}

/** A fresh profile with one page, gone with the test. */
export async function openPage(
  browser: Browser,
  options: { readonly phone?: boolean; readonly dark?: boolean } = {},
): Promise<Page> {
  const context = await browser.newContext({
    viewport: options.phone === true ? { width: 375, height: 667 } : { width: 1280, height: 800 },
    colorScheme: options.dark === true ? "dark" : "light",
  });
  onTestFinished(() => context.close());
  return context.newPage();
}

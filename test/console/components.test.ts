import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Hono } from "hono";
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Area } from "../../src/console/area.ts";
import type { ConsoleEnv } from "../../src/console/console-env.ts";
import { chromiumPath, sharedBrowser } from "../step-up/browser.ts";
import { startAreaConsole } from "../support/area-console.ts";
import { axeViolations, openConsolePage, overflowOf, sessionCookie, signIn } from "../support/console.ts";
import { createGallery } from "../support/console-gallery.tsx";

const gallery: Area = { path: "gallery", title: "Gallery", admin: false, create: createGallery };

const secret: Area = {
  path: "secret",
  title: "Secret",
  admin: true,
  create: () => new Hono<ConsoleEnv>().get("/", (c) => c.text("for administrators")),
};

const broken: Area = {
  path: "broken",
  title: "Broken",
  admin: false,
  create: () =>
    new Hono<ConsoleEnv>().get("/", () => {
      throw new Error("canary-fault");
    }),
};

describe.skipIf(chromiumPath === undefined)("the components", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  it.each([
    { phone: false, dark: false },
    { phone: false, dark: true },
    { phone: true, dark: false },
    { phone: true, dark: true },
  ])("are for everybody (phone $phone, dark $dark)", async (options) => {
    const console = await startAreaConsole([gallery]);
    const page = await openConsolePage(browser, options);
    await signIn(page, console, "ann", "/console/gallery");
    expect(await page.title()).toBe("(3) Gallery · Portcullis");
    expect(await axeViolations(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    const small = await page
      .locator("main .button, header button, header nav a, input:not([type=hidden]), select")
      .evaluateAll((all) => all.filter((one) => one.getBoundingClientRect().height < 44).length);
    expect(small).toBe(0);
    const folder = process.env["SCREENSHOTS"];
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    const name = `gallery-${options.phone ? "phone" : "desktop"}-${options.dark ? "dark" : "light"}.png`;
    await page.screenshot({ path: join(folder, name), fullPage: true });
  });

  it("show texts of others as they are", async () => {
    const console = await startAreaConsole([gallery]);
    const page = await openConsolePage(browser);
    await signIn(page, console, "ann", "/console/gallery");
    const shown = page.locator(".facts dd");
    expect(await shown.locator("b").count()).toBe(0);
    expect(await shown.textContent()).toContain("1 unseen character is shown as its code.");
    expect(await shown.textContent()).toContain("<b>bold</b> [U+202E]turned");
  });
});

describe("areas", () => {
  it("are for those who may enter", async () => {
    const console = await startAreaConsole([gallery, secret]);
    for (const [user, status] of [
      ["ann", 403],
      ["carla", 200],
    ] as const) {
      const headers = { cookie: await sessionCookie(console, user) };
      expect((await fetch(`${console.url}/console/secret`, { headers })).status).toBe(status);
      const html = await (await fetch(`${console.url}/console/gallery`, { headers })).text();
      expect(html.includes("/console/secret")).toBe(status === 200);
    }
  });

  it("that fail say so, and nothing of why", async () => {
    const console = await startAreaConsole([broken]);
    const headers = { cookie: await sessionCookie(console, "ann") };
    const answer = await fetch(`${console.url}/console/broken`, { headers });
    expect(answer.status).toBe(500);
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(await answer.text()).not.toContain("canary-fault");
  });
});

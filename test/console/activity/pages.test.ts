import type { Browser, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, sharedBrowser } from "../../step-up/browser.ts";
import { type BusyConsole, startBusyConsole } from "../../support/busy-console.ts";
import {
  axeViolations,
  openConsolePage,
  overflowOf,
  type PageOptions,
  sessionCookie,
  signIn,
} from "../../support/console.ts";
import { eventually } from "../../support/eventually.ts";

/** Opens a page as Carla and notes what the browser complains of. */
async function open(browser: Browser, { gateway }: BusyConsole, to: string, options: PageOptions = {}) {
  const page = await openConsolePage(browser, options);
  const problems: string[] = [];
  page.on("console", (message) => {
    if (["warning", "error"].includes(message.type())) problems.push(message.text());
  });
  page.on("pageerror", (err) => problems.push(String(err)));
  page.on("dialog", (dialog) => problems.push(`dialog ${dialog.message()}`));
  await signIn(page, gateway, "carla", to);
  return { page, problems };
}

async function expectSound(page: Page, scripts = true): Promise<void> {
  expect(await overflowOf(page)).toBe(0);
  if (scripts) expect(await axeViolations(page)).toEqual([]);
}

describe.skipIf(chromiumPath === undefined)("activity in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  it.each([
    { phone: false, dark: false, scripts: true },
    { phone: true, dark: true, scripts: true },
    { phone: true, dark: false, scripts: false },
  ])("leads from the sign-in to one call (phone $phone, scripts $scripts)", async (options) => {
    const busy = await startBusyConsole();
    await busy.call("ann", "order", { amount: 7, note: HOSTILE });
    await busy.call("ann", "wipe");
    await busy.call("sam", "order");
    const { page, problems } = await open(browser, busy, "/console/activity", options);
    await expectSound(page, options.scripts);
    expect(await page.getByRole("row").count()).toBeGreaterThanOrEqual(4);
    const figure = page.getByRole("region", { name: "Decisions", exact: true });
    expect(await figure.textContent()).toContain("3 calls decided in the last 24 hours: 2 allowed, 1 denied.");
    if (options.scripts) await figure.getByRole("img").waitFor();
    else expect(await figure.getByRole("img").count()).toBe(0);
    await figure.getByText("The same in numbers").click();
    expect(await figure.getByRole("table").getByText("2", { exact: true }).count()).toBe(1);

    await page.getByLabel("User").fill("ann");
    await page.getByLabel("Tool").fill("shop/order");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "shop/order" }).click();
    await page.getByRole("heading", { name: "What happened" }).waitFor();
    const text = (await page.getByRole("main").textContent()) ?? "";
    expect(text).toContain("The server answered.");
    expect(text).toContain("watch-orders");
    expect(text).toContain("it changed nothing");
    expect(text).toContain("<img");
    expect(text).not.toContain("\u202e");
    await expectSound(page, options.scripts);
    expect(problems).toEqual([]);
  });

  it("shows figures over other times, and what the charts show as tables", async () => {
    const busy = await startBusyConsole();
    await busy.call("ann", "order");
    await busy.call("ann", "break");
    const { page, problems } = await open(browser, busy, "/console/activity/figures");
    for (const range of ["24 hours", "7 days", "30 days"]) {
      await page.getByRole("link", { name: range }).click();
      await page.locator(`[aria-current="page"]`, { hasText: range }).waitFor();
      const latency = page.getByRole("region", { name: "Time to answer, by upstream", exact: true });
      expect(await latency.textContent()).toMatch(
        /calls to shop in the last .* it answered 1: half within .* 1 ended in a fault\./,
      );
      await latency.getByRole("img").waitFor();
      await expectSound(page);
    }
    const waiting = page.getByRole("region", { name: "Waiting for approval", exact: true });
    expect(await waiting.textContent()).toContain("No request for approval was decided");
    expect(problems).toEqual([]);
  });

  it("tells of newer calls and moves nothing", async () => {
    const busy = await startBusyConsole();
    await busy.call("ann", "order");
    const { page, problems } = await open(browser, busy, "/console/activity?tool=shop/order");
    await busy.call("sam", "wipe");
    await busy.call("sam", "order");
    const note = page.getByRole("status").getByRole("link");
    await note.waitFor();
    expect(await note.textContent()).toBe("1 newer: show");
    expect(await page.getByRole("link", { name: "shop/order" }).count()).toBe(1);
    await note.click();
    await eventually(async () =>
      (await page.getByRole("link", { name: "shop/order" }).count()) === 2 ? true : undefined,
    );
    expect(problems).toEqual([]);
  });

  it("works without scripts: search, pages, a file of it all", async () => {
    const busy = await startBusyConsole();
    for (let n = 0; n < 55; n += 1) await busy.call("ann", "order", { n });
    const { page } = await open(browser, busy, "/console/activity?user=ann", { scripts: false });
    expect(await page.getByRole("link", { name: "shop/order" }).count()).toBe(50);
    await page.getByRole("link", { name: "Older" }).click();
    expect(await page.getByRole("link", { name: "shop/order" }).count()).toBe(5);
    await page.getByRole("link", { name: "Back to the newest" }).click();
    for (const [name, lines] of [
      ["CSV", 56],
      ["JSON Lines", 55],
    ] as const) {
      const downloading = page.waitForEvent("download");
      await page.getByRole("link", { name }).click();
      const stream = await (await downloading).createReadStream();
      let text = "";
      for await (const part of stream) text += part;
      expect(text.trimEnd().split(/\r?\n/)).toHaveLength(lines);
    }
  });

  it("says what to do where there is nothing", async () => {
    const busy = await startBusyConsole();
    const { page } = await open(browser, busy, "/console/activity");
    const text = await page.getByRole("main").textContent();
    expect(text).toContain("No calls yet");
    expect(text).toContain(`${busy.gateway.url}/mcp`);
    await expectSound(page);
    await page.goto(`${busy.gateway.url}/console/activity?user=nobody&from=nonsense`);
    expect(await page.getByRole("main").textContent()).toContain("Nothing on record fits");
    expect(await page.getByLabel("From (UTC)").getAttribute("aria-invalid")).toBe("true");
    await expectSound(page);
  });
});

/** What tries to get out of a page, or to turn it round. */
const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script> \u202etxt.exe`;

describe("who is no administrator", () => {
  it.each(["ann", "sam"] as const)("finds nothing of it (%s)", async (user) => {
    const busy = await startBusyConsole();
    await busy.call("ann", "order");
    const [entry] = (await busy.gateway.running.wired.store.audit.list({ limit: 1 })).entries;
    const cookie = await sessionCookie(busy.gateway, user);
    for (const path of ["", "/figures", `/newer?after=0`, `/${entry?.callId}`]) {
      const answer = await fetch(`${busy.gateway.url}/console/activity${path}`, { headers: { Cookie: cookie } });
      expect(answer.status, path).toBe(403);
      expect(await answer.text(), path).not.toContain("shop/order");
    }
  });
});

it("what is not there is a page that says so", async () => {
  const busy = await startBusyConsole();
  const cookie = await sessionCookie(busy.gateway, "carla");
  for (const path of ["/call_unknown", "/newer", "/newer?after=x", "/%00"]) {
    const answer = await fetch(`${busy.gateway.url}/console/activity${path}`, { headers: { Cookie: cookie } });
    expect(answer.status, path).toBe(404);
  }
});

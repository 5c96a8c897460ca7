import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AT_HOME } from "../../src/core/principal.ts";
import { chromiumPath, sharedBrowser } from "../step-up/browser.ts";
import {
  axeViolations,
  type ConsoleUser,
  openConsolePage,
  overflowOf,
  type PageOptions,
  signIn,
} from "../support/console.ts";
import { type ApprovalConsole, startApprovalConsole } from "../support/console-approvals.ts";

describe.skipIf(chromiumPath === undefined)("pages about approvals", () => {
  let browser: Browser;
  let console: ApprovalConsole;
  beforeAll(async () => {
    [browser, console] = await Promise.all([sharedBrowser(), startApprovalConsole()]);
  }, 60_000);
  afterAll(() => console.close());

  async function openAs(user: ConsoleUser, path: string, options: PageOptions = {}): Promise<Page> {
    const page = await openConsolePage(browser, options);
    await signIn(page, console.gateway, user, path);
    return page;
  }
  const pathOf = ({ id }: { readonly id: string }) => `/console/approvals/${id}`;
  const approvals = () => console.gateway.running.wired.approvals;

  it("teach how a call comes to wait, while none does", async () => {
    const page = await openAs("eve", "/console/approvals");
    await page.getByRole("heading", { name: "Nothing waits for anybody" }).waitFor();
    expect(await page.getByLabel("Lines for portcullis.yaml").textContent()).toContain("approval_flows:");
    expect(await axeViolations(page)).toEqual([]);
  });

  describe.each<PageOptions>([
    { phone: false, dark: false },
    { phone: true, dark: true },
  ])("with arguments that mean harm (%o)", (options) => {
    it("show them harmless and flagged, and everything stays in its place", async () => {
      const request = await console.ask({
        arguments: {
          [`size ${JSON.stringify(options)}`]: 1,
          "<img src=x onerror=document.title='owned'>": "</span><script>document.title='owned'</script>",
          bidi: "pay \u202Eelgoog\u202C now \u2066x",
          unseen: "a\u200b\u200bb\u{e0041}",
          escape: "\u001b[2J\u0007",
          disguised: "p\u0430ypal.com",
          piled: `a${"\u0301".repeat(500)}`,
          megabyte: "w".repeat(1_000_000),
          wide: "spaces ".repeat(3_000),
          many: Array.from({ length: 5_000 }, (_, index) => index),
          deep: JSON.parse(`${"[".repeat(50)}1${"]".repeat(50)}`),
        },
        message: "<script>document.title='owned'</script> \u202E",
      });
      const page = await openAs("sam", pathOf(request), options);
      const flags = page.getByRole("list", { name: "Before you read the arguments" });
      const said = await flags.getByRole("listitem").allTextContents();
      expect(said.map((text) => text.replace(/^[\d,]+ /, ""))).toEqual([
        expect.stringMatching(/^characters and [\d,]+ members are not on this page/),
        "characters turn the text around them: U+202E, U+202C, U+2066",
        "characters show nothing: U+200B, U+E0041",
        "control characters: U+001B, U+0007",
        "marks are piled on others: U+0301",
        "letter or sign looks like another one: U+0430",
      ]);
      for (const fold of await page.locator(".tree details > summary").all()) await fold.click();
      expect(await overflowOf(page)).toBe(0);
      expect(await page.title()).toBe("pay · Portcullis");
      expect(await page.locator("main img, main span > script").count()).toBe(0);
      expect(await axeViolations(page)).toEqual([]);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("link", { name: "Read all of it in a file" }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`arguments-${request.id}.json`);
      await page.goto(`${console.gateway.url}/console/approvals`);
      expect(await overflowOf(page)).toBe(0);
      expect(await page.title()).toContain("Approvals");
      expect(await axeViolations(page)).toEqual([]);
      await page.goto(`${console.gateway.url}/console/approvals?show=all&state=open&tool=bank/pay&flow=finance`);
      expect(await overflowOf(page)).toBe(0);
      expect(await axeViolations(page)).toEqual([]);
      await approvals().invalidate(request.id, "The test is over.");
    });
  });

  it("mark what the policy looked at, and what it looked for in vain", async () => {
    const request = await console.ask({ arguments: { amount: "18", purpose: "mark" } });
    const page = await openAs("sam", pathOf(request));
    const marked = page.locator(".tree li.looked");
    expect(await marked.allTextContents()).toEqual([expect.stringContaining("amount")]);
    await page.getByText("The policy also looks at flow, which the call does not give.").waitFor();
  });

  it("tell of a tool that its server describes otherwise by now", async () => {
    const request = await console.ask({ arguments: { changed: true } });
    const { store } = console.gateway.running.wired;
    const before = await store.definitions.current();
    await store.definitions.replace(
      "bank",
      [{ name: "pay", digest: "c".repeat(64), definition: { name: "pay" } }],
      Date.now(),
    );
    const page = await openAs("sam", pathOf(request));
    await page.getByText("Its server describes this tool in other words now").waitFor();
    await store.definitions.replace(
      "bank",
      before.map(({ tool: name, ...row }) => ({ name, ...row })),
      Date.now(),
    );
  });

  it("say through what somebody asked, and that its name is not verified", async () => {
    const request = await console.ask({ arguments: { through: true } });
    const page = await openAs("sam", pathOf(request));
    await page.getByText("a program that calls itself “test-client” (not verified)").waitFor();
    expect(await page.getByText("key-of-ann").count()).toBe(1);
  });

  it("show administrators every request without secrets, and let them close what nobody knows the end of", async () => {
    const request = await console.ask({ arguments: { password: "hunter2-hunter2" } });
    const { principal } = { principal: { issuer: "portcullis:keys", subject: "sam", kind: "person" as const } };
    const acted = await approvals().decide({
      ...{ id: request.id, version: request.version, argumentsDigest: request.argumentsDigest },
      approver: { ...principal, ...NOBODY, roles: ["finance-lead"] },
      ...{ decision: "approve", reason: undefined, channel: "console", ip: undefined },
    });
    if (!acted.ok) throw new Error(acted.code);
    const claim = await approvals().claim(request.id, acted.request.version);
    if (claim === undefined) throw new Error("it was not to be had");
    await approvals().finish(claim, { kind: "indeterminate", why: "Its server broke off." });
    const page = await openAs("carla", pathOf(request), { phone: true });
    await page.getByText("Arguments, secrets taken out").waitFor();
    expect(await page.content()).not.toContain("hunter2");
    expect(await page.getByRole("link", { name: /file/ }).count()).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel("Reason").fill("The ledger has it.");
    await page.getByRole("button", { name: "It did run" }).click();
    await page.getByText("The request is closed.").waitFor();
    const closed = await console.reaches(request.id, "succeeded");
    expect((await approvals().history(closed.id)).at(-1)).toMatchObject({
      act: "resolve",
      reason: "The ledger has it.",
    });
  });

  it("are found by state, flow and tool, page by page", async () => {
    for (let nr = 0; nr < 55; nr += 1) {
      const request = await console.ask({
        by: nr < 18 ? "dana" : nr < 36 ? "cleo" : "eve",
        flow: "chain",
        arguments: { nr },
      });
      if (nr === 0) await approvals().invalidate(request.id, "No longer.");
    }
    const page = await openAs("carla", "/console/approvals?show=all&flow=chain");
    expect(await page.getByRole("rowheader").count()).toBe(50);
    await page.getByRole("link", { name: "Older" }).click();
    await page.getByRole("link", { name: "Back to the newest" }).waitFor();
    expect(await page.getByRole("rowheader").count()).toBe(5);
    await page.getByLabel("State").selectOption("invalidated");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("link", { name: "Older" }).waitFor({ state: "detached" });
    expect(await page.getByRole("rowheader").count()).toBe(1);
    await page.getByLabel("Tool").fill("bank/other");
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByRole("heading", { name: "No such requests" }).waitFor();
  });
});

const NOBODY = {
  clientId: undefined,
  email: undefined,
  name: undefined,
  groups: [],
  scopes: [],
  claims: {},
  acr: undefined,
  amr: [],
  authTime: undefined,
  ...AT_HOME,
};

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, sharedBrowser } from "../step-up/browser.ts";
import { axeViolations, type ConsoleUser, openConsolePage, signIn } from "../support/console.ts";
import { type ApprovalConsole, startApprovalConsole } from "../support/console-approvals.ts";

const MINUTE = 60_000;

describe.skipIf(chromiumPath === undefined)("pages that nobody loads again", () => {
  let browser: Browser;
  let console: ApprovalConsole;
  beforeAll(async () => {
    [browser, console] = await Promise.all([sharedBrowser(), startApprovalConsole()]);
  }, 60_000);
  afterAll(() => console.close());

  /** Opens a page, and waits until it hears of what happens. */
  async function openAs(user: ConsoleUser, path: string): Promise<Page> {
    const page = await openConsolePage(browser);
    const listening = page.waitForResponse("**/api/v1/events");
    await signIn(page, console.gateway, user, path);
    await listening;
    return page;
  }
  const pathOf = ({ id }: { readonly id: string }) => `/console/approvals/${id}`;

  it("show a new request in the inbox and in the title, and take it away when somebody else has decided", async () => {
    const first = await console.ask({ message: "The first." });
    const [sam, dana] = [await openAs("sam", "/console/approvals"), await openAs("dana", "/console/approvals")];
    await sam.getByText("The first.").waitFor();
    const second = await console.ask({ message: "The second." });
    await sam.getByText("The second.").waitFor();
    await sam.waitForFunction("document.title.startsWith('(2)')");
    await dana.goto(`${console.gateway.url}${pathOf(first)}`);
    await dana.getByRole("button", { name: "Approve", exact: true }).click();
    await dana.getByText("Your approval is recorded.").waitFor();
    await sam.waitForFunction("document.title.startsWith('(1)')");
    const waiting = sam.getByRole("region", { name: "Waiting for you" });
    expect(await waiting.getByRole("rowheader").allTextContents()).toEqual([expect.stringContaining("The second.")]);
    await console.gateway.running.wired.approvals.invalidate(second.id, "The test is over.");
    await sam.getByText("Nothing waits for your decision.").waitFor();
  });

  it("show another's voice at once; what was typed stays, and the decision is about what is shown", async () => {
    const request = await console.ask({ flow: "pair" });
    const [sam, dana] = [await openAs("sam", pathOf(request)), await openAs("dana", pathOf(request))];
    await dana.getByLabel("Reason").fill("Half a sentence");
    await sam.getByRole("button", { name: "Approve", exact: true }).click();
    await sam.getByText("Your approval is recorded.").waitFor();
    await dana.getByRole("region", { name: "What happened" }).getByText("sam approved").waitFor();
    expect(await dana.getByLabel("Reason").inputValue()).toBe("Half a sentence");
    expect(await dana.evaluate("document.activeElement.id")).toBe("reason");
    await dana.getByRole("button", { name: "Approve", exact: true }).click();
    await dana.getByText("Your approval is recorded.").waitFor();
    const approved = await console.reaches(request.id, "approved");
    expect(approved.decisions.map(({ reason }) => reason)).toEqual([undefined, "Half a sentence"]);
  });

  it("show that time is over", async () => {
    const request = await console.ask({ flow: "brief" });
    const page = await openAs("sam", pathOf(request));
    await page.getByRole("button", { name: "Approve", exact: true }).waitFor();
    await console.pass(11 * MINUTE);
    await page.getByRole("status").getByText("expired").waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
  });

  it("say that nobody is signed in any more, and leave what was typed", async () => {
    const request = await console.ask({ flow: "pair" });
    const page = await openAs("sam", pathOf(request));
    await page.getByLabel("Reason").fill("Half a sentence");
    await page.context().clearCookies();
    await console.gateway.running.wired.approvals.invalidate(request.id, "The test is over.");
    const link = page.getByRole("status").getByRole("link", { name: "Sign in again" });
    expect(await link.getAttribute("href")).toBe(`/console/sign-in?to=${encodeURIComponent(pathOf(request))}`);
    expect(await page.getByLabel("Reason").inputValue()).toBe("Half a sentence");
    expect(await axeViolations(page)).toEqual([]);
  });

  it("say that they are cut off, and go on when the gateway is back", async () => {
    const request = await console.ask({});
    const page = await openAs("sam", pathOf(request));
    const note = page.getByText("The connection is lost.");
    await console.gateway.running.close();
    await note.waitFor();
    await console.gateway.restart();
    await note.waitFor({ state: "detached" });
    expect(await page.getByRole("button", { name: "Approve", exact: true }).isVisible()).toBe(true);
  });
});

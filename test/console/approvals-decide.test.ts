import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, sharedBrowser } from "../step-up/browser.ts";
import { type ConsoleUser, openConsolePage, overflowOf, type PageOptions, signIn } from "../support/console.ts";
import { type ApprovalConsole, startApprovalConsole } from "../support/console-approvals.ts";

describe.skipIf(chromiumPath === undefined)("deciding in a browser", () => {
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
  const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

  it.each<PageOptions>([
    { phone: false, scripts: true },
    { phone: true, scripts: true },
    { phone: true, scripts: false },
  ])("approves from the inbox, and the agent that waits gets its result (%o)", async (options) => {
    const call = await console.pay({ flow: "finance", amount: `12 ${JSON.stringify(options)}` });
    const page = await openAs("sam", "/console/approvals", options);
    expect(await page.title()).toBe("(1) Approvals · Portcullis");
    const navigation = page.getByRole("navigation", { name: "Console" });
    await navigation.getByRole("link", { name: "Approvals 1 waiting for you" }).waitFor();
    expect(await overflowOf(page)).toBe(0);
    await page.getByRole("link", { name: "bank/pay" }).first().click();
    await page.getByText("Pay 12").first().waitFor();
    const button = page.getByRole("button", { name: "Approve", exact: true });
    // Within reach without scrolling, and as large as a thumb.
    const box = await button.boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(44);
    expect((box?.y ?? 0) + (box?.height ?? 0)).toBeLessThanOrEqual(options.phone ? 844 : 800);
    expect(await overflowOf(page)).toBe(0);
    await button.click();
    await page.getByText("Your approval is recorded.").waitFor();
    expect((await call.end()).text).toContain("paid");
    const ended = await console.reaches(call.request.id, "succeeded");
    expect(ended.decisions).toMatchObject([{ decision: "approve", channel: "console" }]);
  });

  it("rejects with a reason, which the agent reads; not without one", async () => {
    const call = await console.pay({ flow: "finance", amount: "13" });
    const page = await openAs("sam", pathOf(call.request));
    await press(page, "Reject");
    expect(await page.evaluate("document.getElementById('reason').validity.valueMissing")).toBe(true);
    expect((await console.gateway.running.wired.approvals.get(call.request.id))?.state).toBe("pending");
    await page.getByLabel("Reason").fill("Wrong cost centre.");
    await press(page, "Reject");
    await page.getByText("Your rejection is recorded.").waitFor();
    const { text, isError } = await call.end();
    expect([isError, text]).toEqual([true, expect.stringContaining("Wrong cost centre.")]);
  });

  it("works with the keyboard alone", async () => {
    const call = await console.pay({ flow: "finance", amount: "14" });
    const page = await openAs("sam", "/console/approvals");
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${pathOf(call.request)}`);
    await page.keyboard.press("r");
    expect(await page.evaluate("document.activeElement.textContent")).toBe("Reject");
    await page.keyboard.press("a");
    await page.keyboard.press("Enter");
    await page.getByText("Your approval is recorded.").waitFor();
    expect((await call.end()).text).toContain("paid");
  });

  it("takes two people where a stage wants two; who looked before the other decided looks again", async () => {
    const call = await console.pay({ flow: "pair", amount: "15" });
    const dana = await openAs("dana", pathOf(call.request), { scripts: false });
    const sam = await openAs("sam", pathOf(call.request));
    await press(sam, "Approve");
    await sam.getByText("You have said what you think. It takes others, too.").waitFor();
    await dana.getByLabel("Reason").fill("Fine with me.");
    await press(dana, "Approve");
    await dana.getByText("The request has changed since you saw it.").waitFor();
    const since = dana.getByRole("region", { name: "Since you looked" });
    expect(await since.getByRole("listitem").allTextContents()).toEqual([expect.stringContaining("sam approved")]);
    expect(await dana.getByLabel("Reason").inputValue()).toBe("Fine with me.");
    await press(dana, "Approve");
    await dana.getByText("Your approval is recorded.").waitFor();
    expect((await call.end()).text).toContain("paid");
  });

  it("goes from one stage to the next", async () => {
    const call = await console.pay({ flow: "chain", amount: "16" });
    const cleo = await openAs("cleo", pathOf(call.request), { scripts: false });
    await cleo.getByText("It is not your turn to decide").waitFor();
    expect(await cleo.getByRole("button", { name: "Approve" }).count()).toBe(0);
    const sam = await openAs("sam", pathOf(call.request));
    await press(sam, "Approve");
    await sam.getByText("It is not your turn to decide").or(sam.getByText("You have said")).waitFor();
    await cleo.reload();
    await press(cleo, "Approve");
    expect((await call.end()).text).toContain("paid");
    expect((await console.reaches(call.request.id, "succeeded")).decisions.map(({ stage }) => stage)).toEqual([0, 1]);
  });

  it("shows who asked that others decide, and lets them take it back", async () => {
    const call = await console.pay({ flow: "finance", amount: "17" });
    const page = await openAs("ann", pathOf(call.request));
    await page.getByText("You asked for this, so that others decide.").waitFor();
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
    await press(page, "Take it back");
    await page.getByText("The request is taken back.").waitFor();
    expect((await call.end()).isError).toBe(true);
    expect(console.bank.paid.map(({ arguments: given }) => given)).not.toContainEqual({
      flow: "finance",
      amount: "17",
    });
  });
});

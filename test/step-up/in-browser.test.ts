import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { StepUpRequirement } from "../../src/core/decision.ts";
import { textPage } from "../../src/step-up/pages/html.ts";
import { FAILURE_TEXTS } from "../../src/step-up/pages/texts.ts";
import { axeViolations } from "../support/console.ts";
import { chromiumPath, openPage, sharedBrowser } from "./browser.ts";
import { caller, requirement, startStepUp, stepUpOptions, type TestStepUp } from "./helpers.ts";
import { type LoginProvider, startLoginProvider } from "./login-provider.ts";

let browser: Browser;
beforeAll(async () => {
  if (chromiumPath !== undefined) browser = await sharedBrowser();
});

interface Setup {
  readonly provider: LoginProvider;
  readonly gateway: TestStepUp;
}

async function setUp(options: { readonly essential?: boolean; readonly now?: () => number } = {}): Promise<Setup> {
  let gateway: TestStepUp | undefined;
  const provider = await startLoginProvider({
    redirectUri: () => `${gateway?.url}/oauth/callback`,
    essential: options.essential ?? false,
  });
  const oidc = { clientSecret: provider.clientSecret };
  gateway = await startStepUp({ options: () => stepUpOptions(provider.issuer, oidc), ...options });
  return { provider, gateway };
}

/** From the gateway's page to the login page, with the browser's own clicks. */
async function toLogin(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("#asked").waitFor({ state: "attached" });
}

interface Login {
  readonly account?: string;
  readonly acr?: string;
  /** Seconds ago. */
  readonly age?: string;
  readonly act?: "Log in" | "Cancel" | "No second factor";
}

async function logIn(page: Page, { act = "Log in", ...fields }: Login = {}): Promise<void> {
  for (const [name, value] of Object.entries(fields)) await page.locator(`[name=${name}]`).fill(value);
  await page.getByRole("button", { name: act }).click();
  await page.waitForURL(/\/oauth\/callback/);
}

const title = (page: Page) => page.locator("h1").textContent();

/** Signs in, but stops the answer at the gateway's door. */
async function answerFor(page: Page, gateway: TestStepUp, url: string): Promise<URL> {
  await toLogin(page, url);
  const answer = gateway.nextAnswer();
  await page.getByRole("button", { name: "Log in" }).click();
  return new URL(await answer);
}

// On a busy machine a browser takes its time.
const options = { timeout: 60_000, skip: chromiumPath === undefined };

describe("in a real browser (skipped where there is no Chromium)", options, () => {
  it("a person signs in with a second factor, and the waiting call goes on", async () => {
    const { provider, gateway } = await setUp({ essential: true });
    const by = caller(provider.issuer);
    expect(await gateway.service.check(requirement(), by)).toEqual({ satisfied: false, why: "acr" });
    const challenge = await gateway.challenge({ maxAgeMs: 300_000 }, by);
    const waiting = gateway.service.wait(challenge.id, 30_000);
    const page = await openPage(browser);
    await toLogin(page, challenge.url);
    expect(await page.locator("#asked").textContent()).toBe("mfa hwk");
    await logIn(page);
    expect(await title(page)).toBe("Confirmed");
    expect(await waiting).toBe("elevated");
    expect(await gateway.service.check(requirement(), by)).toEqual({
      satisfied: true,
      by: "elevation",
      spend: undefined,
      challenge: challenge.id,
    });
    expect(gateway.events.map((event) => event.act)).toEqual(["opened", "started", "met"]);
    const wishes = provider.wishes[0];
    expect(wishes?.get("prompt")).toBe("login");
    expect(wishes?.get("max_age")).toBe("300");
    expect(wishes?.get("code_challenge_method")).toBe("S256");
    expect(JSON.parse(wishes?.get("claims") ?? "")).toMatchObject({
      id_token: { acr: { essential: true, values: ["mfa", "hwk"] } },
    });
    // The cookie has served.
    expect(await page.context().cookies()).not.toContainEqual(
      expect.objectContaining({ name: expect.stringContaining("portcullis") }),
    );
  });

  it.each<[string, Login, Partial<StepUpRequirement>, string, string]>([
    ["somebody else", { account: "bob" }, {}, "This is somebody else's request", "wrong_user"],
    ["a weaker context", { acr: "pwd" }, {}, "This sign-in is not strong enough", "too_weak"],
    ["a method not used", {}, { acr: [], amr: [["hwk"]] }, "This sign-in is not strong enough", "too_weak"],
    ["an old sign-in", { age: "60" }, {}, "This sign-in is not fresh enough", "too_old"],
    ["cancelling", { act: "Cancel" }, {}, "You cancelled the sign-in", "cancelled"],
    ["no second factor", { act: "No second factor" }, {}, "This sign-in is not strong enough", "too_weak"],
  ])("%s gains nothing, and may be tried again", async (_what, login, change, expected, reason) => {
    const { provider, gateway } = await setUp();
    const by = caller(provider.issuer);
    const challenge = await gateway.challenge(change, by);
    const page = await openPage(browser);
    await toLogin(page, challenge.url);
    await logIn(page, login);
    expect(await title(page)).toBe(expected);
    expect(await page.content()).not.toContain("canary");
    expect(gateway.events.at(-1)).toMatchObject({ act: "refused", reason, subject: "ann", tool: "bank/pay" });
    expect(await gateway.service.check(requirement(change), by)).toMatchObject({ satisfied: false });
    expect(await gateway.service.wait(challenge.id, 0)).toBe("waiting");
    await page.getByRole("link", { name: "Try again" }).click();
    expect(page.url()).toBe(challenge.url);
    expect(await title(page)).toBe("Sign in to confirm a call");
  });

  it("too many refusals end a challenge, and tell whoever waits", async () => {
    const { gateway } = await setUp();
    const challenge = await gateway.challenge();
    const waiting = gateway.service.wait(challenge.id, 60_000);
    const page = await openPage(browser);
    for (let i = 0; i < 5; i++) {
      await toLogin(page, challenge.url);
      await logIn(page, { account: "bob" });
    }
    expect(await waiting).toBe("failed");
    await page.goto(challenge.url);
    expect(await title(page)).toBe("Too many attempts");
  });

  it("an answer counts once, also with its cookie kept", async () => {
    const { gateway } = await setUp();
    const challenge = await gateway.challenge();
    const page = await openPage(browser);
    const answer = await answerFor(page, gateway, challenge.url);
    const cookies = await page.context().cookies();
    await page.goto(answer.href);
    expect(await title(page)).toBe("Confirmed");
    await page.goto(answer.href);
    expect(await title(page)).toBe("This sign-in was not begun here");
    await page.context().addCookies(cookies);
    await page.goto(answer.href);
    expect(await title(page)).toBe("This is done already");
    expect(gateway.events.filter((event) => event.act === "met")).toHaveLength(1);
  });

  it("an answer that a newer attempt has replaced counts no more", async () => {
    const { provider, gateway } = await setUp();
    const challenge = await gateway.challenge();
    const page = await openPage(browser);
    const answer = await answerFor(page, gateway, challenge.url);
    await toLogin(page, challenge.url);
    await page.goto(answer.href);
    expect(await title(page)).toBe("This sign-in has been used");
    expect(provider.requests).not.toContain("/token");
  });

  it("an answer that another browser brings is not taken, and not spent", async () => {
    const { provider, gateway } = await setUp();
    const challenge = await gateway.challenge();
    const page = await openPage(browser);
    const answer = await answerFor(page, gateway, challenge.url);
    const other = await openPage(browser);
    await other.goto(answer.href);
    expect(await title(other)).toBe("This sign-in was not begun here");
    expect(provider.requests).not.toContain("/token");
    await page.goto(answer.href);
    expect(await title(page)).toBe("Confirmed");
  });

  it.each([
    ["of another issuer", (url: URL) => url.searchParams.set("iss", "https://evil.example")],
    ["of no issuer", (url: URL) => url.searchParams.delete("iss")],
    ["of two issuers", (url: URL) => url.searchParams.append("iss", "https://evil.example")],
  ])("an answer %s never gets as far as its code", async (_what, change) => {
    const { provider, gateway } = await setUp();
    const challenge = await gateway.challenge();
    const page = await openPage(browser);
    const answer = await answerFor(page, gateway, challenge.url);
    change(answer);
    await page.goto(answer.href);
    expect(await title(page)).toBe("The answer came from the wrong place");
    expect(provider.requests).not.toContain("/token");
  });

  it("a restart between challenge and answer changes nothing", async () => {
    const { provider, gateway } = await setUp();
    const challenge = await gateway.challenge();
    const page = await openPage(browser);
    await toLogin(page, challenge.url);
    await gateway.close();
    const again = await startStepUp({
      options: () => stepUpOptions(provider.issuer, { clientSecret: provider.clientSecret }),
      after: { path: gateway.path, port: Number(new URL(gateway.url).port) },
    });
    await logIn(page);
    expect(await title(page)).toBe("Confirmed");
    expect(await again.service.wait(challenge.id, 0)).toBe("elevated");
    expect(await again.service.check(requirement(), caller(provider.issuer))).toMatchObject({ by: "elevation" });
  });

  it("an elevation ends with its time, and so does a challenge", async () => {
    let later = 0;
    const { provider, gateway } = await setUp({ now: () => Date.now() + later });
    const by = caller(provider.issuer);
    const [first, second] = [
      await gateway.challenge({ ttlMs: 60_000 }, by),
      await gateway.challenge({ per: "call" }, by),
    ];
    const page = await openPage(browser);
    await toLogin(page, first.url);
    await logIn(page);
    expect(await gateway.service.check(requirement(), by)).toMatchObject({ by: "elevation" });
    later = 60_000;
    expect(await gateway.service.check(requirement(), by)).toEqual({ satisfied: false, why: "acr" });
    const answer = await answerFor(page, gateway, second.url);
    later = 600_000;
    // The sealed cookie is past its time as well: nobody can tell any more where it began.
    await page.goto(answer.href);
    expect(await title(page)).toBe("This sign-in was not begun here");
    await page.goto(second.url);
    expect(await title(page)).toBe("This request has expired");
    expect(await gateway.service.wait(second.id, 1_000)).toBe("expired");
  });

  it("two tabs with two challenges do not disturb each other", async () => {
    const { provider, gateway } = await setUp();
    const by = caller(provider.issuer);
    const [one, two] = [await gateway.challenge({}, by), await gateway.challenge({ per: "tool" }, by)];
    const page = await openPage(browser);
    const tab = await page.context().newPage();
    await toLogin(page, one.url);
    await toLogin(tab, two.url);
    await logIn(page);
    await logIn(tab);
    expect([await title(page), await title(tab)]).toEqual(["Confirmed", "Confirmed"]);
  });

  it("what agents call themselves is shown harmless", async () => {
    const { provider, gateway } = await setUp();
    const asked = await gateway.service.challenge({
      ...{ requirement: requirement(), caller: caller(provider.issuer), shown: "bank/pay" },
      clientName: `<img src=x onerror=alert(1)>\u202e${"x".repeat(1_000)}`,
    });
    if (!asked.ok) throw new Error(asked.code);
    const page = await openPage(browser);
    await page.goto(asked.challenge.url);
    expect(await page.locator("img").count()).toBe(0);
    const shown = (await page.locator("dd").nth(1).textContent()) ?? "";
    expect(shown).toContain("<img src=x onerror=alert(1)>\ufffdxxx");
    expect(shown.length).toBeLessThan(160);
  });

  it("the pages work with the keyboard, at phone width, in light and dark", async () => {
    const folder = process.env["SCREENSHOTS"];
    if (folder !== undefined) mkdirSync(folder, { recursive: true });
    for (const phone of [false, true]) {
      const { gateway } = await setUp();
      const page = await openPage(browser, { phone, dark: phone });
      const look = async (name: string): Promise<void> => {
        const width = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        expect(width, name).toBe(0);
        expect(await axeViolations(page), name).toEqual([]);
        if (folder !== undefined)
          await page.screenshot({ path: join(folder, `${name}-${phone ? "phone-dark" : "desktop"}.png`) });
      };
      const violations: string[] = [];
      page.on("console", (message) => violations.push(message.text()));
      const challenge = await gateway.challenge();
      await page.goto(challenge.url);
      await look("ask");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.locator("#asked").waitFor({ state: "attached" });
      await logIn(page, { account: "bob" });
      await look("wrong-user");
      await toLogin(page, challenge.url);
      await logIn(page);
      await look("done");
      await page.goto(challenge.url);
      await look("met");
      for (const [reason, text] of Object.entries(FAILURE_TEXTS)) {
        await page.setContent(String(await textPage(text, "/again")));
        await look(`failure-${reason}`);
      }
      expect(violations.filter((text) => text.includes("Content Security Policy"))).toEqual([]);
    }
  });
});

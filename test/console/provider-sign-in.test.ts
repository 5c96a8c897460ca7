import type { Browser, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, sharedBrowser } from "../step-up/browser.ts";
import { type LoginProvider, type LoginProviderOptions, startLoginProvider } from "../step-up/login-provider.ts";
import { axeViolations, CONSOLE_CONFIG, openConsolePage, overflowOf, startConsole } from "../support/console.ts";
import type { TestGateway } from "../support/gateway.ts";

/** What the provider knows: Ann asks, Carla administers, the robot is no person. */
const KNOWN: Readonly<Record<string, object>> = {
  ann: { roles: ["employee"], email: "ann@acme.com", email_verified: true },
  carla: { roles: ["platform-admin"], email: "carla@acme.com", email_verified: false },
  robot: { roles: ["platform-admin"], kind: "machine" },
};

async function setUp(
  options: Partial<LoginProviderOptions> = {},
  config: {
    readonly keys?: boolean;
    readonly subjectClaim?: string;
    readonly deps?: { readonly now: () => number };
  } = {},
): Promise<{ readonly gateway: TestGateway; readonly idp: LoginProvider }> {
  let url = "";
  const about = (account: string) => ({ ...KNOWN[account] });
  const idp = await startLoginProvider({ redirectUri: () => `${url}/oauth/callback`, about, ...options });
  const { issuer, clientSecret } = idp;
  const gateway = await startConsole(
    {
      auth: {
        ...(config.keys === true ? CONSOLE_CONFIG.auth : { admin: CONSOLE_CONFIG.auth.admin }),
        jwt: [
          { issuer, audience: "https://mcp.example/mcp", claims: { machine: { claim: "kind", values: ["machine"] } } },
        ],
      },
      step_up: {
        oidc: {
          ...{ issuer, client_id: "portcullis", client_secret: clientSecret, scopes: ["profile"] },
          ...(config.subjectClaim === undefined ? {} : { subject_claim: config.subjectClaim }),
        },
      },
    },
    {},
    config.deps,
  );
  url = gateway.url;
  return { gateway, idp };
}

describe.skipIf(chromiumPath === undefined)("the sign-in at an identity provider", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  async function toProvider(page: Page, gateway: TestGateway, to = "/console/you"): Promise<void> {
    await page.goto(`${gateway.url}${to}`);
    await page.getByRole("button", { name: /^Sign in at 127/ }).click();
    await page.locator("#asked").waitFor({ state: "attached" });
  }

  async function logIn(page: Page, account: string, act = "Log in"): Promise<void> {
    await page.locator("[name=account]").fill(account);
    await page.getByRole("button", { name: act }).click();
  }

  it.each([
    { where: "in the ID token", inIdToken: ["roles", "email", "email_verified"], scripts: true },
    { where: "at the UserInfo endpoint", inIdToken: [], scripts: false },
  ])("knows a person by what stands $where", async ({ inIdToken, scripts }) => {
    const { gateway, idp } = await setUp({ inIdToken });
    for (const [account, admin] of [
      ["ann", "no"],
      ["carla", "yes"],
    ] as const) {
      const page = await openConsolePage(browser, { scripts });
      await toProvider(page, gateway, "/console/you?from=mail");
      await logIn(page, account);
      await page.getByRole("heading", { name: "You" }).waitFor();
      expect(page.url()).toBe(`${gateway.url}/console/you?from=mail`);
      const facts = (await page.locator(".facts").textContent()) ?? "";
      expect(facts).toContain(idp.issuer);
      expect(facts).toContain(account);
      // An address that nobody verified could be anybody's.
      expect(facts.includes("@acme.com")).toBe(account === "ann");
      expect(await page.getByRole("definition").last().textContent()).toBe(admin);
    }
    expect(idp.requests.includes("/me")).toBe(inIdToken.length === 0);
    const [wish] = idp.wishes;
    expect(wish?.get("code_challenge_method")).toBe("S256");
    expect(wish?.get("nonce")).toMatch(/.{20}/);
  });

  it.each([
    { account: "robot", act: "Log in", says: "This account belongs to a machine" },
    { account: "ann", act: "Cancel", says: "You cancelled the sign-in" },
  ])("lets nobody in where it says: $says", async ({ account, act, says }) => {
    const { gateway } = await setUp();
    const page = await openConsolePage(browser, { phone: true, dark: true });
    await toProvider(page, gateway);
    await logIn(page, account, act);
    await page.getByRole("heading", { name: says }).waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
    await page.getByRole("link", { name: "Try again" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect((await page.context().cookies()).filter(({ name }) => name === "portcullis-console")).toEqual([]);
  });

  it("counts once, and only in the browser that began it", async () => {
    const { gateway, idp } = await setUp();
    const page = await openConsolePage(browser);
    const seen: string[] = [];
    page.on("request", (request) => seen.push(request.url()));
    await toProvider(page, gateway);
    // Somebody is lured to the provider with the beginnings of a sign-in that is not theirs.
    const victim = await openConsolePage(browser);
    await victim.goto(seen.find((url) => url.startsWith(`${idp.issuer}/auth?`)) ?? "");
    await logIn(victim, "carla");
    await victim.getByText("This sign-in was not begun here").waitFor();
    await logIn(page, "ann");
    await page.getByRole("heading", { name: "You" }).waitFor();
    await page.goto(seen.find((url) => url.startsWith(`${gateway.url}/oauth/callback?`)) ?? "");
    await page.getByText("This sign-in was not begun here").waitFor();
  });

  it.each<[string, Partial<LoginProviderOptions>]>([
    ["UserInfo says", {}],
    ["the ID token said", { inIdToken: ["roles", "email", "email_verified"] }],
  ])("loses a role that the provider took away, after five minutes: as %s", async (_what, options) => {
    let skew = 0;
    const known: Record<string, object> = { carla: { roles: ["platform-admin"] } };
    const about = (account: string) => ({ ...known[account] });
    const { gateway } = await setUp({ about, ...options }, { deps: { now: () => Date.now() + skew } });
    const page = await openConsolePage(browser);
    await toProvider(page, gateway);
    await logIn(page, "carla");
    const admin = async () => {
      await page.goto(`${gateway.url}/console/you`);
      return page.getByRole("definition").last().textContent();
    };
    expect(await admin()).toBe("yes");
    known["carla"] = { roles: ["employee"] };
    skew = 4 * 60_000;
    expect(await admin()).toBe("yes");
    skew = 6 * 60_000;
    expect(await admin()).toBe("no");
    known["carla"] = { roles: ["platform-admin"] };
    skew = 12 * 60_000;
    expect(await admin()).toBe("yes");
  });

  it("keeps roles for an hour, and no longer, where the provider does not answer", async () => {
    let skew = 0;
    const { gateway, idp } = await setUp({}, { deps: { now: () => Date.now() + skew } });
    const page = await openConsolePage(browser);
    await toProvider(page, gateway);
    await logIn(page, "carla");
    await page.getByRole("heading", { name: "You" }).waitFor();
    await idp.stop();
    for (const minutes of [25, 50]) {
      skew = minutes * 60_000;
      await page.goto(`${gateway.url}/console/you`);
      await page.getByRole("heading", { name: "You" }).waitFor();
    }
    skew = 61 * 60_000;
    await page.goto(`${gateway.url}/console/you`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  it("takes no answer that came too late", async () => {
    let skew = 0;
    const { gateway } = await setUp({}, { deps: { now: () => Date.now() + skew } });
    const page = await openConsolePage(browser);
    await toProvider(page, gateway);
    skew = 11 * 60_000;
    await logIn(page, "ann");
    await page.getByRole("heading", { name: "This sign-in is out of date" }).waitFor();
  });

  it("offers both ways where there are both, and looks well", async () => {
    const { gateway } = await setUp({}, { keys: true });
    const page = await openConsolePage(browser, { phone: true });
    await page.goto(`${gateway.url}/console`);
    await page.getByRole("button", { name: /^Sign in at/ }).waitFor();
    await page.getByLabel("API key").waitFor();
    expect(await axeViolations(page)).toEqual([]);
    expect(await overflowOf(page)).toBe(0);
  });
});

it("is not offered where people have other subjects there than their agents have", async () => {
  const { gateway } = await setUp({}, { keys: true, subjectClaim: "email" });
  const html = await (await fetch(`${gateway.url}/console/sign-in`)).text();
  expect(html).not.toContain("Sign in at");
  expect(html).toContain("API key");
});

it("does not ask the provider again and again about codes for one sign-in", async () => {
  const { gateway, idp } = await setUp();
  const { origin } = new URL(gateway.url);
  const started = await fetch(`${gateway.url}/console/sign-in/start`, {
    method: "POST",
    headers: { Origin: origin },
    body: new URLSearchParams(),
  });
  const cookie = started.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  const state = /[?&;]state=([\w-]+)/.exec(await started.text())?.[1] ?? "";
  const answers: number[] = [];
  for (let i = 0; i < 12; i++) {
    const query = new URLSearchParams({ state, code: `guess-${i}`, iss: idp.issuer });
    answers.push((await fetch(`${gateway.url}/oauth/callback?${query}`, { headers: { Cookie: cookie } })).status);
  }
  expect(answers).toEqual([...Array<number>(10).fill(502), 429, 429]);
});

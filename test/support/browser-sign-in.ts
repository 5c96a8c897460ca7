import * as oidc from "openid-client";
import type { Browser, Page } from "playwright-core";

/** What people of the demo's identity provider sign in with. */
export interface BrowserSecrets {
  readonly password: string;
  readonly code: string;
}

/** Fills in the login page of the demo's identity provider, the code where there is a field for it, and submits it. */
export async function logIn(
  page: Page,
  secrets: BrowserSecrets,
  user: string,
  act: "Sign in" | "I have no code" | "Cancel" = "Sign in",
): Promise<void> {
  await page.getByLabel("User").fill(user);
  await page.getByLabel("Password").fill(secrets.password);
  const field = page.getByLabel("One-time code");
  if (act === "Sign in" && (await field.isVisible())) await field.fill(secrets.code);
  await page.getByRole("button", { name: act }).click();
}

/** From a link of the gateway's to the login page, with the browser's own clicks. */
export async function toLogin(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("Never use this for real").waitFor();
}

/** Submits the login page, but keeps the provider's answer from the gateway: the address that the browser would go to. */
export async function holdAnswer(page: Page, secrets: BrowserSecrets, user: string): Promise<URL> {
  const { request } = page.context();
  const held = new Promise<URL>((resolve, reject) => {
    const hold = async (route: Parameters<Parameters<Page["route"]>[1]>[0]): Promise<void> => {
      const first = await route.fetch({ maxRedirects: 0 });
      const second = await request.get(first.headers()["location"] ?? "", { maxRedirects: 0 });
      await route.fulfill({ body: "held" });
      resolve(new URL(second.headers()["location"] ?? ""));
    };
    void page.route("**/interaction/*", (route) => hold(route).catch(reject), { times: 1 }).catch(reject);
  });
  await logIn(page, secrets, user);
  return held;
}

/** Gives an agent of its own an access token of somebody who signs in with a browser, with the code or without. */
export async function tokenByBrowser(
  browser: Browser,
  issuer: string,
  secrets: BrowserSecrets,
  wanted: { readonly user: string; readonly code: boolean; readonly resource: string },
): Promise<string> {
  const redirectUri = "http://127.0.0.1:1/callback";
  const agent = await oidc.dynamicClientRegistration(
    new URL(issuer),
    { client_name: "An agent", redirect_uris: [redirectUri], token_endpoint_auth_method: "none" },
    oidc.None(),
    { execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks] },
  );
  const verifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(agent, {
    redirect_uri: redirectUri,
    scope: "openid",
    resource: wanted.resource,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(url.href);
    if (wanted.code) await page.getByLabel("Also with a code").check();
    const answer = await holdAnswer(page, secrets, wanted.user);
    const checks = { pkceCodeVerifier: verifier };
    const tokens = await oidc.authorizationCodeGrant(agent, answer, checks, { resource: wanted.resource });
    return tokens.access_token;
  } finally {
    await context.close();
  }
}

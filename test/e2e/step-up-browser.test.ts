import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { chromiumPath, openPage } from "../step-up/browser.ts";
import { holdAnswer, logIn, toLogin } from "../support/browser-sign-in.ts";
import { type BrowserWorld, startBrowserWorld } from "../support/browser-world.ts";
import { CHALLENGED_CLIENTS, type ConnectChallenged } from "../support/challenged-clients.ts";

const SIX_MINUTES = 360_000;

let world: BrowserWorld;
let passed = 0;
let count = 0;
beforeAll(async () => {
  if (chromiumPath !== undefined) world = await startBrowserWorld(() => Date.now() + passed);
}, 60_000);
afterEach(() => {
  passed = 0;
});
afterAll(() => world?.close(), 30_000);

const connected = async (connect: ConnectChallenged, token: string) => {
  const client = await connect(world.gateway.mcp, token);
  onTestFinished(() => client.close());
  return client;
};
const open = () => openPage(world.browser);
const titleOf = (page: Awaited<ReturnType<typeof open>>) => page.locator("h1").textContent();

/** Opens a link and signs in there as Ann, with password and code. */
async function signIn(link: string, page?: Awaited<ReturnType<typeof open>>): Promise<void> {
  const at = page ?? (await open());
  await toLogin(at, link);
  await logIn(at, world.secrets, "ann");
  await at.waitForURL(/\/oauth\/callback/);
  expect(await titleOf(at)).toBe("Confirmed");
}

// On a busy machine a browser takes its time.
const options = { timeout: 60_000, skip: chromiumPath === undefined };

describe.each(CHALLENGED_CLIENTS)("$client, with a real browser", options, ({ connect }) => {
  it("is asked for nothing where its user has signed in with the code already", async () => {
    const client = await connected(connect, world.tokens.strong);
    expect(await client.call("session")).toMatchObject({ isError: false, text: "session" });
  });

  it("hands its user a link, and its call is made once when they have signed in there", async () => {
    const client = await connected(connect, world.tokens.weak);
    const before = world.runs();
    count += 1;
    const text = `pay ${count}`;
    const challenged = await client.begin(text);
    expect(world.runs()).toBe(before);
    await signIn(challenged.link);
    expect(await challenged.end()).toMatchObject({ isError: false, text });
    expect(world.runs()).toBe(before + 1);
    // The sign-in was for that one call.
    expect((await client.begin(text)).link).not.toBe(challenged.link);
    expect(world.runs()).toBe(before + 1);
  });
});

const REPRESENTATIVES = CHALLENGED_CLIENTS.filter(({ client }) =>
  ["SDK v2 that shows links", "raw HTTP, legacy"].includes(client),
);

describe.each(REPRESENTATIVES)("$client gains nothing by", options, ({ client: kind, connect }) => {
  const begin = async (what: string) => {
    const client = await connected(connect, world.tokens.weak);
    const text = `pay ${kind}, ${what}`;
    const challenged = await client.begin(text);
    return { client, text, challenged, before: world.runs(), page: await open() };
  };

  it.each([
    ["somebody else's sign-in", "sam", "Sign in", "This is somebody else's request", "wrong_user"],
    ["a sign-in without the code", "ann", "I have no code", "This sign-in is not strong enough", "too_weak"],
    ["a sign-in that was cancelled", "ann", "Cancel", "You cancelled the sign-in", "cancelled"],
  ] as const)("%s, and goes on by the right one after it", async (what, user, act, title, reason) => {
    const { text, challenged, before, page } = await begin(what);
    await toLogin(page, challenged.link);
    await logIn(page, world.secrets, user, act);
    await page.waitForURL(/\/oauth\/callback/);
    expect(await titleOf(page)).toBe(title);
    expect(world.events.at(-1)).toMatchObject({ act: "refused", reason, subject: "ann" });
    expect(world.runs()).toBe(before);
    await signIn(challenged.link, page);
    expect(await challenged.end()).toMatchObject({ isError: false, text });
    expect(world.runs()).toBe(before + 1);
  });

  it("a sign-in of before it was asked for", async () => {
    // The gateway's clock is a minute ahead of the provider's.
    passed = 60_000;
    const { challenged, before, page } = await begin("old");
    await toLogin(page, challenged.link);
    await logIn(page, world.secrets, "ann");
    await page.waitForURL(/\/oauth\/callback/);
    expect(await titleOf(page)).toBe("This sign-in is not fresh enough");
    expect(world.events.at(-1)).toMatchObject({ act: "refused", reason: "too_old" });
    expect(world.runs()).toBe(before);
  });

  it("an answer that comes a second time", async () => {
    const { text, challenged, before, page } = await begin("replayed");
    await toLogin(page, challenged.link);
    const cookies = await page.context().cookies();
    const answer = await holdAnswer(page, world.secrets, "ann");
    await page.goto(answer.href);
    expect(await titleOf(page)).toBe("Confirmed");
    expect(await challenged.end()).toMatchObject({ isError: false, text });
    await page.goto(answer.href);
    expect(await titleOf(page)).toBe("This sign-in was not begun here");
    await page.context().addCookies(cookies);
    await page.goto(answer.href);
    expect(await titleOf(page)).toBe("This is done already");
    expect(world.runs()).toBe(before + 1);
  });

  it("an answer in another browser, and goes on by that in its own", async () => {
    const { text, challenged, before, page } = await begin("foreign");
    await toLogin(page, challenged.link);
    const answer = await holdAnswer(page, world.secrets, "ann");
    const other = await open();
    await other.goto(answer.href);
    expect(await titleOf(other)).toBe("This sign-in was not begun here");
    expect(world.runs()).toBe(before);
    await page.goto(answer.href);
    expect(await titleOf(page)).toBe("Confirmed");
    expect(await challenged.end()).toMatchObject({ isError: false, text });
    expect(world.runs()).toBe(before + 1);
  });

  it("an answer of another issuer", async () => {
    const { text, challenged, before, page } = await begin("mixed up");
    await toLogin(page, challenged.link);
    const answer = await holdAnswer(page, world.secrets, "ann");
    answer.searchParams.set("iss", "https://evil.example");
    await page.goto(answer.href);
    expect(await titleOf(page)).toBe("The answer came from the wrong place");
    expect(world.events.at(-1)).toMatchObject({ act: "refused", reason: "mixed_up_issuer" });
    expect(world.runs()).toBe(before);
    await signIn(challenged.link, page);
    expect(await challenged.end()).toMatchObject({ isError: false, text });
  });

  it("a sign-in whose time is over", async () => {
    const client = await connected(connect, world.tokens.weak);
    const { link, end } = await client.begin("session 1");
    await signIn(link);
    expect(await end()).toMatchObject({ isError: false, text: "session 1" });
    expect(await client.call("session 2")).toMatchObject({ isError: false, text: "session 2" });
    const before = world.runs();
    passed = SIX_MINUTES;
    expect((await client.begin("session 2")).link).not.toBe(link);
    expect(world.runs()).toBe(before);
  });

  it("a restart on the way, and loses nothing", async () => {
    const { client, text, challenged, before, page } = await begin("restarted");
    await toLogin(page, challenged.link);
    await world.restart();
    await logIn(page, world.secrets, "ann");
    await page.waitForURL(/\/oauth\/callback/);
    expect(await titleOf(page)).toBe("Confirmed");
    expect(await client.call(text)).toMatchObject({ isError: false, text });
    expect(world.runs()).toBe(before + 1);
  });
});

describe("what is kept of a way to the identity provider and back", options, () => {
  it("is neither the code, nor the state, nor what the browser or the agent proved themselves with", async () => {
    const [representative] = REPRESENTATIVES;
    if (representative === undefined) throw new Error("There is no such client.");
    const client = await connected(representative.connect, world.tokens.weak);
    const challenged = await client.begin("pay in secret");
    const page = await open();
    await toLogin(page, challenged.link);
    const cookie =
      (await page.context().cookies()).find(({ name }) => name.includes("portcullis-step-up"))?.value ?? "";
    const answer = await holdAnswer(page, world.secrets, "ann");
    await page.goto(answer.href);
    expect(await titleOf(page)).toBe("Confirmed");
    expect(await challenged.end()).toMatchObject({ isError: false });
    const kept = [await page.content(), ...world.gateway.logged, ...world.stored()].join("\n");
    expect(kept).toContain("signed_in");
    const { code, state } = Object.fromEntries(answer.searchParams);
    for (const secret of [code, state, cookie, world.tokens.weak, world.secrets.password]) {
      expect(secret?.length).toBeGreaterThanOrEqual(8);
      expect(kept.includes(secret ?? "")).toBe(false);
    }
  });
});

import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import { chromiumPath, sharedBrowser } from "../step-up/browser.ts";
import {
  axeViolations,
  CONSOLE_CONFIG,
  consoleUsers,
  csrfTokenIn,
  MACHINE_KEY,
  openConsolePage,
  overflowOf,
  postForm,
  sessionCookie,
  signIn,
  startConsole,
} from "../support/console.ts";
import { type RawRequest, send } from "../support/raw-mcp.ts";

describe.skipIf(chromiumPath === undefined)("the console in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  it.each([
    { scripts: true, phone: false, dark: false },
    { scripts: false, phone: true, dark: true },
  ])("signs a person in and out ($scripts scripts, phone $phone, dark $dark)", async (options) => {
    const gateway = await startConsole();
    const page = await openConsolePage(browser, options);
    const problems: string[] = [];
    page.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) problems.push(message.text());
    });
    await page.goto(`${gateway.url}/console/you`);
    expect(new URL(page.url()).pathname).toBe("/console/sign-in");
    expect(await overflowOf(page)).toBe(0);
    if (options.scripts) expect(await axeViolations(page)).toEqual([]);
    await page.getByLabel("API key").fill(consoleUsers.key("carla"));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "You" }).waitFor();
    expect(await page.getByRole("definition").last().textContent()).toBe("yes");
    expect(await overflowOf(page)).toBe(0);
    if (options.scripts) expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByText("You are signed out.").waitFor();
    await page.goto(`${gateway.url}/console/you`);
    expect(new URL(page.url()).pathname).toBe("/console/sign-in");
    expect(problems).toEqual([]);
  });

  it("works for each user of the tests", async () => {
    const gateway = await startConsole();
    for (const user of ["ann", "sam", "carla"] as const) {
      const page = await openConsolePage(browser);
      await signIn(page, gateway, user, "/console/you");
      expect(await page.getByRole("definition").first().textContent()).toBe(user);
    }
  });
});

describe("the sign-in with a key", () => {
  it.each([
    { key: "pk_nobody", status: 401, says: "This key is not known." },
    { key: MACHINE_KEY, status: 403, says: "This key belongs to a machine" },
  ])("refuses $key", async ({ key, status, says }) => {
    const gateway = await startConsole();
    const answer = await postForm(gateway, "/console/sign-in", { key });
    expect(answer.status).toBe(status);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await answer.text()).toContain(says);
  });

  it("holds a key back that fails again and again, nobody else's from the same address, and lets it try later", async () => {
    let at = Date.now();
    const gateway = await startConsole({}, {}, { now: () => at });
    const attempt = (key: string) => postForm(gateway, "/console/sign-in", { key });
    const wrong = `${consoleUsers.key("ann").slice(0, 20)}wrong`;
    for (let i = 0; i < 10; i++) expect((await attempt(wrong)).status).toBe(401);
    const held = await attempt(consoleUsers.key("ann"));
    expect(held.status).toBe(429);
    expect(Number(held.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect((await attempt(consoleUsers.key("sam"))).status).toBe(303);
    at += 60_000;
    expect((await attempt(consoleUsers.key("ann"))).status).toBe(303);
  });

  it("leads back only to pages of the console", async () => {
    const gateway = await startConsole();
    const key = consoleUsers.key("ann");
    for (const [to, place] of [
      ["/console/you?x=1", "/console/you?x=1"],
      ["https://evil.example/console", "/console"],
      ["//evil.example/console", "/console"],
      ["/\\evil.example", "/console"],
      ["/console/../mcp", "/console"],
      ["/consoles", "/console"],
      ["/console/sign-out", "/console"],
    ] as const) {
      const answer = await postForm(gateway, "/console/sign-in", { key, to });
      expect(answer.headers.get("location"), to).toBe(place);
    }
  });

  it("begins a new session whatever cookie came with it, and ends that one", async () => {
    const gateway = await startConsole();
    const planted = await sessionCookie(gateway, "eve");
    const answer = await postForm(gateway, "/console/sign-in", { key: consoleUsers.key("carla") }, { Cookie: planted });
    const cookie = answer.headers.getSetCookie()[0] ?? "";
    expect(cookie).not.toContain(planted);
    expect(cookie).toMatch(/; Path=\/(?=;|$)/);
    expect(cookie).toContain("; HttpOnly");
    expect(cookie).toContain("; SameSite=Lax");
    expect((await look(gateway, planted)).status).toBe(303);
  });
});

describe("a session", () => {
  it("ends when it is not used for half an hour, and twelve hours after the sign-in", async () => {
    let at = Date.now();
    const gateway = await startConsole({}, {}, { now: () => at });
    const idle = await sessionCookie(gateway, "ann");
    const used = await sessionCookie(gateway, "sam");
    const began = at;
    for (; at < began + 12 * 3_600_000; at += 29 * 60_000) expect((await look(gateway, used)).status).toBe(200);
    expect((await look(gateway, used)).status).toBe(303);
    expect((await look(gateway, idle)).status).toBe(303);
  });

  it("is not kept alive by a page that is merely open", async () => {
    let at = Date.now();
    const gateway = await startConsole({}, {}, { now: () => at });
    const cookie = await sessionCookie(gateway, "ann");
    const refresh = () =>
      fetch(`${gateway.url}/console/you`, { headers: { cookie, "X-Portcullis-Refresh": "1" }, redirect: "manual" });
    for (let minutes = 0; minutes < 30; minutes += 10, at += 10 * 60_000) expect((await refresh()).status).toBe(200);
    expect((await refresh()).status).toBe(401);
  });

  it("outlives the gateway's process, but not its key", async () => {
    const gateway = await startConsole();
    const cookie = await sessionCookie(gateway, "carla");
    await gateway.restart();
    expect((await look(gateway, cookie)).status).toBe(200);
    gateway.reconfigure({ auth: { api_keys: [] } });
    await gateway.restart();
    expect((await look(gateway, cookie)).status).toBe(303);
  });

  it("ends when its key was replaced by another of that name, and nobody else's does", async () => {
    const gateway = await startConsole();
    const [replaced, kept] = [await sessionCookie(gateway, "carla"), await sessionCookie(gateway, "ann")];
    const { auth } = CONSOLE_CONFIG;
    const api_keys = auth.api_keys.map((key) =>
      key.name === "key-of-carla" ? { ...key, hash: `sha256:${sha256("pk_another")}` } : key,
    );
    gateway.reconfigure({ ...CONSOLE_CONFIG, auth: { ...auth, api_keys } });
    await gateway.restart();
    expect((await look(gateway, replaced)).status).toBe(303);
    expect((await look(gateway, kept)).status).toBe(200);
  });

  it("changes nothing without the token of its own forms", async () => {
    const gateway = await startConsole();
    const cookie = await sessionCookie(gateway, "carla");
    const foreign = csrfTokenIn(await (await look(gateway, await sessionCookie(gateway, "ann"))).text());
    for (const csrf_token of ["", "x".repeat(64), foreign])
      expect((await postForm(gateway, "/console/sign-out", { csrf_token }, { Cookie: cookie })).status).toBe(403);
    const own = csrfTokenIn(await (await look(gateway, cookie)).text());
    const elsewhere = { Cookie: cookie, Origin: "https://evil.example" };
    expect((await postForm(gateway, "/console/sign-out", { csrf_token: own }, elsewhere)).status).toBe(403);
    expect((await look(gateway, cookie)).status).toBe(200);
    expect((await postForm(gateway, "/console/sign-out", { csrf_token: own }, { Cookie: cookie })).status).toBe(303);
    expect((await look(gateway, cookie)).status).toBe(303);
  });
});

it("has its sign-in kept to https where the public URL has it", async () => {
  const home = "https://gateway.example";
  const gateway = await startConsole();
  gateway.reconfigure({ ...CONSOLE_CONFIG, server: { public_url: home } });
  await gateway.restart();
  const answer = await postForm(gateway, "/console/sign-in", { key: consoleUsers.key("ann") }, { Origin: home });
  const cookie = answer.headers.getSetCookie()[0] ?? "";
  expect(cookie).toMatch(/^__Host-portcullis-console=[^;]+; /);
  expect(cookie).toContain("; Secure");
  expect(cookie).toContain("; HttpOnly");
  expect(cookie).toMatch(/; Path=\/(?=;|$)/);
  expect(cookie).not.toContain("Domain");
});

describe("the host of a request", () => {
  const visit = async (Host: string) => {
    const gateway = await startConsole({ server: { allowed_hosts: ["other.example"] } });
    const Cookie = await sessionCookie(gateway, "ann");
    const port = Number(new URL(gateway.url).port);
    const request: RawRequest = { method: "GET", path: "/console/you?x=1", headers: { Host, Cookie } };
    return { gateway, answer: await send(port, request) };
  };

  it("is refused where it is foreign, also to who is signed in", async () => {
    const { answer } = await visit("evil.example");
    expect(answer.status).toBe(403);
    expect(answer.text).not.toContain("Sign out");
  });

  it("leads to the public URL where it is another allowed one", async () => {
    const { gateway, answer } = await visit("other.example");
    expect(answer.status).toBe(302);
    expect(answer.headers["location"]).toBe(`${gateway.url}/console/you?x=1`);
  });
});

it("says the same strict things with every answer", async () => {
  const gateway = await startConsole();
  const cookie = await sessionCookie(gateway, "carla");
  for (const path of ["/console", "/console/sign-in", "/console/you", "/console/nothing", "/console/assets/x.css"]) {
    const { headers } = await fetch(`${gateway.url}${path}`, { headers: { cookie }, redirect: "manual" });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy, path).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
  }
});

it("serves its files under names that change with them, to be kept", async () => {
  const gateway = await startConsole();
  const html = await (await fetch(`${gateway.url}/console/sign-in`)).text();
  const url = /href="(\/console\/assets\/console\.[0-9a-f]{16}\.css)"/.exec(html)?.[1];
  const answer = await fetch(`${gateway.url}${url}`);
  expect(answer.headers.get("content-type")).toBe("text/css; charset=utf-8");
  expect(answer.headers.get("cache-control")).toContain("immutable");
});

it("says what to configure where nobody can sign in", async () => {
  const gateway = await startConsole({ auth: { anonymous: true } });
  const html = await (await fetch(`${gateway.url}/console/sign-in`)).text();
  expect(html).toContain("portcullis keys create");
  expect((await postForm(gateway, "/console/sign-in", { key: "" })).status).toBe(401);
});

function look(gateway: { readonly url: string }, cookie: string): Promise<Response> {
  return fetch(`${gateway.url}/console/you`, { headers: { cookie }, redirect: "manual" });
}

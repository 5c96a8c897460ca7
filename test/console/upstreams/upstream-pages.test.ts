import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, sharedBrowser } from "../../step-up/browser.ts";
import { connectSdk1 } from "../../support/clients.ts";
import {
  axeViolations,
  consoleUsers,
  csrfTokenIn,
  openConsolePage,
  overflowOf,
  postForm,
  sessionCookie,
  signIn,
  startConsole,
} from "../../support/console.ts";
import { eventually } from "../../support/eventually.ts";
import type { TestGateway } from "../../support/gateway.ts";
import { startLegacyUpstream } from "../../support/legacy-upstream.ts";
import { startModernUpstream } from "../../support/modern-upstream.ts";
import { answer, legacyScript, startRawUpstream } from "../../support/raw-upstream.ts";
import { closeAfterEach } from "../../support/upstreams.ts";

const closing = closeAfterEach();
const CANARY = "canary-77af-of-a-form";
const LOOPBACK = { registration: { addresses: ["127.0.0.0/8"] } };

/** Fetches a page as a person of the tests, without a browser. */
async function get(gateway: TestGateway, path: string, cookie: string): Promise<{ status: number; html: string }> {
  const answer = await fetch(`${gateway.url}${path}`, { headers: { cookie }, redirect: "manual" });
  return { status: answer.status, html: await answer.text() };
}

describe.skipIf(chromiumPath === undefined)("upstreams in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  it.each([
    { scripts: true, phone: false, dark: false },
    { scripts: false, phone: true, dark: true },
  ])("one is registered, tested, called and removed (scripts $scripts, phone $phone)", async (options) => {
    const server = closing(await startModernUpstream());
    const gateway = await startConsole(LOOPBACK);
    const page = await openConsolePage(browser, options);
    const looksRight = async () => {
      expect(await overflowOf(page)).toBe(0);
      if (options.scripts) expect(await axeViolations(page)).toEqual([]);
    };
    await signIn(page, gateway, "carla", "/console/upstreams");
    await page.getByText("url: https://mcp.example.com/mcp").waitFor();
    await looksRight();

    await page.getByRole("link", { name: "Register an upstream" }).click();
    await looksRight();
    await page.getByLabel("Name", { exact: true }).fill("notes");
    await page.getByLabel("URL").fill(server.url);
    await page.getByLabel("Name of header 1").fill("Authorization");
    await page.getByLabel("Value of header 1").fill(`Bearer ${CANARY}`);
    await page.getByLabel("Tools not to offer").fill("work");
    await page.getByRole("button", { name: "Register and test" }).click();
    await page.getByText("notes is registered.").waitFor();
    await page.getByText("The test succeeded").waitFor();
    expect(await page.getByRole("rowheader").allTextContents()).toContain("echo");
    await looksRight();
    expect(server.seen.some((headers) => headers.authorization === `Bearer ${CANARY}`)).toBe(true);

    await eventually(async () => (gateway.running.wired.tools().length > 0 ? true : undefined));
    const client = closing(await connectSdk1(gateway.mcp, consoleUsers.bearer("ann")));
    expect(await client.call("notes__echo", { text: "hi" })).toMatchObject({ isError: false });

    await page.getByRole("link", { name: "See notes" }).click();
    await page.getByText("registered by carla").waitFor();
    expect(await page.getByRole("table", { name: "Last calls" }).textContent()).toContain("echo");
    expect(await page.getByRole("link", { name: "echo", exact: true }).getAttribute("href")).toBe(
      "/console/tools/notes/echo",
    );
    expect(await page.content()).not.toContain(CANARY);
    await looksRight();
    await page.getByRole("link", { name: /^Its tools/ }).click();
    expect(await page.getByRole("rowheader").allTextContents()).toEqual(expect.not.arrayContaining(["work"]));
    await page.goBack();

    await page.getByRole("link", { name: "Remove…" }).click();
    await looksRight();
    await page.getByRole("button", { name: "Remove notes" }).click();
    await page.getByText("The upstream was removed.").waitFor();
    expect(gateway.running.wired.tools()).toEqual([]);
  });

  it("does no harm with what a server says of itself", async () => {
    const markup = '</dd><script>alert(1)</script><img src=x onerror="alert(1)">';
    const serverInfo = { name: markup, version: "1\u202e2", websiteUrl: "javascript:alert(1)" };
    const instructions = `${markup}\u2066\n${"x".repeat(1_000_000)}`;
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {}, [markup]: {} },
      serverInfo,
      instructions,
    };
    const script = legacyScript((request, response) => answer(request, response, { tools: [] }));
    const server = closing(
      await startRawUpstream((request, response) => {
        if (request.method === "initialize") answer(request, response, result);
        else script(request, response);
      }),
    );
    const gateway = await startConsole({ upstreams: { crm: { url: server.url } } });
    const page = await openConsolePage(browser);
    await signIn(page, gateway, "carla", "/console/upstreams/crm");
    const shown = await page.getByRole("main").textContent();
    for (const part of [markup, "1[U+202E]2", "[U+2066]"]) expect(shown).toContain(part);
    expect(shown?.length).toBeLessThan(200_000);
    expect(await page.locator("main script:not([src]), main img, main a[href^=javascript]").count()).toBe(0);
    expect(await overflowOf(page)).toBe(0);
    expect(await axeViolations(page)).toEqual([]);
  });

  it("shows one that is gone with the reason and what to do, and again when it is back", async () => {
    const server = await startLegacyUpstream();
    const timing = { upstream: { backoffMs: 10, backoffCapMs: 50 } };
    const gateway = await startConsole({ upstreams: { crm: { url: server.url } } }, {}, { timing });
    const page = await openConsolePage(browser);
    await signIn(page, gateway, "carla", "/console/upstreams");
    const row = page.getByRole("row", { name: /crm/ });
    await row.getByText("ready").waitFor();
    // The page is never loaded again: it hears of it.
    await page.evaluate("window.mark = 1");
    await server.close();
    await row.getByText("down").waitFor();
    await row.getByText("Nothing listens there.").waitFor();
    const again = closing(await startLegacyUpstream(server.port));
    await row.getByText("ready").waitFor();
    expect(await page.evaluate("window.mark")).toBe(1);

    await page.goto(`${gateway.url}/console/upstreams/crm`);
    await again.close();
    await page.getByRole("alert").getByText("Nothing listens there.").waitFor();
  });
});

describe("what an upstream is registered with", () => {
  const good = { name: "crm", url: "https://crm.test/mcp", type: "http", timeout: "60s", isolation: "session" };

  async function register(config: object, fields: Readonly<Record<string, string>>) {
    const gateway = await startConsole(config);
    const cookie = await sessionCookie(gateway, "carla");
    const csrf_token = csrfTokenIn((await get(gateway, "/console/upstreams/_register", cookie)).html);
    const answer = await postForm(
      gateway,
      "/console/upstreams/_register",
      { ...good, csrf_token, ...fields },
      { cookie },
    );
    const html = await answer.text();
    const error = (field: string) =>
      new RegExp(`<p class="error" id="error-${field}">([^<]*)</p>`).exec(html)?.[1] ?? "";
    return { status: answer.status, html, error, names: gateway.running.wired.upstreams.names() };
  }

  it.each([
    { what: "a name with a space", fields: { name: "my crm" }, at: "name", status: 400, says: "" },
    { what: "no name", fields: { name: "" }, at: "name", status: 400, says: "" },
    { what: "a name of the file", fields: { name: "filed" }, at: "name", status: 409, says: "has this name already" },
    { what: "an address that is none", fields: { url: "crm" }, at: "url", status: 400, says: "" },
    { what: "a reference", fields: { url: "https://crm.test/\u0024{HOME}" }, at: "url", status: 400, says: "" },
    {
      what: "a private address",
      fields: { url: "http://127.0.0.1:1/mcp" },
      at: "url",
      status: 400,
      says: "registration.addresses",
    },
    { what: "a time that is none", fields: { timeout: "soon" }, at: "timeout", status: 400, says: "" },
    {
      what: "a header without a value",
      fields: { header_name: "X-Key" },
      at: "headers",
      status: 400,
      says: "both a name and a value",
    },
    { what: "JSON that is none", fields: { entry: "{" }, at: "entry", status: 400, says: "not a JSON object" },
    { what: "a key that is unknown", fields: { entry: '{"colour":"red"}' }, at: "entry", status: 400, says: "colour" },
    { what: "a program", fields: { entry: '{"command":"sh"}' }, at: "entry", status: 400, says: "command" },
  ])("is told at its field where it is $what", async ({ fields, at, status, says }) => {
    const told = await register({ upstreams: { filed: { url: "http://127.0.0.1:1/mcp" } } }, fields);
    expect([told.status, told.names]).toEqual([status, ["filed"]]);
    expect(told.error(at)).not.toBe("");
    expect(told.html).toContain('<div class="banner bad" role="alert">');
    expect(told.error(at)).toContain(says);
  });

  it("stays in the form when something else is wrong, but for a header's value", async () => {
    const fields = { timeout: "soon", deny: "delete_*", header_name: "X-Key", header_value: CANARY };
    const { html } = await register(LOOPBACK, fields);
    for (const kept of ["https://crm.test/mcp", "soon", "delete_*", "X-Key"]) expect(html).toContain(kept);
    expect(html).not.toContain(CANARY);
  });

  it("is kept also when the server does not answer yet", async () => {
    const told = await register(LOOPBACK, { url: "http://127.0.0.1:1/mcp" });
    expect([told.status, told.names]).toEqual([200, ["crm"]]);
    expect(told.html).toContain("The test failed after");
    expect(told.html).toContain("Nothing listens there.");
  });
});

describe("the pages of upstreams, tools and sessions", () => {
  const PATHS = [
    "upstreams",
    "upstreams/_register",
    "upstreams/crm",
    "tools",
    "tools/crm/echo",
    "sessions",
    "sessions/end?id=x",
  ];

  it.each(["ann", "sam", "eve"] as const)("are not for %s", async (user) => {
    const server = closing(await startLegacyUpstream());
    const gateway = await startConsole({ upstreams: { crm: { url: server.url } } });
    const cookie = await sessionCookie(gateway, user);
    const csrf_token = csrfTokenIn((await get(gateway, "/console/you", cookie)).html);
    for (const path of PATHS) {
      const { status, html } = await get(gateway, `/console/${path}`, cookie);
      expect([path, status]).toEqual([path, 403]);
      expect(html).not.toContain("crm");
    }
    for (const path of ["upstreams/_register", "upstreams/crm/test", "upstreams/crm/remove", "sessions/end"]) {
      const answer = await postForm(gateway, `/console/${path}`, { csrf_token, name: "x", id: "x" }, { cookie });
      expect([path, answer.status]).toEqual([path, 403]);
    }
    expect(gateway.running.wired.upstreams.names()).toEqual(["crm"]);
  });

  it.each([
    { what: "without a token", fields: {}, headers: {} },
    { what: "with a token of somebody else", fields: { csrf_token: "0".repeat(64) }, headers: {} },
    { what: "from another site", fields: undefined, headers: { Origin: "https://evil.example" } },
    { what: "from nowhere", fields: undefined, headers: { Origin: "null" } },
  ])("change nothing for a form $what", async ({ fields, headers }) => {
    const gateway = await startConsole(LOOPBACK);
    const cookie = await sessionCookie(gateway, "carla");
    const csrf_token = csrfTokenIn((await get(gateway, "/console/upstreams/_register", cookie)).html);
    const entry = { name: "crm", url: "http://127.0.0.1:1/mcp", type: "http", ...(fields ?? { csrf_token }) };
    const answer = await postForm(gateway, "/console/upstreams/_register", entry, { cookie, ...headers });
    expect(answer.status).toBe(403);
    expect(gateway.running.wired.upstreams.names()).toEqual([]);
  });

  it("lead only to pages that are there", async () => {
    const server = closing(await startLegacyUpstream());
    const policy = "policies:\n  - id: no-echo\n    target: { tools: [crm/echo] }\n    then: { deny: {} }\n";
    const gateway = await startConsole({ upstreams: { crm: { url: server.url } } }, { "crm.yaml": policy });
    const client = closing(await connectSdk1(gateway.mcp, consoleUsers.bearer("ann")));
    await client.call("crm__count");
    const cookie = await sessionCookie(gateway, "carla");
    const links = new Set<string>();
    for (const path of ["upstreams", "upstreams/crm", "tools", "tools/crm/echo", "sessions"]) {
      const { html } = await get(gateway, `/console/${path}`, cookie);
      for (const [, href = ""] of html.matchAll(/<a [^>]*href="([^"]*)"/g)) links.add(href.replaceAll("&amp;", "&"));
    }
    const kinds = ["/console/activity/call_", "/console/activity?", "/console/policies/id/", "/console/policies/try?"];
    for (const kind of kinds) expect([...links].some((link) => link.startsWith(kind))).toBe(true);
    for (const link of links) {
      if (link.startsWith("#") || link === "/console") continue;
      expect([link, (await get(gateway, link, cookie)).status]).toEqual([link, 200]);
    }
  });

  it("say that an upstream of the file is changed there, and do not remove it", async () => {
    const gateway = await startConsole({ upstreams: { crm: { url: "http://127.0.0.1:1/mcp" } } });
    const cookie = await sessionCookie(gateway, "carla");
    const { html } = await get(gateway, "/console/upstreams/crm", cookie);
    expect(html).toContain("the configuration file: change <code>upstreams.crm</code> there");
    expect(html).not.toContain("Remove…");
    expect((await get(gateway, "/console/upstreams/crm/remove", cookie)).status).toBe(404);
    const csrf_token = csrfTokenIn(html);
    const answer = await postForm(gateway, "/console/upstreams/crm/remove", { csrf_token }, { cookie });
    expect(answer.status).toBe(409);
    expect(gateway.running.wired.upstreams.names()).toEqual(["crm"]);
  });

  it.each(["upstreams/nothing", "upstreams/nothing/remove", "tools/nothing/at-all", "sessions/end?id=nothing"])(
    "do not exist for %s",
    async (path) => {
      const gateway = await startConsole();
      expect((await get(gateway, `/console/${path}`, await sessionCookie(gateway, "carla"))).status).toBe(404);
    },
  );
});

import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from "@modelcontextprotocol/client";
import type { Browser } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { chromiumPath, sharedBrowser } from "../../step-up/browser.ts";
import { connectSdk1 } from "../../support/clients.ts";
import {
  axeViolations,
  consoleUsers,
  openConsolePage,
  overflowOf,
  signIn,
  startConsole,
} from "../../support/console.ts";
import { eventually } from "../../support/eventually.ts";
import { initialize, send } from "../../support/raw-mcp.ts";
import { closeAfterEach } from "../../support/upstreams.ts";

const closing = closeAfterEach();

describe.skipIf(chromiumPath === undefined)("sessions in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  it("say how a client connects while there is none", async () => {
    const gateway = await startConsole();
    const page = await openConsolePage(browser);
    await signIn(page, gateway, "carla", "/console/sessions");
    const shown = await page.getByRole("main").textContent();
    expect(shown).toContain(`claude mcp add --transport http portcullis ${gateway.mcp}`);
    expect(shown).toContain(`"url": "${gateway.mcp}"`);
    expect(await axeViolations(page)).toEqual([]);
  });

  it.each([
    { scripts: true, phone: false },
    { scripts: false, phone: true },
  ])("are listed, and end when somebody says so (scripts $scripts, phone $phone)", async (options) => {
    const gateway = await startConsole();
    closing(await connectSdk1(gateway.mcp, consoleUsers.bearer("sam")));
    const modern = closing(new ModernClient({ name: "new", version: "2" }, { versionNegotiation: { mode: "auto" } }));
    const requestInit = { headers: consoleUsers.bearer("eve") };
    await modern.connect(new ModernTransport(new URL(gateway.mcp), { requestInit }));
    await modern.listen({ toolsListChanged: true });
    const { port } = new URL(gateway.url);
    const own = await initialize(Number(port), { user: consoleUsers.key("ann") });
    await eventually(async () => (gateway.running.stats().streams >= 2 ? true : undefined));

    const page = await openConsolePage(browser, options);
    await signIn(page, gateway, "carla", "/console/sessions");
    const names = async () => (await page.getByRole("rowheader").allTextContents()).toSorted();
    expect(await names()).toEqual(["ann", "eve", "sam"]);
    const row = await page.getByRole("row", { name: /^eve/ }).textContent();
    for (const part of ["new 2", "connected", "/mcp", "2026-07-28"]) expect(row).toContain(part);
    expect(await page.getByRole("row", { name: /^ann/ }).textContent()).toContain("idle");
    expect(await overflowOf(page)).toBe(0);
    if (options.scripts) expect(await axeViolations(page)).toEqual([]);

    await page.getByRole("link", { name: "End the session of ann" }).click();
    await page.getByText("This keeps nobody out").waitFor();
    expect(await overflowOf(page)).toBe(0);
    if (options.scripts) expect(await axeViolations(page)).toEqual([]);
    await page.getByRole("button", { name: "End this session" }).click();
    await page.getByText("The session was ended.").waitFor();
    expect(await names()).toEqual(["eve", "sam"]);
    const ping = { jsonrpc: "2.0", id: 1, method: "ping" };
    expect((await send(Number(port), { headers: own.headers, body: ping })).status).toBe(404);
    const { entries } = await gateway.running.operations.activity.search({ limit: 5 });
    expect(entries.at(-1)).toMatchObject({ kind: "admin", actor: "carla", outcome: "session_ended" });
  });

  it("do no harm with what a client calls itself", async () => {
    const gateway = await startConsole();
    const port = Number(new URL(gateway.url).port);
    const clientInfo = {
      name: '<img src=x onerror="alert(1)">',
      title: "</td><script>alert(1)</script>",
      version: "1\u202e",
    };
    const params = { protocolVersion: "2025-11-25", clientInfo, capabilities: {} };
    const headers = { Authorization: `Bearer ${consoleUsers.key("ann")}` };
    await send(port, { headers, body: { jsonrpc: "2.0", id: 0, method: "initialize", params } });
    const page = await openConsolePage(browser);
    await signIn(page, gateway, "carla", "/console/sessions");
    for (let look = 0; look < 2; look++) {
      expect(await page.getByRole("main").textContent()).toContain("</td><script>alert(1)</script> 1[U+202E]");
      expect(await page.locator("main script, main img").count()).toBe(0);
      expect(await overflowOf(page)).toBe(0);
      if (look === 0) await page.getByRole("link", { name: "End the session of ann" }).click();
    }
  });

  it("tell whoever ends one that it was gone already", async () => {
    const gateway = await startConsole();
    const own = await initialize(Number(new URL(gateway.url).port), { user: consoleUsers.key("ann") });
    const page = await openConsolePage(browser);
    await signIn(page, gateway, "carla", "/console/sessions");
    await page.getByRole("link", { name: "End the session of ann" }).click();
    await send(Number(new URL(gateway.url).port), { method: "DELETE", headers: own.headers });
    await page.getByRole("button", { name: "End this session" }).click();
    await page.getByText("The session was gone already.").waitFor();
  });
});

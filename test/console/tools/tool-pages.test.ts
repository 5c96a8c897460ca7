import type { Browser, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { chromiumPath, sharedBrowser } from "../../step-up/browser.ts";
import { axeViolations, openConsolePage, overflowOf, signIn, startConsole } from "../../support/console.ts";
import { answer, legacyScript, startRawUpstream } from "../../support/raw-upstream.ts";
import { closeAfterEach } from "../../support/upstreams.ts";

const closing = closeAfterEach();
const EMPTY = { type: "object", properties: {} };

/** A server that lists exactly these tools, whatever they are. */
async function serving(tools: readonly JsonObject[]) {
  return closing(
    await startRawUpstream(
      legacyScript((request, response) => answer(request, response, request.method === "tools/list" ? { tools } : {})),
    ),
  );
}

describe.skipIf(chromiumPath === undefined)("tools in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  const policy = `policies:
  - id: deletes-wait
    target: { tools: ["crm/delete_*"] }
    then: { deny: {} }
`;

  async function show(tools: readonly JsonObject[], to: string, options = {}): Promise<Page> {
    const server = await serving(tools);
    const gateway = await startConsole({ upstreams: { crm: { url: server.url } } }, { "crm.yaml": policy });
    const page = await openConsolePage(browser, options);
    await signIn(page, gateway, "carla", to);
    return page;
  }

  const rows = (page: Page) => page.getByRole("rowheader").allTextContents();

  it.each([
    { scripts: true, phone: false, dark: false },
    { scripts: false, phone: true, dark: true },
  ])("are found and shown with all that is known (scripts $scripts, phone $phone)", async (options) => {
    const contact = {
      type: "object",
      required: ["id"],
      properties: { id: { type: "string", description: "As in the list.", maxLength: 12 }, force: { default: false } },
    };
    const annotations = { destructiveHint: true };
    const tools = [
      {
        name: "delete_contact",
        title: "Delete a contact",
        description: "For good.",
        inputSchema: contact,
        annotations,
      },
      { name: "list_contacts", inputSchema: EMPTY, annotations: { readOnlyHint: true } },
    ];
    const page = await show(tools, "/console/tools", options);
    const looksRight = async () => {
      expect(await overflowOf(page)).toBe(0);
      if (options.scripts) expect(await axeViolations(page)).toEqual([]);
    };
    expect(await rows(page)).toEqual(["delete_contact", "list_contacts"]);
    await looksRight();
    await page.getByLabel("Policies").selectOption("Without a policy");
    await page.getByRole("button", { name: "Search" }).click();
    expect(await rows(page)).toEqual(["list_contacts"]);
    await page.getByLabel("Policies").selectOption("All tools");
    await page.getByRole("searchbox").fill("DELETE");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "delete_contact" }).click();
    await page.getByRole("heading", { name: "delete_contact" }).waitFor();
    await looksRight();
    const shown = await page.getByRole("main").textContent();
    for (const part of ["Delete a contact", "For good.", "crm__delete_contact", "destructive", "deletes-wait"]) {
      expect(shown).toContain(part);
    }
    const argument = await page.getByRole("row", { name: /^id/ }).textContent();
    for (const part of ["text", "required", "As in the list.", "at most 12 characters"])
      expect(argument).toContain(part);
    await page.getByText("As its server sent it").click();
    expect(await page.getByRole("region", { name: "Definition as JSON" }).textContent()).toContain(
      '"destructiveHint": true',
    );
    const link = (name: string) => page.getByRole("link", { name }).getAttribute("href");
    expect(await link("Try a call against the policies")).toBe("/console/policies/try?tool=crm%2Fdelete_contact");
    expect(await link("Its calls and changes")).toBe("/console/activity?upstream=crm&tool=delete_contact");
  });

  it("come fifty at a time", async () => {
    const tools = Array.from({ length: 1_000 }, (_, i) => ({
      name: `t${String(i).padStart(3, "0")}`,
      inputSchema: EMPTY,
    }));
    const page = await show(tools, "/console/tools?q=t");
    expect((await rows(page)).length).toBe(50);
    await page.getByText("Page 1 of 20, 1000 tools").waitFor();
    await page.getByRole("link", { name: "Next" }).click();
    expect((await rows(page))[0]).toBe("t050");
    expect(new URL(page.url()).search).toBe("?q=t&page=2");
    await page.getByRole("link", { name: "Previous" }).click();
    expect((await rows(page))[0]).toBe("t000");
  });

  const deep = (levels: number): JsonObject => {
    let schema: JsonObject = {};
    for (let i = 0; i < levels; i++) schema = { type: "object", properties: { a: schema } };
    return schema;
  };
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`p${i}`, { type: "string" }]));
  const markup = '<img src=x onerror="alert(1)"><script>alert(1)</script>';

  it.each([
    { what: "markup", name: markup, rest: { title: markup, description: markup }, says: "<script>alert(1)</script>" },
    {
      what: "markup in a schema",
      name: "t",
      rest: {
        inputSchema: { type: markup, properties: { [markup]: { type: markup, enum: [markup], description: markup } } },
      },
      says: "onerror",
    },
    { what: "another direction", name: "t", rest: { description: "pay \u202e100\u2066" }, says: "[U+202E]" },
    { what: "a slash", name: "a/../b?c#d%2Fe", rest: {}, says: "a/../b?c#d%2Fe" },
    { what: "a step", name: "..", rest: {}, says: ".." },
    { what: "half a character", name: "t", rest: { description: "a\ud800" }, says: "a\ufffd" },
    {
      what: "a megabyte",
      name: "t",
      rest: { description: "x".repeat(1_000_000) },
      says: "more characters are not shown",
    },
    {
      what: "10,000 properties",
      name: "t",
      rest: { inputSchema: { type: "object", properties: wide } },
      says: "There is more",
    },
    { what: "a deep schema", name: "t", rest: { inputSchema: deep(25) }, says: "There is more" },
    {
      what: "what is no text",
      name: "t",
      rest: { title: 1, description: { a: 1 }, annotations: "x", outputSchema: [] },
      says: "Its server gives none.",
    },
  ])("do no harm with $what", async ({ name, rest, says }) => {
    const page = await show([{ name, inputSchema: EMPTY, ...rest }], "/console/tools");
    const problems: string[] = [];
    page.on("dialog", (dialog) => problems.push(dialog.message()));
    page.on("console", (message) => {
      if (["warning", "error"].includes(message.type())) problems.push(message.text());
    });
    const sound = async () => {
      expect(await overflowOf(page)).toBe(0);
      expect(await axeViolations(page)).toEqual([]);
      expect(await page.locator("main script, main img, main [onerror]").count()).toBe(0);
    };
    await sound();
    await page.getByRole("rowheader").getByRole("link").click();
    await page.getByRole("heading", { name: "Definition" }).waitFor();
    expect(await page.getByRole("main").textContent()).toContain(says);
    await sound();
    expect(problems).toEqual([]);
  });
});

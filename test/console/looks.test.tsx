import type { Browser, Page } from "playwright-core";
import { beforeAll, describe, expect, it } from "vitest";
import { CallsPage } from "../../src/console/activity/calls-page.tsx";
import { readSearch } from "../../src/console/activity/read-search.ts";
import { consoleStyles } from "../../src/console/assets.ts";
import type { AuditEntry } from "../../src/store/audit/audit-rows.ts";
import { chromiumPath, openPage, sharedBrowser } from "../step-up/browser.ts";
import { auditEntry } from "../support/audit-entry.ts";
import { openConsolePage, overflowOf, signIn, startConsole } from "../support/console.ts";

const CSS = consoleStyles();

const LONG = "samantha.longname@subsidiary.example.com";

/** What a list of calls shows at work: a long address, a long name, every kind of word. */
const CALLS: readonly Partial<AuditEntry>[] = [
  { actorEmail: "ann@acme.com", upstream: "payments", tool: "make_payment", decision: "request_approval" },
  { actorEmail: LONG, outcome: "approval_pending", durationMs: 142 },
  { actorEmail: "ann@acme.com", tool: "delete_release", outcome: "UPSTREAM_UNAVAILABLE" },
];

/** The page of calls, by itself. */
function callsPage(): string {
  const entries = CALLS.map((changes, n) => auditEntry({ seq: n + 1, callId: `call_${n}`, ...changes }));
  const search = readSearch((name) => (name === "outcome" ? "failed" : undefined));
  const listed = { entries, nextCursor: undefined };
  const parts = { search, listed, cursor: undefined, overview: undefined, now: 1_790_000_100_000, url: "" };
  return String(<CallsPage {...parts} assets={(name) => `/${name}`} />);
}

/** Words of tables that stand on more than one line. */
const BROKEN_WORDS = `(() => {
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.parentElement.closest(".data")) continue;
    for (const { index, 0: word } of node.data.matchAll(/\\S+/g)) {
      const range = document.createRange();
      range.setStart(node, index);
      range.setEnd(node, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) found.add(word);
    }
  }
  return [...found];
})()`;

describe.skipIf(chromiumPath === undefined)("how pages look", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await sharedBrowser();
  });

  async function shown(html: string, width = 1440): Promise<Page> {
    const page = await openPage(browser);
    await page.setViewportSize({ width, height: 900 });
    await page.setContent(`<!doctype html><style>${CSS}</style><body><main id="main">${html}</main></body>`);
    return page;
  }

  it("no word of a table breaks where there is room for it", async () => {
    const html = callsPage();
    expect(await (await shown(html.replaceAll(LONG, "sam@acme.example"))).evaluate(BROKEN_WORDS)).toEqual([]);
    // One that is too long breaks by itself, and nothing else for its sake.
    expect(await (await shown(html)).evaluate(BROKEN_WORDS)).toEqual([LONG]);
  });

  it.each([360, 701, 1024])(
    "names that are too long break, and the page is not wider than its %i px",
    async (width) => {
      const long = "n".repeat(64);
      const html = callsPage().replaceAll("delete_release", long).replaceAll("samantha.longname", long);
      expect(await overflowOf(await shown(html, width))).toBe(0);
    },
  );

  it("an address has a line of its own on a phone", async () => {
    const page = await shown(callsPage(), 390);
    const width = await page.evaluate<number>(
      `[...document.querySelectorAll("bdi")].find((each) => each.textContent === "${LONG}").closest("td").clientWidth`,
    );
    expect(width).toBeGreaterThan(300);
  });

  it("links stand on the line of their sentence, and what folds has a triangle", async () => {
    const page = await shown(`${callsPage()}<details class="find"><summary>Find a request</summary></details>`);
    const [sentence, ...links] = await page.evaluate<readonly number[]>(`(() => {
      const place = document.createRange();
      const beside = [...document.querySelectorAll("p.beside")].at(-1);
      place.selectNode(beside.firstChild);
      return [place, ...beside.querySelectorAll("a")].map((it) => {
        const range = document.createRange();
        if (it instanceof Element) range.selectNodeContents(it);
        const { top, bottom } = (it instanceof Element ? range : it).getBoundingClientRect();
        return (top + bottom) / 2;
      });
    })()`);
    expect(links).toHaveLength(2);
    for (const link of links) expect(Math.abs(link - (sentence ?? Number.NaN))).toBeLessThan(2);
    const signs = await page.evaluate(
      `[...document.querySelectorAll("summary")].map((each) => getComputedStyle(each).display)`,
    );
    expect(signs).toEqual(["list-item", "list-item"]);
  });

  it("where one decides is as wide as the page, with four round corners", async () => {
    const page = await shown(
      '<div class="columns"><section class="panel">a</section><section class="panel">b</section></div><form class="bar">c</form>',
    );
    const [columns, bar, corners] = await page.evaluate<readonly [number[], number[], string[]]>(`(() => {
      const sides = (what) => { const { left, right } = document.querySelector(what).getBoundingClientRect(); return [left, right]; };
      const style = getComputedStyle(document.querySelector(".bar"));
      return [sides(".columns"), sides(".bar"), ["TopLeft", "TopRight", "BottomLeft", "BottomRight"].map((corner) => style["border" + corner + "Radius"])];
    })()`);
    expect(bar).toEqual(columns);
    expect(new Set(corners).size).toBe(1);
    expect(corners[0]).not.toBe("0px");
  });

  it("a phone shows the whole navigation, and where one is", async () => {
    const gateway = await startConsole();
    const page = await openConsolePage(browser, { phone: true });
    await signIn(page, gateway, "carla", "/console/sessions");
    const entries = await page.evaluate<readonly { left: number; right: number; height: number; current: boolean }[]>(
      `[...document.querySelectorAll("nav[aria-label=Console] a")].map((each) => {
        const { left, right, height } = each.getBoundingClientRect();
        return { left, right, height, current: each.getAttribute("aria-current") === "page" };
      })`,
    );
    expect(entries.length).toBeGreaterThan(4);
    for (const { left, right, height } of entries) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(390);
      expect(height, "wide enough for a thumb").toBeGreaterThanOrEqual(44);
    }
    expect(entries.filter(({ current }) => current)).toHaveLength(1);
  });
});

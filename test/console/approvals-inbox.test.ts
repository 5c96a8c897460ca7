import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { approvalListSchema } from "../../src/admin/approvals/schema.ts";
import { viewApprovals } from "../../src/admin/approvals/view.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { digestOf } from "../../src/core/digest.ts";
import { principalOf } from "../support/approval-people.ts";
import { type ConsoleUser, consoleUsers, sessionCookie } from "../support/console.ts";
import { type ApprovalConsole, startApprovalConsole } from "../support/console-approvals.ts";

/* One inbox with more in it than it shows: 30 that Sam may decide, 10 of his own, 4 that wait for the CFO. */

let console: ApprovalConsole;
let brief: ApprovalRequest;
let long: readonly ApprovalRequest[];
let others: readonly ApprovalRequest[];

async function asked(count: number, by: readonly ConsoleUser[], flow: string): Promise<readonly ApprovalRequest[]> {
  const made: ApprovalRequest[] = [];
  for (let nr = 0; nr < count; nr += 1) made.push(await console.ask({ by: by[nr % by.length] ?? "ann", flow }));
  return made;
}

beforeAll(async () => {
  console = await startApprovalConsole();
  others = await asked(4, ["ann"], "board");
  brief = await console.ask({ by: "eve", flow: "brief" });
  await asked(10, ["sam"], "finance");
  long = await asked(30, ["ann", "dana", "cleo"], "finance");
}, 60_000);
afterAll(() => console.close());

/** The page as somebody sees it, and the ids of the rows of one of its tables. */
async function look(user: ConsoleUser, path: string) {
  const cookie = await sessionCookie(console.gateway, user);
  const html = await (await fetch(`${console.gateway.url}${path}`, { headers: { cookie } })).text();
  const idsIn = (text: string) => [...text.matchAll(/<tr id="(apr_[\w-]{22})"/g)].map(([, id]) => id);
  const part = (id: string) => html.split(`aria-labelledby="${id}"`)[1]?.split("</section>")[0] ?? "";
  return { html, rows: (id: string) => idsIn(part(id)), all: idsIn(html) };
}

const idsOf = (requests: readonly ApprovalRequest[]) => requests.map(({ id }) => id);

describe("the inbox", () => {
  it("has what ends soonest first, marked, whenever it was asked for", async () => {
    const { html, rows } = await look("sam", "/console/approvals");
    expect(rows("to-decide")).toHaveLength(25);
    expect(rows("to-decide")[0]).toBe(brief.id);
    expect(html.match(/class="left soon"/g)).toHaveLength(1);
    expect(html).toContain("waiting for you");
    const listed = await look("sam", "/console/approvals?show=decide");
    expect(listed.all[0]).toBe(brief.id);
    expect(new Set(listed.all)).toEqual(new Set([brief.id, ...idsOf(long)]));
  });

  it("lists under others' nothing that waits for the reader or that they asked for, shown above or not", async () => {
    const seen = await look("sam", "/console/approvals");
    expect(seen.rows("mine")).toHaveLength(8);
    expect(seen.rows("others")).toEqual([]);
    const cleo = await look("cleo", "/console/approvals");
    expect(cleo.rows("to-decide")).toEqual(idsOf(others));
    const carla = await look("carla", "/console/approvals");
    expect(carla.rows("others")).toHaveLength(8);
  });

  it.each(["json", "pages"])("is in the same order in the API (%s)", async (how) => {
    const headers = { Authorization: consoleUsers.bearer("sam").authorization };
    const ids: string[] = [];
    let cursor: string | null = null;
    do {
      const url = new URL(`${console.gateway.url}/api/v1/approvals?decidable=true&limit=${how === "json" ? 100 : 7}`);
      if (cursor !== null) url.searchParams.set("cursor", cursor);
      const page = approvalListSchema.parse(await (await fetch(url, { headers })).json());
      ids.push(...page.items.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    const wanted = [brief, ...[...long].sort((a, b) => a.pendingUntil - b.pendingUntil || (a.id < b.id ? -1 : 1))];
    expect(ids).toEqual(idsOf(wanted));
  });
});

describe("the page of a request", () => {
  it("leads to the next that waits, from the last to the first, and back to all", async () => {
    const walked = new Set<string>();
    let at = brief.id;
    while (!walked.has(at)) {
      walked.add(at);
      const { html } = await look("sam", `/console/approvals/${at}`);
      expect(html).toContain('<a href="/console/approvals">All approvals</a>');
      expect(html).toContain("Next of 31: bank/pay");
      at = /rel="next" href="\/console\/approvals\/(apr_[\w-]{22})"/.exec(html)?.[1] ?? "";
    }
    expect(walked).toEqual(new Set([brief.id, ...idsOf(long)]));
  });

  it("leads nowhere else when nothing else waits", async () => {
    const { html } = await look("ann", `/console/approvals/${others[0]?.id}`);
    expect(html).toContain("All approvals");
    expect(html).not.toContain('rel="next"');
  });
});

describe("a call whose arguments do not fit its tool", () => {
  let odd: ApprovalRequest;
  beforeAll(async () => {
    const inputSchema = { type: "object", properties: { amount: { type: "number" } }, required: ["amount"] };
    const definition = { name: "pay", inputSchema };
    const definitionDigest = digestOf(definition);
    const { definitions } = console.gateway.running.wired.store;
    await definitions.replace("bank", [{ name: "pay", digest: definitionDigest, definition }], Date.now());
    odd = await console.ask({ by: "eve", flow: "brief", definitionDigest, arguments: { amount: "much" } });
    await console.ask({ by: "eve", flow: "brief", definitionDigest, arguments: { amount: 7.0 } });
  });

  const marked = (html: string) =>
    html
      .split("<tr ")
      .filter((row) => row.includes("does not fit its tool"))
      .map((row) => /id="(apr_[\w-]{22})"/.exec(row)?.[1]);

  it.each(["/console/approvals", "/console/approvals?show=decide", "/console/approvals?show=all&state=pending"])(
    "is marked in %s, for those who may see them",
    async (path) => {
      expect(marked((await look("sam", path)).html)).toEqual([odd.id]);
    },
  );

  it.each([
    "/console/approvals",
    "/console/approvals?show=decide",
    "/console/approvals?show=all&state=pending",
    "the API",
  ])("is marked in %s without opening the arguments of any", async (path) => {
    const { approvals } = console.gateway.running.operations;
    const opened = vi.spyOn(approvals, "arguments");
    const eve = { principal: principalOf("eve"), admin: false, lacks: undefined };
    if (path !== "the API") await look("sam", path);
    else {
      const { items } = await approvals.list(eve, { limit: 50 });
      const listed = await viewApprovals({ approvals, link: String }, items, eve, false);
      expect(listed.some((item) => (item.arguments_misfits ?? []).length > 0)).toBe(true);
    }
    expect(opened).not.toHaveBeenCalled();
    opened.mockRestore();
  });

  it("stays marked in lists and in the API when it was decided", async () => {
    const eve = { principal: principalOf("eve"), admin: false, lacks: undefined };
    const { approvals } = console.gateway.running.operations;
    expect(await approvals.cancel(eve, odd.id)).toMatchObject({ ok: true });
    const looking = { approvals, link: String };
    const listed = await viewApprovals(looking, (await approvals.list(eve, { limit: 50 })).items, eve, false);
    const misfits = listed.filter((item) => (item.arguments_misfits ?? []).length > 0);
    expect(misfits.map(({ id, state }) => [id, state])).toEqual([[odd.id, "cancelled"]]);
    expect(marked((await look("sam", "/console/approvals?show=all&state=cancelled")).html)).toEqual([odd.id]);
  });

  it("is not told to whoever may not see the arguments", async () => {
    expect(marked((await look("carla", "/console/approvals?show=all")).html)).toEqual([]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { auditListSchema, timelineSchema } from "../../src/admin/audit/schema.ts";
import type { AuditRow } from "../../src/store/audit/audit-row.ts";
import { type ApiGateway, get, startApiGateway } from "../support/api-gateway.ts";
import { people } from "../support/approval-people.ts";
import { eventually } from "../support/eventually.ts";
import { randomAudit } from "../support/random-audit.ts";
import { initialize, modern } from "../support/raw-mcp.ts";

const POLICIES = `policies:
  - id: large
    target: { tools: ["modern/echo"] }
    when: 'args.text.startsWith("large")'
    then: { request_approval: { flow: single, message: Somebody has to look at this. } }
`;

const DAY_MS = 86_400_000;
const to = Date.now() - DAY_MS;
const from = to - DAY_MS;

let api: ApiGateway;
let rows: readonly AuditRow[];

beforeAll(async () => {
  api = await startApiGateway({ server: { hold: "0s" } }, { "p.yaml": POLICIES });
  rows = randomAudit({ seed: 7, count: 20_000, from, to });
  await api.gateway.running.wired.store.audit.append(rows);
});
afterAll(() => api.close());

/** Entries are rows, but for the ends of calls. */
function shown(fits: (row: AuditRow) => boolean = () => true): readonly AuditRow[] {
  return rows.filter((row) => row.kind !== "closed" && fits(row));
}

async function page(query: string): Promise<z.infer<typeof auditListSchema>> {
  return auditListSchema.parse((await api.as("root", get(`/audit?${query}`))).json);
}

const past = `until=${new Date(to).toISOString()}`;

describe("the record over the API", () => {
  it("goes on where a page ended, each entry once, while others are added", async () => {
    const seqs: number[] = [];
    let cursor = "";
    do {
      const { items, next_cursor: next } = await page(`user=ann&tool=payments/pay&limit=100${cursor}`);
      seqs.push(...items.map(({ seq }) => seq));
      cursor = next === null ? "" : `&cursor=${next}`;
      await api.gateway.running.wired.store.audit.append(randomAudit({ seed: seqs.length, count: 20, from: to, to }));
    } while (cursor !== "");
    expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => b - a));
    const wanted = shown((row) => row.actor === "ann" && row.upstream === "payments" && row.tool === "pay");
    expect(seqs).toHaveLength(wanted.length);
  });

  it("narrows down by time, to the millisecond and in any zone", async () => {
    const [first] = (await page(`decision=deny&limit=1&${past}`)).items;
    const at = Date.parse(first?.at ?? "");
    const zoned = encodeURIComponent(new Date(at).toISOString().replace("Z", "+00:00"));
    const later = await page(`decision=deny&limit=500&since=${zoned}&${past}`);
    expect(later.items.map(({ seq }) => seq)).toContain(first?.seq);
    const before = await page(`decision=deny&limit=1&until=${zoned}`);
    expect(Date.parse(before.items[0]?.at ?? "")).toBeLessThan(at);
  });

  it("is not followed from a cursor that is none of ours", async () => {
    const answer = await api.as("root", get("/audit?cursor=apr_x"));
    expect([answer.status, answer.json["code"]]).toEqual([400, "PARAMS_INVALID"]);
  });

  it("tells the story of a call with its approval, arguments redacted", async () => {
    const session = await initialize(api.port, { user: people.key("ann") });
    await session.request("tools/call", {
      name: "modern__echo",
      arguments: { text: "large password=hunter2-hunter2" },
    });
    const call = await eventually(async () => {
      const [entry] = (await page("user=ann&decision=request_approval&tool=modern/echo&limit=1")).items;
      return entry?.approval === null ? undefined : entry;
    });
    const story = timelineSchema.parse((await api.as("root", get(`/audit/${call.call_id}`))).json);
    expect(story.entries.map(({ kind }) => kind)).toContain("opened");
    expect(story.approval).toMatchObject({ id: call.approval, arguments_form: "redacted", message: null });
    expect(story.approval?.history.map(({ act }) => act)).toEqual(["request"]);
  });
});

describe("an export", () => {
  it.each<[string, string, (row: AuditRow) => boolean]>([
    ["everything", "", () => true],
    ["a user", "&user=bob", (row) => row.actor === "bob"],
    ["a tool", "&tool=crm/delete_customer", (row) => row.upstream === "crm" && row.tool === "delete_customer"],
  ])("of %s holds each entry once, the oldest first", async (_, query, fits) => {
    const answer = await api.as("root", get(`/audit/export?${past}${query}`));
    expect(answer.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
    expect(answer.headers["content-disposition"]).toMatch(/^attachment; filename="audit-\d{4}-\d\d-\d\d\.jsonl"$/);
    expect(answer.headers["audit-head"]).toMatch(/^\d+:[0-9a-f]{64}$/);
    const lines = answer.text.trimEnd().split("\n");
    const seqs = lines.map((line) => z.object({ seq: z.int() }).parse(JSON.parse(line)).seq);
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs).size).toBe(shown((row) => row.at < to && fits(row)).length);
  });

  it("as a table has a line for each entry below its head", async () => {
    const answer = await api.as("root", get(`/audit/export?format=csv&${past}&user=cat`));
    expect(answer.headers["content-type"]).toBe("text/csv; charset=utf-8");
    const [head, ...lines] = answer.text.trimEnd().split("\r\n");
    expect(head).toMatch(/^seq,at,call_id,kind,user,/);
    expect(lines).toHaveLength(shown((row) => row.at < to && row.actor === "cat").length);
  });

  it.each(["=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", " =1"])(
    "as a table is no formula for a spreadsheet: %j",
    async (name) => {
      const clientInfo = { name, version: "1" };
      const call = modern(
        "tools/call",
        { name: "modern__echo", arguments: { text: name } },
        { meta: { "io.modelcontextprotocol/clientInfo": clientInfo } },
      );
      expect((await api.as("eve", call)).status).toBe(200);
      const [entry] = (await page("user=eve&limit=1")).items;
      const answer = await api.as("root", get(`/audit/export?format=csv&call=${entry?.call_id}`));
      const cells = answer.text.split("\r\n")[1]?.split(",") ?? [];
      expect(answer.text).toContain(`'${entry?.client}`);
      expect(cells.filter((cell) => /^"?\s*[=+\-@]/.test(cell))).toEqual([]);
    },
  );

  it("is nobody's but an administrator's", async () => {
    const answer = await api.as("fin", get("/audit/export"));
    expect([answer.status, answer.json["code"]]).toEqual([403, "ADMIN_REQUIRED"]);
  });
});

import { describe, expect, it } from "vitest";
import { type ExportFormat, exportEntries } from "../../src/audit/read/export-entries.ts";
import type { AuditEntry } from "../../src/store/audit/audit-rows.ts";
import { auditEntry } from "../support/audit-entry.ts";

async function* pagesOf(...pages: readonly (readonly AuditEntry[])[]) {
  yield* pages;
}

async function written(format: ExportFormat, ...pages: readonly (readonly AuditEntry[])[]): Promise<string> {
  let text = "";
  for await (const part of exportEntries(pagesOf(...pages), format)) text += part;
  return text;
}

it("JSON Lines have one object for each entry", async () => {
  const text = await written("jsonl", [auditEntry(), auditEntry({ seq: 2 })], [auditEntry({ seq: 3, tool: "a\nb" })]);
  const lines = text.split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2, 3]);
});

describe("comma-separated values", () => {
  it("begin with the names of their columns, and have a line for each entry", async () => {
    const policies = '[{"policy":"a","effect":"deny"},{"policy":"b","effect":"deny","mode":"shadow"}]';
    const text = await written("csv", [auditEntry({ policies, durationMs: 12.5 })]);
    const [head, line, end] = text.split("\r\n");
    expect(head).toMatch(/^seq,at,call_id,kind,user,/);
    expect(line).toMatch(/^1,2026-.*Z,call_1,opened,ann,/);
    expect(line).toContain(",a,b,ok,12.5,");
    expect(end).toBe("");
    expect(await written("csv")).toBe(`${head}\r\n`);
  });

  it.each([
    ["=1+1", "'=1+1"],
    ["+49", "'+49"],
    ["-2", "'-2"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    [" =1", "' =1"],
    ["\u00a0=1", "'\u00a0=1"],
    ["\uff1d1", "'\uff1d1"],
    ['=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ["a,b", '"a,b"'],
    ["two\nlines", '"two\nlines"'],
    ["\r\n=1", `"'\r\n=1"`],
    ["plain - text", "plain - text"],
  ])("never start a formula: %j is written %j", async (tool, cell) => {
    expect(await written("csv", [auditEntry({ tool })])).toContain(`,expenses,${cell},allow,`);
  });
});

it("nothing more is read while nobody takes what was", async () => {
  let read = 0;
  async function* pages() {
    for (; read < 100; ) {
      read += 1;
      yield [auditEntry({ seq: read })];
    }
  }
  const text = exportEntries(pages(), "jsonl");
  await text.next();
  expect(read).toBe(1);
  await text.return(undefined);
  expect(read).toBe(1);
});

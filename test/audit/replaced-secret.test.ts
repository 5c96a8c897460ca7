import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type Database from "better-sqlite3";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { AUDIT_CHAIN, canonicalRow, linkText } from "../../src/store/audit/audit-row.ts";
import { audit } from "../../src/store/audit/schema.ts";
import { keepingLog } from "../support/audit.ts";
import { SECRET } from "../support/audit-key.ts";
import { attack, copyRecord, type RecordFiles, recordFiles, runGateway, verdictOn } from "../support/record-world.ts";

/*
 * The gateway's secret is replaced, and the next one has it with the one of before. The record goes on. Whoever has the one of
 * before and the database changes nothing that was written since, nor what came before it.
 */

const NEXT = Buffer.alloc(32, 8);
const LAST = Buffer.alloc(32, 9);

let home: string;
let good: RecordFiles;
/** Rows under the first secret. */
let rows: number;
const log = keepingLog();

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "portcullis-replaced-"));
  good = recordFiles(home);
  await runGateway(good, SECRET, 0);
  rows = (await verdictOn(good, { secret: SECRET, anchor: true })).chain.rows;
  await runGateway(good, NEXT, 1, { former: [SECRET], log });
}, 60_000);

afterAll(() => rmSync(home, { recursive: true, force: true }));

let copies = 0;
function copy(): RecordFiles {
  const dir = join(home, `copy-${++copies}`);
  mkdirSync(dir);
  return copyRecord(good, dir);
}

const both = { secret: NEXT, former: [SECRET] };

async function codes(files: RecordFiles, options: Omit<Parameters<typeof verdictOn>[1], "anchor">, anchor = false) {
  const { findings, unproven } = await verdictOn(files, { ...options, anchor });
  return { found: findings.map(({ code }) => code), unproven: unproven.map(({ code }) => code) };
}

/** Changes a row and all after it up to `to`, as whoever has the first secret can. */
function rewrite(db: Database.Database, from: number, to: number): void {
  const hash = createKeyedHash(SECRET, AUDIT_CHAIN);
  db.exec(`UPDATE audit SET actor = 'eve' WHERE seq = ${from}`);
  const at = (seq: number) => drizzle({ client: db }).select().from(audit).where(eq(audit.seq, seq)).get();
  for (let seq = from; seq <= to; seq += 1) {
    const row = at(seq);
    const prevHash = at(seq - 1)?.hash;
    if (row === undefined || prevHash === undefined) throw new Error(`There is no row ${seq}.`);
    const made = hash(linkText(prevHash, canonicalRow(seq, row)));
    db.prepare("UPDATE audit SET prev_hash = ?, hash = ? WHERE seq = ?").run(prevHash, made, seq);
  }
}

describe("a record that went on under another secret", () => {
  it("is good and proven under both, with its anchor", async () => {
    expect(await codes(good, both, true)).toEqual({ found: [], unproven: [] });
    expect(log.lines.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
  });

  it("goes on under a third", async () => {
    const files = copy();
    await runGateway(files, LAST, 2, { former: [NEXT, SECRET] });
    const all = { secret: LAST, former: [NEXT, SECRET], now: 1_790_000_000_000 + 3 * 3_600_000 };
    expect(await codes(files, all, true)).toEqual({ found: [], unproven: [] });
    expect((await codes(files, { ...all, former: [SECRET, NEXT] })).found).toContain("content");
  });

  it.each([
    ["the new one alone", { secret: NEXT }],
    ["the old one alone", { secret: SECRET }],
    ["both the other way round", { secret: SECRET, former: [NEXT] }],
  ])("is not good under %s", async (_what, secrets) => {
    expect((await codes(good, secrets)).found).toContain("content");
  });

  it.each([
    ["before", () => ({ from: 3, to: rows }), "link"],
    ["at the seam", () => ({ from: rows + 1, to: rows + 1 }), "link"],
    ["from then on", () => ({ from: 3, to: Number.POSITIVE_INFINITY }), "former"],
  ])("is found changed by whoever has the old secret: %s", async (_where, place, code) => {
    const files = copy();
    attack(files, (db) => {
      const { from, to } = place();
      rewrite(db, from, Math.min(to, Number(db.prepare("SELECT max(seq) FROM audit").pluck().get())));
    });
    expect((await codes(files, both)).found).toContain(code);
    expect((await codes(files, both, true)).found).toContain("anchor");
  });

  it("is found so by the next gateway, too, and stays so", async () => {
    const files = copy();
    attack(files, (db) => rewrite(db, 3, Number(db.prepare("SELECT max(seq) FROM audit").pluck().get())));
    const loud = keepingLog();
    await runGateway(files, NEXT, 2, { former: [SECRET], log: loud });
    expect(loud.lines).toContainEqual(expect.objectContaining({ level: "error", fields: { found: "rows" } }));
    expect((await codes(files, both)).found).toContain("found");
  });

  it("says that nobody has gone on with the new one yet", async () => {
    const { findings } = await verdictOn(good, { secret: LAST, former: [NEXT, SECRET], anchor: true });
    expect(findings.map(({ code }) => code)).toEqual(["former"]);
  });

  it("has the last row not under the old secret again", async () => {
    const files = copy();
    attack(files, (db) => {
      const last = Number(db.prepare("SELECT max(seq) FROM audit").pluck().get());
      rewrite(db, last, last);
    });
    expect((await codes(files, both)).found).toContain("content");
  });
});

it("a request that waited under the old secret is over, and stays proven", async () => {
  const files = copy();
  const quiet = keepingLog();
  // The approved request of each run is swept when the next gateway starts.
  await runGateway(files, LAST, 2, { former: [NEXT, SECRET], log: quiet });
  expect(quiet.lines.filter(({ level }) => level === "error")).toEqual([]);
  const all = { secret: LAST, former: [NEXT, SECRET], now: 1_790_000_000_000 + 3 * 3_600_000 };
  expect((await codes(files, all)).unproven).toEqual(["anchor"]);
});

import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createRowEncoder } from "../../src/audit/encode-row.ts";
import { createSeal } from "../../src/core/seal.ts";
import { createCheckpointer } from "../../src/store/database/checkpointer.ts";
import { openStore } from "../../src/store/open-store.ts";
import { keepingLog, temporaryDir } from "../support/audit.ts";
import { auditHash, digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

const encoder = createRowEncoder({
  arguments: "full",
  seal: createSeal(Buffer.alloc(32, 7), "audit-arguments"),
  digest,
});
const row = encoder.opening(opening("call_1", { arguments: { text: "x".repeat(2_000) } }));
const heavy = encoder.opening(opening("call_2", { arguments: { text: "x".repeat(1_000_000) } }));

it("the write-ahead log is moved into the database while the store is in use, and is gone after its end", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const log = keepingLog();
  const store = openStore({ url: `file:${path}`, log, auditHash });
  const before = statSync(path).size;
  for (let commit = 0; commit < 250; commit++) await store.audit.append([row, row]);
  // SQLite itself would not do so before its log holds 128 MB: 1 MB of rows can only have come through the thread.
  await expect.poll(() => statSync(path).size, { timeout: 15_000 }).toBeGreaterThan(before + 500_000);
  await store.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
  expect(log.lines).toEqual([]);
});

it("few commits that are heavy are moved as well, long before SQLite would do it inside of a commit", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const log = keepingLog();
  const store = openStore({ url: `file:${path}`, log, auditHash });
  const before = statSync(path).size;
  for (let commit = 0; commit < 16; commit++) await store.audit.append([heavy]);
  await expect.poll(() => statSync(path).size, { timeout: 15_000 }).toBeGreaterThan(before + 5_000_000);
  // What was moved makes room for what comes: the log stays about as long.
  for (let commit = 0; commit < 48; commit++) {
    await store.audit.append([heavy]);
    if (commit % 8 === 7) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await expect.poll(() => statSync(path).size, { timeout: 15_000 }).toBeGreaterThan(before + 30_000_000);
  await store.close();
  expect(log.lines).toEqual([]);
});

it("a checkpoint that fails is reported, and the end of the store does not wait for it for ever", async () => {
  const faults: unknown[] = [];
  const checkpointer = createCheckpointer(join(temporaryDir(), "not-there.db"), (err) => faults.push(err));
  for (let commit = 0; commit < 250; commit++) checkpointer.committed();
  await expect.poll(() => faults, { timeout: 15_000 }).toMatchObject([{ code: "SQLITE_CANTOPEN" }]);
  await checkpointer.close();
});

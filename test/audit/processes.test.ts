import { join } from "node:path";
import { expect, it } from "vitest";
import { verifyChain } from "../../src/audit/verify/verify-chain.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { startWriter, temporaryDir } from "../support/audit.ts";
import { auditHash } from "../support/audit-key.ts";

/** The opened calls on record and what the chain says, as an auditor reads them: without touching what a crash left. */
async function recordOf(path: string) {
  const { audit, close } = openStoreReader({ url: `file:${path}` });
  const opened = new Set<string>();
  for await (const page of audit.pages(1)) {
    for (const row of page) if (row.kind === "opened") opened.add(row.callId);
  }
  const verdict = await verifyChain(audit, { keys: [auditHash] });
  close();
  return { opened, verdict };
}

it("a process killed with SIGKILL has lost no call that it acknowledged, and the chain is whole", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  for (const life of ["a", "b"]) {
    const writer = startWriter(path, life, 1_000_000);
    await writer.untilLines(700);
    writer.kill();
    expect(await writer.ended).toMatchObject({ signal: "SIGKILL" });
    const { opened, verdict } = await recordOf(path);
    expect(writer.lines.length).toBeGreaterThanOrEqual(700);
    expect(writer.lines.filter((id) => !opened.has(id))).toEqual([]);
    expect(verdict).toMatchObject({ ok: true });
  }
});

it("two processes on one file keep one chain, and neither refuses a call", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  const writers = ["left", "right"].map((prefix) => startWriter(path, prefix, 2_000));
  for (const writer of writers) expect(await writer.ended).toMatchObject({ code: 0, stderr: "" });
  expect(writers.flatMap((writer) => writer.lines.filter((line) => line.startsWith("!")))).toEqual([]);
  const { opened, verdict } = await recordOf(path);
  expect(opened.size).toBe(4_000);
  expect(verdict).toMatchObject({ ok: true, rows: 8_000 });
});

it("with no room on the disk calls are refused, and what was acknowledged stays", async () => {
  const path = join(temporaryDir(), "portcullis.db");
  // A limit on the size of files (blocks of 1 KiB) makes writes fail part-way, as a full disk does.
  const writer = startWriter(path, "call", 4_000, "ulimit -f 1000");
  expect(await writer.ended).toMatchObject({ code: 0 });
  const refused = writer.lines.filter((line) => line.startsWith("!"));
  const acknowledged = writer.lines.filter((line) => !line.startsWith("!"));
  expect(writer.lines).toHaveLength(4_000);
  expect(refused.length).toBeGreaterThan(0);
  expect(acknowledged.length).toBeGreaterThan(0);
  const { opened, verdict } = await recordOf(path);
  expect(acknowledged.filter((id) => !opened.has(id))).toEqual([]);
  expect(refused.filter((id) => opened.has(id.slice(1)))).toEqual([]);
  expect(verdict).toMatchObject({ ok: true });
});

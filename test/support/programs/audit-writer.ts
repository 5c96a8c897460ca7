/*
 * Opens audited calls, sixteen per event-loop turn, and prints the id of each one once it is acknowledged; a refused
 * one is printed with `!`. Arguments: database, prefix of the call ids, how many.
 */
import { createAudit } from "../../../src/audit/create-audit.ts";
import { createSeal } from "../../../src/core/seal.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { auditHash, digest } from "../audit-key.ts";
import { opening } from "../audit-opening.ts";

const [path = "", prefix = "", count = "0"] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const store = openStore({ url: `file:${path}`, log: silent, auditHash });
const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");
const audit = createAudit({ rows: store.audit, now: Date.now, log: silent, arguments: "redacted", seal, digest });

async function call(id: string): Promise<void> {
  const written = await audit.open(opening(id));
  // Handed to the pipe before anything goes on, so that what a killed process acknowledged is what its reader sees. Not
  // writeSync, which throws EAGAIN when the reader is slow.
  await new Promise((resolve) => process.stdout.write(written ? `${id}\n` : `!${id}\n`, resolve));
  if (written) audit.close({ callId: id, at: Date.now(), outcome: "ok", durationMs: 1.5 });
}

for (let next = 0; next < Number(count); ) {
  const turn: Promise<void>[] = [];
  for (; turn.length < 16 && next < Number(count); next++) turn.push(call(`${prefix}-${next}`));
  await Promise.all(turn);
}
await audit.flush();
await store.close();

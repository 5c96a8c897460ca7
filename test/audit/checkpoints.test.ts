import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFinished } from "vitest";
import { createAnchor } from "../../src/audit/checkpoints/anchor.ts";
import { appendToAnchor, readAnchor } from "../../src/audit/checkpoints/anchor-file.ts";
import { createCheckpoints } from "../../src/audit/checkpoints/checkpoints.ts";
import { AUDIT_CHECKPOINTS, type SignedCheckpoint, signCheckpoint } from "../../src/audit/checkpoints/statement.ts";
import { verifyRecord } from "../../src/audit/verify/verify-record.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { createSigningKey } from "../../src/core/signing-key.ts";
import { AUDIT_CHAIN, EMPTY_ROW } from "../../src/store/audit/audit-row.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { SECRET } from "../support/audit-key.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway } from "../support/gateway.ts";
import { startReceiver } from "../support/receiver.ts";

const key = createSigningKey(SECRET, AUDIT_CHECKPOINTS);

function checkpoint(seq: number): SignedCheckpoint {
  return signCheckpoint({ rows: seq, seq, hash: "ab".repeat(32), at: 1_790_000_000_000 + seq, reason: "hourly" }, key);
}

describe("a gateway with an anchor", () => {
  it("tells it at the start, regularly and at the stop how long the record is, and so does the log", async () => {
    const receiver = await startReceiver();
    onTestFinished(() => receiver.close());
    const anchor = join(temporaryDir(), "anchor.jsonl");
    const database = join(temporaryDir(), "portcullis.db");
    const gateway = await startTestGateway(
      {
        store: { url: `file:${database}` },
        audit: { anchor: { file: anchor, webhook: { url: receiver.url, secret: "anchor-secret" } } },
        secrets: { key: SECRET.toString("hex") },
      },
      {},
      { timing: { checkpoints: { everyMs: 50, idleMs: 50 } } },
    );
    await receiver.until(3);
    await gateway.close();

    const { checkpoints, foreign } = await readAnchor(anchor, [key]);
    const reasons = checkpoints.map(({ reason }) => reason);
    expect(foreign).toEqual([]);
    expect([reasons[0], reasons.at(-1)]).toEqual(["start", "stop"]);
    // Where the disk is slower than the clock only the newest goes, which says as much.
    const logged = gateway.logged.map((line) => JSON.parse(line)).filter((line) => line.checkpoint !== undefined);
    const seqs = logged.map((line) => line.checkpoint.seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    expect(new Set(logged.map(({ level }) => level))).toEqual(new Set(["info"]));
    expect(logged.map((line) => line.checkpoint.reason).slice(0, 2)).toEqual(["start", "regular"]);
    expect(seqs).toEqual(expect.arrayContaining(checkpoints.map(({ seq }) => seq)));
    expect(checkpoints.at(-1)?.seq).toBe(seqs.length);

    const [first] = receiver.received;
    const body = new Webhook("anchor-secret", { format: "raw" }).verify(first?.body ?? "", {
      "webhook-id": String(first?.headers["webhook-id"]),
      "webhook-timestamp": String(first?.headers["webhook-timestamp"]),
      "webhook-signature": String(first?.headers["webhook-signature"]),
    });
    expect(body).toMatchObject({ type: "audit.checkpoint", data: { seq: 1, reason: "start", chain: "audit" } });

    const store = openStoreReader({ url: `file:${database}` });
    const hash = createKeyedHash(SECRET, AUDIT_CHAIN);
    const verdict = await verifyRecord(store, { keys: [hash], anchor: { checkpoints, foreign }, now: Date.now() });
    // Where the disk was slower, the anchor lacks some, and is said to.
    expect(verdict.unproven.filter(({ code }) => code !== "anchor_gap")).toEqual([]);
    expect(verdict).toMatchObject({
      findings: [],
      chain: { checkpoints: { count: seqs.length } },
    });
    store.close();
  });

  it("says at the start that the record is not the one that was anchored", async () => {
    const anchor = join(temporaryDir(), "anchor.jsonl");
    const config = { audit: { anchor: { file: anchor } }, secrets: { key: SECRET.toString("hex") } };
    const gateway = await startTestGateway(config);
    await gateway.close();
    const again = await startTestGateway(config);
    await again.close();
    expect(again.logged.join("\n")).toContain("The audit is not the one that was anchored");
  });

  it("does not start where the file cannot be written: nobody would look for it later", async () => {
    const file = join(temporaryDir(), "none", "anchor.jsonl");
    await expect(startTestGateway({ audit: { anchor: { file } } })).rejects.toThrow(/^audit.anchor: .*ENOENT/);
  });

  it.each([{}, { file: "" }, { other: 1 }, { webhook: { url: "https://x.example" } }])(
    "is one that is written so, and not %j",
    async (anchor) => {
      await expect(startTestGateway({ audit: { anchor } })).rejects.toThrow("audit.anchor");
    },
  );
});

describe("checkpoints", () => {
  it("come again soon where something was written meanwhile, and else after a longer time", async () => {
    const store = openTestStore(join(temporaryDir(), "portcullis.db"));
    const log = keepingLog();
    const clock = { now: 1_790_000_000_000 };
    const made = createCheckpoints({
      ...{ rows: store.audit, counts: () => store.witness.counts(), key, anchors: [], log, now: () => clock.now },
      timing: { everyMs: 1, idleMs: 3_600_000 },
    });
    const many = (count: number) =>
      eventually(async () => ((await store.audit.lastSeq()) === count ? true : undefined));
    await made.start();
    await store.audit.append([{ ...EMPTY_ROW, at: 1, callId: "call_1", kind: "opened" }]);
    await many(3);
    // Many looks, and nothing to say.
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await store.audit.lastSeq()).toBe(3);
    clock.now += 3_600_000;
    await many(4);
    await made.close();
    const rows = log.lines.map(({ fields }) => (fields as { checkpoint: SignedCheckpoint }).checkpoint.reason);
    expect(rows).toEqual(["start", "regular", "regular", "stop"]);
  });
});

describe("an anchor that cannot be told", () => {
  it("is told again, of the newest checkpoint only, and the log says both", async () => {
    const log = keepingLog();
    const told: number[] = [];
    let broken = true;
    const anchor = createAnchor({
      name: "file",
      log,
      async send({ seq }) {
        told.push(seq);
        return broken ? { ok: false, error: "no disk" } : { ok: true };
      },
      timing: { pauseMs: 1, attempts: 3 },
    });
    anchor.report(checkpoint(1));
    await eventually(async () => (log.lines.length === 3 ? true : undefined));
    expect(told).toEqual([1, 1, 1]);
    expect(log.lines.map(({ level }) => level)).toEqual(["warn", "warn", "error"]);
    anchor.report(checkpoint(2));
    broken = false;
    anchor.report(checkpoint(3));
    await eventually(async () => (told.at(-1) === 3 ? true : undefined));
    await anchor.close();
    expect(told.filter((seq) => seq === 3)).toHaveLength(1);
  });

  it("gets a last attempt at the end, and holds it up no longer than that", async () => {
    const log = keepingLog();
    const anchor = createAnchor({
      name: "webhook",
      log,
      send: (_checkpoint, signal) =>
        new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve({ ok: false, error: "no answer in time" }));
        }),
      timing: { attemptMs: 5, closeMs: 5 },
    });
    anchor.report(checkpoint(1));
    await anchor.close();
    expect(log.lines.at(-1)).toMatchObject({ level: "error", fields: { anchor: "webhook", seq: 1 } });
  });
});

describe("an anchor file", () => {
  it("keeps a new line whole behind one that a power cut left in half", async () => {
    const path = join(temporaryDir(), "deep", "anchor.jsonl");
    mkdirSync(dirname(path));
    await appendToAnchor(path, checkpoint(1));
    appendFileSync(path, JSON.stringify(checkpoint(2)).slice(0, 40));
    await appendToAnchor(path, checkpoint(3));
    expect(await readAnchor(path, [key])).toMatchObject({ checkpoints: [{ seq: 1 }, { seq: 3 }], foreign: [2] });
    expect(readFileSync(path, "utf8").endsWith("\n")).toBe(true);
    rmSync(path);
  });

  it("knows a line that was changed in any part of it", async () => {
    const path = join(temporaryDir(), "anchor.jsonl");
    const given = checkpoint(1);
    for (const name of Object.keys(given)) appendFileSync(path, `${JSON.stringify({ ...given, [name]: "x" })}\n`);
    appendFileSync(path, `${JSON.stringify({ ...given, more: 1 })}\n`);
    expect((await readAnchor(path, [key])).checkpoints).toEqual([]);
    expect(await readAnchor(path, [createSigningKey(Buffer.alloc(32, 9), AUDIT_CHECKPOINTS)])).toMatchObject({
      checkpoints: [],
    });
  });
});

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import { createAudit } from "../../src/audit/create-audit.ts";
import { createSeal } from "../../src/core/seal.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { opening } from "../support/audit-opening.ts";

const CANARY = "canary-7f3a-do-not-keep";
const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");
const call = opening("call_1", {
  arguments: {
    password: CANARY,
    headers: { Authorization: `Bearer ${CANARY}`, "X-Api-Key": CANARY },
    env: [{ name: "API_TOKEN", value: CANARY }],
    command: `deploy --token=${CANARY}`,
    dsn: `postgres://app:${CANARY}@db/prod`,
  },
  // Its text is a template over the arguments, so it can hold whatever they hold.
  decision: { effect: "deny", policy: "p", message: `Not with ${CANARY}.`, matched: [], set: "0".repeat(64) },
});

async function filesAfter(kept: "digest" | "redacted" | "sealed" | "full") {
  const dir = temporaryDir();
  const log = keepingLog();
  const store = openTestStore(join(dir, "portcullis.db"), { log });
  const audit = createAudit({ rows: store.audit, now: Date.now, log, arguments: kept, seal });
  expect(await audit.open(call)).toBe(true);
  // With the database still open, so that the write-ahead log is looked at too.
  const bytes = Buffer.concat(readdirSync(dir).map((name) => readFileSync(join(dir, name))));
  const db = new Database(join(dir, "portcullis.db"), { readonly: true });
  const row = db.prepare<[], Record<string, unknown>>("SELECT * FROM audit").get() ?? {};
  db.close();
  return { bytes, row };
}

it.each(["digest", "redacted", "sealed"] as const)(
  "a secret in arguments is nowhere in the files (%s)",
  async (kept) => {
    const { bytes } = await filesAfter(kept);
    expect(bytes.includes("call_1")).toBe(true);
    expect(bytes.includes(CANARY)).toBe(false);
  },
);

it("digest keeps nothing but the digest", async () => {
  const { row } = await filesAfter("digest");
  expect(row).toMatchObject({
    arguments_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
    arguments_redacted: null,
    arguments_sealed: null,
    arguments_full: null,
  });
});

it("sealed arguments come back whole, for their call, and only under the key", async () => {
  const { row } = await filesAfter("sealed");
  const sealed = String(row["arguments_sealed"]);
  expect(seal.open(sealed, Date.now())).toEqual({ call: "call_1", arguments: call.arguments });
  expect(createSeal(Buffer.alloc(32, 8), "audit-arguments").open(sealed, Date.now())).toBeUndefined();
});

it("full keeps the arguments as they were, because the operator says so", async () => {
  const { row, bytes } = await filesAfter("full");
  expect(JSON.parse(String(row["arguments_full"]))).toEqual(call.arguments);
  expect(bytes.includes(`Not with ${CANARY}`)).toBe(false);
});

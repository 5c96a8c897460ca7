import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, it } from "vitest";
import type { AuditOpening } from "../../src/audit/audit.ts";
import { createAudit } from "../../src/audit/create-audit.ts";
import type { ArgumentsMode } from "../../src/audit/encode-row.ts";
import { openSealedArguments } from "../../src/audit/sealed-arguments.ts";
import { createSeal } from "../../src/core/seal.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

const CANARY = "canary-7f3a-do-not-keep";
const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");
const call = opening("call_1", {
  principal: { ...opening("").principal, claims: { sub: "u-1", session_key: CANARY, [CANARY]: true } },
  headers: { "x-tenant-key": CANARY, origin: `https://${CANARY}.example` },
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

async function filesAfter(kept: ArgumentsMode, changes: Partial<AuditOpening> = {}) {
  const dir = temporaryDir();
  const log = keepingLog();
  const store = openTestStore(join(dir, "portcullis.db"), { log });
  const audit = createAudit({ rows: store.audit, now: Date.now, log, arguments: kept, seal, digest });
  expect(await audit.open({ ...call, ...changes })).toBe(true);
  // With the database still open, so that the write-ahead log is looked at too.
  const bytes = Buffer.concat(readdirSync(dir).map((name) => readFileSync(join(dir, name))));
  const db = new Database(join(dir, "portcullis.db"), { readonly: true });
  const row = db.prepare<[], Record<string, unknown>>("SELECT * FROM audit").get() ?? {};
  db.close();
  return { bytes, row };
}

it.each(["digest", "redacted", "sealed"] as const)(
  "a secret in arguments, claims or headers is nowhere in the files (%s)",
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

it("sealed arguments come back whole with claims and headers, for their call, and only under the key", async () => {
  const { row } = await filesAfter("sealed");
  const sealed = { callId: "call_1", argumentsSealed: String(row["arguments_sealed"]) };
  const { arguments: args, headers, principal } = call;
  expect(openSealedArguments(seal, sealed)).toEqual({ arguments: args, headers, claims: principal.claims });
  expect(openSealedArguments(seal, { ...sealed, callId: "call_2" })).toBeUndefined();
  expect(openSealedArguments(seal, { ...sealed, argumentsSealed: null })).toBeUndefined();
  expect(openSealedArguments(seal, { ...sealed, argumentsSealed: "v1.nonsense" })).toBeUndefined();
  expect(openSealedArguments(createSeal(Buffer.alloc(32, 8), "audit-arguments"), sealed)).toBeUndefined();
});

it("what the first version sealed opens without the claims and headers that it did not keep", () => {
  const text = seal.seal({ call: "call_1", arguments: { amount: 12 } }, Number.MAX_SAFE_INTEGER);
  expect(openSealedArguments(seal, { callId: "call_1", argumentsSealed: text })).toEqual({
    arguments: { amount: 12 },
    claims: undefined,
    headers: undefined,
  });
});

it("full keeps the arguments as they were, because the operator says so, but neither claims nor headers", async () => {
  const { row, bytes } = await filesAfter("full");
  expect(JSON.parse(String(row["arguments_full"]))).toEqual(call.arguments);
  expect(bytes.includes(`Not with ${CANARY}`)).toBe(false);
  const { arguments_full: _full, ...others } = row;
  expect(JSON.stringify(others)).not.toContain(CANARY);
});

it("a credential in the user agent is taken out", async () => {
  const userAgent = `agent/1.0 (Authorization: Bearer ${CANARY})`;
  const { bytes, row } = await filesAfter("digest", { client: { ...call.client, userAgent } });
  expect(bytes.includes(CANARY)).toBe(false);
  expect(JSON.parse(String(row["facts"]))).toMatchObject({
    user_agent: expect.stringContaining("agent/1.0"),
    cut: true,
  });
});

import { execFileSync } from "node:child_process";
import { createHmac, createPublicKey, hkdfSync, verify } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import Database from "better-sqlite3";
import { Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { AUDIT_CHECKPOINTS, signCheckpoint } from "../../src/audit/checkpoints/statement.ts";
import { createAudit } from "../../src/audit/create-audit.ts";
import { registerAuditCommands } from "../../src/commands/audit/audit.ts";
import { parseSince } from "../../src/commands/terminal/since.ts";
import type { Decision } from "../../src/core/decision.ts";
import { createSeal } from "../../src/core/seal.ts";
import { createSigningKey } from "../../src/core/signing-key.ts";
import { openStore } from "../../src/store/open-store.ts";
import { keepingLog, temporaryDir } from "../support/audit.ts";
import { auditHash, digest, SECRET } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";

const log = keepingLog();
const DAY = 86_400_000;
const START = Date.parse("2026-11-01T09:00:00Z");
const denied: Decision = {
  effect: "deny",
  policy: "large-expenses",
  message: "",
  matched: [{ policy: "large-expenses", effect: "deny", because: "condition" }],
  set: "",
};

/** Four calls on four days: one allowed, one denied, one by another user to another tool, one still running. */
async function recorded(): Promise<string> {
  const path = join(temporaryDir(), "portcullis.db");
  const store = openStore({ url: `file:${path}`, log, auditHash });
  const seal = createSeal(SECRET, "audit-arguments");
  const audit = createAudit({ rows: store.audit, now: Date.now, log, arguments: "redacted", seal, digest });
  const bob = { ...opening("").principal, subject: "u-2", email: undefined };
  await audit.open(opening("call_1", { at: START }));
  audit.close({ callId: "call_1", at: START + 5, outcome: "ok", durationMs: 4.21 });
  await audit.open(opening("call_2", { at: START + DAY, decision: denied }));
  audit.close({ callId: "call_2", at: START + DAY, outcome: "denied", durationMs: 0.2 });
  await audit.open(
    opening("call_3", { at: START + 2 * DAY, principal: bob, upstream: "crm", subject: "get_customer" }),
  );
  audit.close({ callId: "call_3", at: START + 2 * DAY, outcome: "tool_error", durationMs: 1_234.5 });
  await audit.open(opening("call_4", { at: START + 3 * DAY, subject: "evil\u001b[2J\u202etool" }));
  await audit.flush();
  await store.close();
  writeFileSync(join(dirname(path), "portcullis.key"), SECRET.toString("base64"), { mode: 0o600 });
  return `file:${path}`;
}

async function run(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const stdout = new PassThrough();
  const stderr: string[] = [];
  let code = 0;
  const program = new Command()
    .exitOverride()
    .configureOutput({ writeOut: (text) => void stdout.write(text), writeErr: (text) => void stderr.push(text) });
  registerAuditCommands(program, {
    out: (text) => void stdout.write(`${text}\n`),
    err: (text) => void stderr.push(`${text}\n`),
    env: {},
    colours: false,
    command: "portcullis",
    setExitCode: (given) => {
      code = given;
    },
    stopped: () => new Promise(() => {}),
    stdin: new PassThrough(),
    stdout,
  });
  const chunks: Buffer[] = [];
  stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  try {
    await program.parseAsync(["node", "portcullis", "audit", ...args]);
  } catch (err) {
    if (!(err instanceof CommanderError)) throw err;
    code = err.exitCode === 0 ? 0 : 2;
  }
  return { out: Buffer.concat(chunks).toString("utf8"), err: stderr.join(""), code };
}

describe("audit list", () => {
  it("shows one line per call, newest last, and text from outside cannot move the cursor", async () => {
    const { out, code } = await run("list", "--store", await recorded());
    expect(code).toBe(0);
    expect(out).toBe(
      [
        "TIME                  USER                     TOOL                                DECISION  POLICIES        OUTCOME     MS",
        "2026-11-01T09:00:00Z  ann@acme.com             expenses/create_expense             allow     -               ok          4.2",
        "2026-11-02T09:00:00Z  ann@acme.com             expenses/create_expense             deny      large-expenses  denied      0.2",
        "2026-11-03T09:00:00Z  https://idp.example|u-2  crm/get_customer                    allow     -               tool_error  1235",
        "2026-11-04T09:00:00Z  ann@acme.com             expenses/evil\\u{1b}[2J\\u{202e}tool  allow     -               -           -",
        "",
      ].join("\n"),
    );
  });

  it.each([
    [
      ["--user", "ann@acme.com"],
      ["call_1", "call_2", "call_4"],
    ],
    [["--user", "u-2"], ["call_3"]],
    [["--tool", "crm/get_customer"], ["call_3"]],
    [
      ["--tool", "create_expense"],
      ["call_1", "call_2"],
    ],
    [["--tool", "create_expense", "--upstream", "crm"], []],
    [
      ["--upstream", "expenses", "--decision", "allow"],
      ["call_1", "call_4"],
    ],
    [["--decision", "deny"], ["call_2"]],
    [
      ["--since", "2026-11-03"],
      ["call_3", "call_4"],
    ],
    [
      ["--limit", "2"],
      ["call_3", "call_4"],
    ],
  ])("%j", async (filter, expected) => {
    const { out } = await run("list", "--json", ...filter, "--store", await recorded());
    expect(JSON.parse(out).items.map((item: { call_id: string }) => item.call_id)).toEqual(expected);
  });

  it("goes on with older calls from the cursor", async () => {
    const store = await recorded();
    const first = JSON.parse((await run("list", "--json", "--limit", "3", "--store", store)).out);
    const cursor = String(first.next_cursor);
    const rest = JSON.parse((await run("list", "--json", "--limit", "3", "--cursor", cursor, "--store", store)).out);
    expect([...rest.items, ...first.items].map((item) => item.call_id)).toEqual([
      "call_1",
      "call_2",
      "call_3",
      "call_4",
    ]);
    expect(rest.next_cursor).toBeNull();
    expect((await run("list", "--limit", "3", "--store", store)).err).toContain(`--cursor ${cursor}`);
  });

  it("--json tells the whole of a call", async () => {
    const { out } = await run("list", "--json", "--decision", "deny", "--store", await recorded());
    expect(JSON.parse(out).items).toEqual([
      {
        seq: 3,
        at: "2026-11-02T09:00:00.000Z",
        call_id: "call_2",
        kind: "opened",
        method: "tools/call",
        subject: { kind: "tool", name: "create_expense" },
        user: "u-1",
        issuer: "https://idp.example",
        email: "ann@acme.com",
        acted_by: [],
        client: "claude-code/2.0",
        endpoint: "",
        upstream: "expenses",
        tool: "create_expense",
        decision: "deny",
        difference: null,
        policies: [{ policy: "large-expenses", effect: "deny", because: "condition" }],
        shadow: [],
        arguments_redacted: { amount: 12, currency: "EUR" },
        outcome: "denied",
        duration_ms: 0.2,
        asked_ms: 0,
        refused: null,
        address: "127.0.0.1",
        trace_id: null,
        approval: null,
        challenge: null,
      },
    ]);
  });
});

describe("audit list of an approval request", () => {
  it("tells its story with a column of its own, which other lists do not have", async () => {
    const path = join(temporaryDir(), "portcullis.db");
    const store = openStore({ url: `file:${path}`, log, auditHash });
    const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");
    const audit = createAudit({ rows: store.audit, now: Date.now, log, arguments: "digest", seal, digest });
    const approval = "apr_1";
    const about = { about: "approval", id: approval } as const;
    const act = { ...about, upstream: "expenses", subject: "create_expense", policies: ["large"] };
    await audit.open(opening("call_0", { at: START }));
    await audit.open(opening("call_1", { at: START }));
    audit.close({ callId: "call_1", at: START, outcome: "approval_pending", durationMs: 1, approval });
    audit.record({
      ...act,
      at: START,
      actor: { issuer: "i", subject: "fin", email: "fin@acme.com" },
      outcome: "approve",
    });
    audit.record({ ...act, at: START, actor: undefined, outcome: "expired" });
    await audit.flush();
    await store.close();

    const { out } = await run("list", "--approval", approval, "--store", `file:${path}`);
    const [head, ...rows] = out.trim().split("\n");
    expect(head).toMatch(/ APPROVAL$/);
    expect(rows.map((row) => row.replace(/^\S+ +/, "").replaceAll(/ {2,}/g, "  "))).toEqual([
      "ann@acme.com  expenses/create_expense  allow  -  approval_pending  1.0  apr_1",
      "fin@acme.com  expenses/create_expense  (approval)  large  approve  -  apr_1",
      "(gateway)  expenses/create_expense  (approval)  large  expired  -  apr_1",
    ]);
    const others = await run("list", "--decision", "allow", "--limit", "1", "--cursor", "2", "--store", `file:${path}`);
    expect(others.out).not.toContain("APPROVAL");
    // The export has what its hash covers, to the last column that holds something.
    const { out: exported } = await run("export", "--store", `file:${path}`);
    const keys = exported
      .trim()
      .split("\n")
      .map((line) => Object.keys(JSON.parse(line)).at(-4));
    expect(keys).toEqual(["facts", "facts", "approval", "approval", "approval"]);
  });
});

describe("audit list of calls that policies in shadow saw", () => {
  it("marks these, leaves out an allow that failed, and adds those that saw the result", async () => {
    const { out } = await run("list", "--store", await judged());
    expect(policiesIn(out)).toEqual(["strict (shadow)", "limit", "mask,trial (shadow)", "-", "-"]);
  });

  it.each([
    [["--shadow"], ["in-shadow", "on-result"]],
    [["--policy", "strict"], ["in-shadow"]],
    [["--policy", "trial"], ["on-result"]],
    [["--policy", "mask"], ["on-result"]],
    [["--policy", "limit"], ["applied"]],
    [["--policy", "lim"], []],
    [["--policy", "LIMIT"], []],
    [["--policy", "%"], []],
    [["--policy", 'strict"'], []],
    [["--policy", "staff"], []],
    [["--policy", "mask", "--shadow", "--decision", "deny"], []],
  ])("%j", async (filter, expected) => {
    const { out } = await run("list", "--json", ...filter, "--store", await judged());
    expect(JSON.parse(out).items.map((item: { call_id: string }) => item.call_id)).toEqual(expected);
  });

  it("--json tells all of them whole, and which were in shadow", async () => {
    const { out } = await run("list", "--json", "--policy", "mask", "--store", await judged());
    expect(JSON.parse(out).items).toMatchObject([
      {
        policies: [
          { policy: "mask", effect: "redact", because: "condition" },
          { policy: "trial", effect: "redact", because: "condition", mode: "shadow" },
        ],
        shadow: ["trial"],
      },
    ]);
  });

  it("shows a row that somebody tampered with, and no filter trips over it", async () => {
    const store = await judged();
    const db = new Database(store.slice("file:".length));
    db.exec("DROP TRIGGER audit_no_update");
    for (const text of [
      `"mode":"shadow" "policy":"strict"`,
      `["shadow","strict"]`,
      `{"mode":"shadow","policy":"strict"}`,
    ]) {
      db.prepare("UPDATE audit SET policies = ?").run(text);
      expect(await run("list", "--shadow", "--policy", "strict", "--store", store)).toMatchObject({ code: 0, out: "" });
      expect(JSON.parse((await run("list", "--json", "--store", store)).out).items).toHaveLength(5);
    }
    db.close();
  });

  /** One call for each way in which a policy can match, in this order. */
  async function judged(): Promise<string> {
    const path = join(temporaryDir(), "portcullis.db");
    const store = openStore({ url: `file:${path}`, log, auditHash });
    const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");
    const audit = createAudit({ rows: store.audit, now: Date.now, log, arguments: "redacted", seal, digest });
    const allowed = { effect: "allow", matched: [], set: "" } as const;
    const strict = { policy: "strict", effect: "deny", because: "condition", mode: "shadow" } as const;
    // Its text quotes what the filters look for.
    const error = 'no such key: "mode":"shadow"';
    const staff = { policy: "staff", effect: "allow", because: "error", error } as const;
    const limit = { policy: "limit", effect: "deny", because: "error", error } as const;
    const decisions: readonly (readonly [string, Decision])[] = [
      ["in-shadow", { ...allowed, unapplied: [strict] }],
      ["applied", { ...denied, matched: [limit] }],
      ["on-result", allowed],
      ["failed-allow", { ...allowed, unapplied: [staff] }],
      ["failed-allow-in-shadow", { ...allowed, unapplied: [{ ...staff, mode: "shadow" }] }],
    ];
    for (const [id, decision] of decisions) await audit.open(opening(id, { decision }));
    audit.close({
      callId: "on-result",
      at: START,
      outcome: "ok",
      durationMs: 1,
      policies: [
        { policy: "mask", effect: "redact", because: "condition" },
        { policy: "trial", effect: "redact", because: "condition", mode: "shadow" },
      ],
    });
    await audit.flush();
    await store.close();
    return `file:${path}`;
  }

  function policiesIn(out: string): readonly string[] {
    const [head = "", ...lines] = out.trimEnd().split("\n");
    const [from, to] = [head.indexOf("POLICIES"), head.indexOf("OUTCOME")];
    return lines.map((line) => line.slice(from, to).trim());
  }
});

describe("audit export", () => {
  it("prints raw rows from which whoever has the secret can recompute the chain", async () => {
    const key = Buffer.from(hkdfSync("sha256", SECRET, "", "portcullis/hash/v2/audit-chain", 32)).toString("hex");
    const { out, code } = await run("export", "--store", await recorded());
    expect(code).toBe(0);
    const rows = out.trimEnd().split("\n");
    expect(rows).toHaveLength(7);
    let before = "0".repeat(64);
    for (const line of rows) {
      const { prev_hash, hash, scheme, ...columns } = JSON.parse(line);
      expect(scheme).toBe(2);
      expect(prev_hash).toBe(before);
      const text = `${prev_hash}\n${JSON.stringify(Object.values(columns))}`;
      expect(createHmac("sha256", key).update(text).digest("hex")).toBe(hash);
      before = hash;
    }
  });

  it.each([
    [
      ["--since", "2026-11-03"],
      [5, 6, 7],
    ],
    [
      ["--from", "6"],
      [6, 7],
    ],
    [
      ["--since", "2026-11-03", "--from", "2"],
      [5, 6, 7],
    ],
    [["--since", "2027-01-01"], []],
  ])("%j", async (range, expected) => {
    const { out } = await run("export", ...range, "--store", await recorded());
    const seqs = out.split("\n").filter((line) => line !== "");
    expect(seqs.map((line) => JSON.parse(line).seq)).toEqual(expected);
  });
});

describe("audit verify", () => {
  it("says how many rows are good and which is the last, ready for --anchor", async () => {
    const store = await recorded();
    const { out, code } = await run("verify", "--store", store);
    expect(code).toBe(0);
    const anchor =
      /^Good: 7 rows, unbroken. Last: (7:[0-9a-f]{64})\nNot proven: Nothing outside .*\n$/.exec(out)?.[1] ?? "";
    expect((await run("verify", "--anchor", anchor, "--store", store)).code).toBe(0);
    const other = `7:${"ab".repeat(32)}`;
    expect(await run("verify", "--anchor", other, "--store", store)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^Broken at row 7/),
    });
  });

  it("--strict ends with 1 where something is not proven, which an anchor or a noted row changes", async () => {
    const store = await recorded();
    const { code, out } = await run("verify", "--strict", "--json", "--store", store);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toEqual({
      ok: true,
      proven: false,
      rows: 7,
      last_seq: 7,
      last_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      keyed_from: 1,
      checkpoints: 0,
      anchor: null,
      findings: [],
      unproven: [{ code: "anchor", message: expect.stringContaining("--anchor") }],
    });
    const noted = `7:${JSON.parse(out).last_hash}`;
    expect((await run("verify", "--strict", "--anchor", noted, "--store", store)).code).toBe(0);
  });

  it("without the secret checks the links, and says that this is little", async () => {
    const store = await recorded();
    rmSync(join(dirname(store.slice("file:".length)), "portcullis.key"));
    const { code, out } = await run("verify", "--store", store);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining("Not proven: The gateway's secret") });
    expect((await run("verify", "--strict", "--store", store)).code).toBe(1);
    expect(await run("key", "--store", store)).toMatchObject({ code: 1, out: "" });
  });

  it("--anchor takes a file, whose lines must be this gateway's own", async () => {
    const store = await recorded();
    const file = join(temporaryDir(), "anchor.jsonl");
    const last = JSON.parse((await run("verify", "--json", "--store", store)).out);
    const key = createSigningKey(SECRET, AUDIT_CHECKPOINTS);
    const statement = { rows: 7, seq: 7, hash: last.last_hash, at: Date.now(), reason: "hourly" };
    writeFileSync(file, `${JSON.stringify(signCheckpoint(statement, key))}\n`);
    const held = expect.stringContaining(`Held against 1 checkpoints in ${file}.`);
    expect(await run("verify", "--anchor", file, "--store", store)).toMatchObject({ code: 0, out: held });
    // It does not end where a gateway stopped.
    expect(await run("verify", "--strict", "--anchor", file, "--store", store)).toMatchObject({
      code: 1,
      out: expect.stringContaining("Not proven: After row 7,"),
    });
    writeFileSync(file, `${JSON.stringify({ ...signCheckpoint(statement, key), seq: 6 })}\n`);
    expect(await run("verify", "--anchor", file, "--store", store)).toMatchObject({
      code: 1,
      out: expect.stringContaining("Line 1 of the anchor file"),
    });
    expect(await run("verify", "--anchor", `${file}.none`, "--store", store)).toMatchObject({ code: 1, out: "" });
  });

  it("what is signed can be checked with the public key that audit key prints", async () => {
    const { out, code } = await run("key", "--store", await recorded());
    expect(code).toBe(0);
    const statement = { rows: 7, seq: 7, hash: "ab".repeat(32), at: 0, reason: "stop" };
    const { signature, ...said } = signCheckpoint(statement, createSigningKey(SECRET, AUDIT_CHECKPOINTS));
    const text = Buffer.from(JSON.stringify(said, Object.keys(said).sort()));
    expect(verify(null, text, createPublicKey(out), Buffer.from(signature, "base64url"))).toBe(true);
  });

  it("ends with 1 at the first broken row", async () => {
    const store = await recorded();
    const db = new Database(store.slice("file:".length));
    db.exec("DROP TRIGGER audit_no_update; UPDATE audit SET decision = 'allow' WHERE seq IN (3, 5)");
    db.close();
    const { out, code } = await run("verify", "--store", store);
    expect(code).toBe(1);
    expect(out.split("\n").slice(0, 3)).toEqual([
      "Broken at row 3, after 2 good rows.",
      "Row 3 does not match its hash: it was changed after it was written.",
      "The trigger audit_no_update is missing.",
    ]);
    const json = await run("verify", "--json", "--store", store);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ ok: false, rows: 2, seq: 3, reason: "content" });
  });
});

describe("what cannot be done is said", () => {
  it.each([
    ["the head beside the database", "-head"],
    ["the anchor", "-anchor"],
  ])("audit verify waits for no pipe in the place of %s", async (_what, end) => {
    const store = await recorded();
    const pipe = `${store.slice("file:".length)}${end}`;
    execFileSync("mkfifo", [pipe]);
    const anchor = end === "-anchor" ? ["--anchor", pipe] : [];
    expect(await run("verify", "--store", store, ...anchor)).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining(`${pipe}`),
    });
  });

  it.each(["list", "export", "verify"])("audit %s without a store ends with 1 and its path", async (command) => {
    const path = join(temporaryDir(), "none.db");
    expect(await run(command, "--store", `file:${path}`)).toMatchObject({
      code: 1,
      out: "",
      err: expect.stringContaining(path),
    });
  });

  it.each([
    ["list", "--limit", "0"],
    ["list", "--limit", "many"],
    ["list", "--decision", "maybe"],
    ["list", "--since", "yesterday"],
    ["list", "--since", "-5"],
    ["export", "--from", "1.5"],
    ["verify", "--anchor", "7"],
    ["list", "--nonsense"],
  ])("audit %s %s %s is a usage error", async (...args) => {
    expect(await run(...args)).toMatchObject({ code: 2, out: "" });
  });

  it.each(["list", "export", "verify"])("audit %s --help shows an example", async (command) => {
    expect(await run(command, "--help")).toMatchObject({
      code: 0,
      out: expect.stringContaining(`\n  portcullis audit ${command}`),
    });
  });
});

it.each([
  ["30m", 30 * 60_000],
  ["12h", 12 * 3_600_000],
  ["7d", 7 * DAY],
  ["2w", 14 * DAY],
])("%s counts back from now", (text, ms) => {
  expect(parseSince(text, START)).toBe(START - ms);
});

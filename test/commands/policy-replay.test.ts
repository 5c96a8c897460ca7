import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { createAudit } from "../../src/audit/create-audit.ts";
import type { ArgumentsMode } from "../../src/audit/encode-row.ts";
import { createProgress } from "../../src/commands/terminal/progress.ts";
import { ARGUMENTS_DIGEST, digestOf, sha256 } from "../../src/core/digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { createSeal } from "../../src/core/seal.ts";
import {
  AUDIT_CHAIN,
  type AuditRow,
  canonicalRow,
  linkText,
  type StoredAuditRow,
} from "../../src/store/audit/audit-row.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { loadSecretKey } from "../../src/store/secret-key.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";
import { runPolicyCommand } from "../support/policy-command.ts";
import { policySet } from "../support/policy-inputs.ts";

const START = Date.parse("2026-11-14T09:00:00Z");
const HOUR = 3_600_000;
const DEFINITION = { name: "create_expense", inputSchema: { type: "object" } };
const BEFORE = "policies: [{ id: old-limit, when: args.amount > 100.0, then: { deny: {} } }]";
const AFTER = `policies:
  - { id: large-expenses, when: args.amount > 50.0, then: { deny: {} } }
  - { id: with-note, when: 'has(args.note) && args.note.contains("gift")', then: { request_approval: { flow: cfo } } }
  - { id: strict, mode: shadow, when: args.amount > 10.0, then: { deny: {} } }
  - { id: silent, mode: shadow, when: args.amount > 1000.0, then: { step_up: { acr: [mfa] } } }
`;

interface Recorded {
  readonly url: string;
  readonly dir: string;
  /** Where the policies are that decide anew. */
  readonly policies: string;
  run(...args: readonly string[]): ReturnType<typeof runPolicyCommand>;
  /** Adds the row of the last call again, changed, under the key. */
  append(change: Partial<AuditRow>): Promise<unknown>;
}

/** Calls recorded an hour apart under the policies `BEFORE`, and other policies beside them. */
async function recorded(
  calls: readonly JsonObject[],
  mode: ArgumentsMode = "redacted",
  policies = AFTER,
): Promise<Recorded> {
  const dir = temporaryDir();
  const path = join(dir, "portcullis.db");
  const secret = loadSecretKey({ configured: undefined, beside: path });
  const store = openTestStore(path, { auditHash: createKeyedHash(secret, AUDIT_CHAIN) });
  await store.definitions.replace(
    "expenses",
    [{ name: "create_expense", digest: digestOf(DEFINITION), definition: DEFINITION }],
    START,
  );
  const seal = createSeal(secret, "audit-arguments");
  const digest = createKeyedHash(secret, ARGUMENTS_DIGEST);
  const audit = createAudit({ rows: store.audit, now: Date.now, log: keepingLog(), arguments: mode, seal, digest });
  const before = policySet(BEFORE);
  const opened = calls.map((args, index) => {
    const call = opening(`call_${index}`, {
      at: START + index * HOUR,
      arguments: args,
      definitionDigest: digestOf(DEFINITION),
    });
    const { principal, client, headers } = call;
    const request = { id: call.callId, method: "tools/call", time: call.at, session: undefined, endpoint: "", headers };
    const decision = before.decide({
      principal,
      client: { ...client, id: principal.clientId },
      subject: { kind: "tool", name: "create_expense", upstream: "expenses", definition: DEFINITION },
      arguments: args,
      request,
    });
    return audit.open({ ...call, decision });
  });
  await Promise.all(opened);
  audit.close({ callId: "call_0", at: START, outcome: "ok", durationMs: 1 });
  await audit.flush();
  mkdirSync(join(dir, "policies"));
  writeFileSync(join(dir, "policies", "p.yaml"), policies);
  const url = `file:${path}`;
  const args = ["--policies", join(dir, "policies"), "--store", url];
  return {
    ...{ url, dir, policies: join(dir, "policies") },
    run: (...more) => runPolicyCommand("replay", ...args, ...more),
    async append(change) {
      const rows: StoredAuditRow[] = [];
      for await (const page of store.audit.pages(1)) rows.push(...page);
      const last = rows.findLast(({ kind }) => kind === "opened");
      if (last === undefined) throw new Error("no call");
      return store.audit.append([{ ...last, ...change }]);
    },
  };
}

const CALLS = [
  { amount: 5 },
  { amount: 12 },
  { amount: 60 },
  { amount: 70 },
  { amount: 200 },
  { amount: 7, note: "x".repeat(300) },
];

describe("portcullis policy replay", () => {
  it("says what would change, by policy and by tool, with examples, and what cannot be told", async () => {
    const { run } = await recorded(CALLS);
    const { out, code, err } = await run("--limit", "1");
    expect(err).toBe("");
    expect(code).toBe(0);
    expect(out).toBe(`6 calls since 2026-11-14: 2 the same, 2 would change, 1 other policies, 1 cannot be told

Would change
BEFORE  AFTER  POLICY          CALLS
allow   deny   large-expenses  2

By tool
TOOL                     CALLS  WOULD CHANGE  OTHER POLICIES  CANNOT BE TOLD
expenses/create_expense  6      2             1               1

Examples
TIME                  USER          TOOL                     CHANGE        POLICY          CALL
2026-11-14T11:00:00Z  ann@acme.com  expenses/create_expense  allow → deny  large-expenses  call_2

Cannot be told
CALLS  POLICY     WHY
1      with-note  args.note is not on record

In shadow
strict (deny): matched 4 calls; enforcing it would deny 1 call that is allowed now
silent (step_up): matched no call
`);
  });

  it("prints everything as JSON", async () => {
    const { run } = await recorded(CALLS);
    const { out } = await run("--json");
    expect(JSON.parse(out)).toMatchObject({
      ok: true,
      complete: true,
      sealed_shut: 0,
      calls: 6,
      first: "2026-11-14T09:00:00.000Z",
      last: "2026-11-14T14:00:00.000Z",
      same: 2,
      changed: 2,
      other_policies: 1,
      unknown: 1,
      changes: [
        {
          before: "allow",
          after: "deny",
          policy: "large-expenses",
          calls: 2,
          examples: [
            { call_id: "call_2", user: "ann@acme.com", tool: "expenses/create_expense" },
            { call_id: "call_3" },
          ],
        },
      ],
      tools: [{ tool: "expenses/create_expense", calls: 6, changed: 2, other_policies: 1, unknown: 1 }],
      unknown_because: [{ policy: "with-note", why: "args.note is not on record", calls: 1 }],
      shadow: [
        { policy: "strict", matched: 4, changes: [{ before: "allow", after: "deny", calls: 1 }] },
        { matched: 0 },
      ],
    });
  });

  it("opens what was sealed with the key that is beside the database", async () => {
    const { run } = await recorded(CALLS, "sealed");
    expect((await run()).out).toMatch(/^6 calls .*: 3 the same, 2 would change, 1 other policies, 0 cannot be told$/m);
  });

  it("uses the redacted copy where the key at hand is another, and says so", async () => {
    const { run, dir } = await recorded(CALLS, "sealed");
    writeFileSync(join(dir, "portcullis.key"), `${Buffer.alloc(32, 9).toString("base64")}\n`);
    const { out, err } = await run();
    expect(out).toMatch(/2 the same, 2 would change, 1 other policies, 1 cannot be told$/m);
    expect(err).toMatch(/^warning: 6 calls are sealed, and the key at hand does not open them/);
    expect(err).toContain("was not checked: the secret at hand is not that of the record");
  });

  it("decides no row that was changed, and says so", async () => {
    const { run, url } = await recorded(CALLS);
    const db = new Database(url.slice("file:".length));
    db.exec("DROP TRIGGER audit_no_update");
    db.prepare("UPDATE audit SET arguments_redacted = ? WHERE call_id = 'call_0'").run('{"amount":60}');
    // A bare hash is anybody's to make.
    const row = db.prepare<[], { seq: number }>("SELECT seq FROM audit WHERE call_id = 'call_1'").get();
    db.prepare("UPDATE audit SET decision = 'deny', scheme = NULL WHERE seq = ?").run(row?.seq);
    const reader = openStoreReader({ url });
    const pages = reader.audit.pages(row?.seq ?? 0);
    const { value } = await pages[Symbol.asyncIterator]().next();
    const [forged] = value as readonly StoredAuditRow[];
    reader.close();
    if (forged === undefined) throw new Error("no row");
    const hash = sha256(linkText(forged.prevHash, canonicalRow(forged.seq, forged)));
    db.prepare("UPDATE audit SET hash = ? WHERE seq = ?").run(hash, forged.seq);
    db.close();
    const { out, err } = await run();
    expect(out).toMatch(/^6 calls since .*: 0 the same, 2 would change, 1 other policies, 3 cannot be told$/m);
    expect(out).toMatch(/^2 +- +the row does not fit its hash$/m);
    expect(err).toMatch(/^warning: 2 calls do not fit their hashes: .*Run: portcullis audit verify$/);
    expect(JSON.parse((await run("--json")).out)).toMatchObject({ unknown: 3, changed_rows: 2 });
  });

  it.each([
    ["argumentsRedacted", `{"amount":${"[".repeat(200_000)}${"]".repeat(200_000)}}`],
    ["argumentsRedacted", `{${Array.from({ length: 150_000 }, (_, index) => `"k${index}":${index}`).join(",")}}`],
    ["argumentsFull", `[${"0,".repeat(1_000_000)}0]`],
    ["policies", `${"[".repeat(1_000)}${"]".repeat(1_000)}`],
    ["facts", `{"name":"${"a".repeat(2_000_000)}"}`],
  ])("counts a row apart that it cannot read: %s", async (column, value) => {
    const { run, append } = await recorded(CALLS);
    await append({ callId: "call_odd", [column]: value });
    const { out } = await run();
    expect(out).toMatch(/^7 calls since .*: 2 the same, 2 would change, 1 other policies, 2 cannot be told$/m);
    expect(out).toMatch(/^1 +- +the row (?:cannot be read|does not fit its hash)$/m);
  });

  it("starts where it is told to", async () => {
    const { run } = await recorded(CALLS);
    expect((await run("--since", "2026-11-14T13:00:00Z")).out).toMatch(/^2 calls since 2026-11-14/);
  });

  it.each<[string, readonly JsonObject[], readonly string[], 0 | 1]>([
    ["0 for a change", CALLS, [], 0],
    ["1 for a change, if asked", CALLS, ["--fail-on-change"], 1],
    ["0 for none, if asked", [{ amount: 5 }], ["--fail-on-change"], 0],
  ])("ends with %s", async (_, calls, args, code) => {
    const { run } = await recorded(calls);
    expect((await run(...args)).code).toBe(code);
  });

  it("says that there is nothing on record", async () => {
    const { run } = await recorded([]);
    expect(await run()).toMatchObject({ code: 0, out: "", err: expect.stringContaining("no calls on record") });
    const { run: later } = await recorded(CALLS);
    expect(await later("--since", "2027-01-01")).toMatchObject({ code: 0, out: "" });
    expect(JSON.parse((await run("--json")).out)).toMatchObject({ calls: 0, first: null });
  });

  it("tells mistakes in the policies as policy check does", async () => {
    const { run } = await recorded(CALLS, "redacted", "policies: [{ id: p, when: arg.x, then: { deny: {} } }]");
    const { code, err } = await run();
    expect(code).toBe(1);
    expect(err).toMatch(/p\.yaml:1:\d+.*arg[\s\S]*1 mistake\./);
  });

  it("explains a store that is not there", async () => {
    const { policies } = await recorded([]);
    const { code, err } = await runPolicyCommand("replay", "--policies", policies, "--store", "file:./no/such.db");
    expect(code).toBe(1);
    expect(err).toContain("no/such.db");
  });

  it("asks for a store where no configuration names one", async () => {
    const { policies } = await recorded([]);
    const { code, err } = await runPolicyCommand("replay", "--policies", policies);
    expect(code).toBe(1);
    expect(err).toMatch(/--store/);
  });

  it("takes the store, the policies and the key from a configuration", async () => {
    const { dir, url } = await recorded(CALLS, "sealed");
    const key = join(dir, "portcullis.key");
    const config = {
      store: { url },
      policies: { dir: "./policies" },
      secrets: { key: readFileSync(key, "utf8").trim() },
      approval_flows: { cfo: { stages: [{ approvers: { roles: ["cfo"] } }] } },
    };
    rmSync(key);
    const file = join(dir, "portcullis.yaml");
    writeFileSync(file, stringify(config));
    const { out, err } = await runPolicyCommand("replay", "-c", file);
    expect(out).toMatch(/^6 calls .*, 0 cannot be told$/m);
    expect(err.match(/There are no upstreams/g)).toHaveLength(1);
  });

  it("gives the summary so far when it is stopped, and that proves no change to nobody", async () => {
    const { run } = await recorded(Array.from({ length: 700 }, () => ({ amount: 5 })));
    // The command's shell says at once that a signal came.
    const { out, err, code } = await run("--fail-on-change");
    expect(err).toMatch(/^Stopped after 500 of 700 calls\.$/m);
    expect(out).toMatch(/^500 calls since/);
    expect(code).toBe(1);
  });

  it("says how many requests about prompts and resources it leaves out", async () => {
    const { run, append } = await recorded([{ amount: 5 }]);
    const before = await run("--json");
    expect(JSON.parse(before.out)).toMatchObject({ calls: 1, not_replayed: 0 });
    expect((await run()).out).not.toContain("Not replayed");
    await append({ method: "prompts/get", subjectKind: "prompt", subject: "create_expense", tool: null });
    expect((await run()).out).toContain("Not replayed: 1 request about prompts and resources.");
    expect(JSON.parse((await run("--json")).out)).toMatchObject({ calls: 1, not_replayed: 1, unknown: 0 });
  });

  it("shows names from calls harmlessly", async () => {
    const { url, policies } = await recorded([]);
    const store = openTestStore(url.slice("file:".length));
    const seal = createSeal(Buffer.alloc(32), "audit-arguments");
    const audit = createAudit({ rows: store.audit, now: Date.now, log: keepingLog(), arguments: "full", seal, digest });
    await audit.open(opening("call_x", { subject: "evil\u001b[2J\u202etool" }));
    const { out } = await runPolicyCommand("replay", "--policies", policies, "--store", url);
    expect(out).toContain("expenses/evil\\u{1b}[2J\\u{202e}tool");
    expect(out).toContain("the tool's definition is not on record");
  });
});

describe("a line of progress", () => {
  function watched(terminal: boolean) {
    const output = Object.assign(new PassThrough({ encoding: "utf8" }), { isTTY: terminal, columns: 60 });
    let time = 0;
    const progress = createProgress({ output, total: 2_000, noun: "calls", now: () => time });
    const pass = (ms: number): void => {
      time += ms;
    };
    return { progress, pass, read: (): unknown => output.read() };
  }

  it("says how far it is, how fast and how long it still takes, and goes away", () => {
    const { progress, pass, read } = watched(true);
    pass(1_000);
    progress.at(500);
    expect(read()).toBe("\r\u001b[K██████░░░░░░░░░░░░░░░░░░ 25%  500 of 2,000 calls  500/s  3 ");
    pass(10);
    progress.at(505);
    expect(read()).toBeNull();
    progress.end();
    expect(read()).toBe("\r\u001b[K");
  });

  it("is not there where nobody watches", () => {
    const { progress, read } = watched(false);
    progress.at(500);
    progress.end();
    expect(read()).toBeNull();
  });
});

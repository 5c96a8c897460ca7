import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditOpening } from "../../src/audit/audit.ts";
import { createAudit } from "../../src/audit/create-audit.ts";
import { type ArgumentsMode, createRowEncoder } from "../../src/audit/encode-row.ts";
import { openSealedArguments } from "../../src/audit/sealed-arguments.ts";
import { verifyChain } from "../../src/audit/verify/verify-chain.ts";
import { canonicalJson } from "../../src/core/json.ts";
import { createSeal } from "../../src/core/seal.ts";
import { canonicalRow, hashedValues } from "../../src/store/audit/audit-row.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { auditHash, digest, SECRET } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";
import { forge } from "../support/forging.ts";

const seal = createSeal(SECRET, "audit-arguments");
const encoderOf = (mode: ArgumentsMode) => createRowEncoder({ arguments: mode, seal, digest });
const encoder = encoderOf("redacted");

type About = Pick<AuditOpening, "method" | "subjectKind" | "subject">;

const TOOL: About = { method: "tools/call", subjectKind: "tool", subject: "same" };
const PROMPT: About = { method: "prompts/get", subjectKind: "prompt", subject: "same" };
const RESOURCE: About = { method: "resources/read", subjectKind: "resource", subject: "file:///same" };
const COMPLETION: About = { method: "completion/complete", subjectKind: "prompt", subject: "same" };
const OTHERS = [PROMPT, RESOURCE, COMPLETION, { ...RESOURCE, method: "resources/subscribe" }];

const NOTHING = { method: null, subjectKind: null, subject: null };

describe("what a row is about", () => {
  const { principal, client, endpoint, session, traceId, at } = opening("");
  const caller = { callId: "c", at, principal, client, endpoint, session, traceId };
  const actor = { issuer: "https://idp.example", subject: "u-2", email: undefined };
  const act = { id: "x_1", at, actor, upstream: "up", policies: [] } as const;
  const rows = [
    { row: "an opening", of: (about: About) => encoder.opening(opening("c", about)) },
    {
      row: "one of what nobody has",
      of: ({ method, subjectKind, subject }: About) =>
        encoder.opening({ ...caller, method, upstream: "up", subjectKind, unlisted: subject }),
    },
    {
      row: "a vote",
      of: (about: About) => encoder.act({ ...act, ...about, about: "approval", outcome: "approve" }),
    },
    {
      row: "a sign-in",
      of: (about: About) => encoder.act({ ...act, ...about, about: "step_up", outcome: "signed_in" }),
    },
  ];

  it.each(rows)("$row: of a call of a tool its name alone", ({ of }) => {
    expect(of(TOOL)).toMatchObject({ tool: "same", ...NOTHING });
  });

  it.each(rows.flatMap((row) => OTHERS.map((about) => ({ ...row, ...about }))))(
    "$row: of $method of a $subjectKind all of that, and no tool",
    ({ of, method, subjectKind, subject }) => {
      expect(of({ method, subjectKind, subject })).toMatchObject({ tool: null, method, subjectKind, subject });
    },
  );

  it("a vote and a sign-in that do not say are about a tool", () => {
    expect(encoder.act({ ...act, subject: "t", about: "approval", outcome: "approve" })).toMatchObject({
      tool: "t",
      ...NOTHING,
    });
  });
});

describe("a URI stands on record without the secrets in it", () => {
  const SECRETS = [
    { uri: "https://ann:hunter22@files.example/a.txt", secret: "hunter22", stays: "files.example/a.txt" },
    { uri: "https://files.example/a?password=hunter22&page=2", secret: "hunter22", stays: "files.example/a" },
    { uri: "db://host/t?api_key=hunter22", secret: "hunter22", stays: "db://host/t" },
    { uri: "https://files.example/a?access%5Ftoken=hunter22", secret: "hunter22", stays: "files.example/a" },
    { uri: "x:a?token=ghp_abcdefghijklmnopqrstuvwxyz0123456789", secret: "mnopqrst", stays: "x:a" },
    { uri: `x:a?q=${"a".repeat(100_000)}`, secret: "a".repeat(1_000), stays: "x:a" },
  ];
  it.each(SECRETS)("$uri.length characters with $secret.length", ({ uri, secret, stays }) => {
    for (const row of [
      encoder.opening(opening("c", { ...RESOURCE, subject: uri, arguments: {} })),
      encoder.act({
        ...RESOURCE,
        about: "approval",
        id: "a",
        at: 1,
        actor: undefined,
        upstream: "up",
        subject: uri,
        policies: [],
        outcome: "expired",
      }),
    ]) {
      expect(row.subject).toContain(stays);
      expect(JSON.stringify(row)).not.toContain(secret);
    }
  });

  it("and the digest of its arguments says which it was", () => {
    const rowOf = (uri: string) => encoder.opening(opening("c", { ...RESOURCE, subject: uri, arguments: {} }));
    const [one, other] = [rowOf("https://a:hunter22@x.example/"), rowOf("https://a:hunter23@x.example/")];
    expect(one.subject).toBe(other.subject);
    expect(one.argumentsDigest).not.toBe(other.argumentsDigest);
  });

  it.each([
    { given: {}, kept: { uri: "x:a" } },
    { given: { uri: "b" }, kept: { uri: "x:a", arguments: { uri: "b" } } },
  ])("that stand with it, beside $given", ({ given, kept }) => {
    const about = opening("c", { ...RESOURCE, subject: "x:a", arguments: given });
    const { argumentsFull, argumentsDigest } = encoderOf("full").opening(about);
    expect(JSON.parse(argumentsFull ?? "")).toEqual(kept);
    expect(argumentsDigest).toBe(digest(canonicalJson(kept)));
    expect(openSealedArguments(seal, encoderOf("sealed").opening(about))?.arguments).toEqual(kept);
  });

  it("as the arguments of a prompt do", () => {
    const row = encoder.opening(opening("c", { ...PROMPT, arguments: { name: "ann", password: "hunter22" } }));
    expect(JSON.stringify(row)).not.toContain("hunter22");
  });
});

describe("the hash of a row", () => {
  const value = fc.option(fc.string({ maxLength: 3 }));
  const columns = fc.record({
    ...{ definitionDigest: value, facts: value, approval: value, challenge: value },
    ...{ method: value, subjectKind: value, subject: value },
  });
  const row = encoder.closing({ callId: "c", at: 1, outcome: "ok", durationMs: 1 });

  it("covers each column that was added later, given, changed or taken away", () => {
    fc.assert(
      fc.property(columns, columns, (one, other) => {
        const same = Object.keys(one).every((key) => one[key as keyof typeof one] === other[key as keyof typeof one]);
        expect(canonicalRow(1, { ...row, ...one }) === canonicalRow(1, { ...row, ...other })).toBe(same);
      }),
    );
  });

  it("ends with the last of them that is not null, so that rows of before keep theirs", () => {
    fc.assert(
      fc.property(columns, (given) => {
        const values = hashedValues(1, { ...row, ...given });
        expect(values.length === 24 || values.at(-1) !== null).toBe(true);
      }),
    );
    expect(hashedValues(1, { ...row, approval: "a" })).toHaveLength(27);
  });

  it.each([
    {
      what: "a call becomes a prompt",
      sql: "method = 'prompts/get', subject_kind = 'prompt', subject = tool, tool = NULL",
      seq: 1,
    },
    { what: "a call is given a subject", sql: "subject = 'x'", seq: 1 },
    {
      what: "a prompt becomes a call",
      sql: "tool = subject, method = NULL, subject_kind = NULL, subject = NULL",
      seq: 2,
    },
    { what: "a prompt becomes a resource", sql: "subject_kind = 'resource'", seq: 2 },
    { what: "its method is taken away", sql: "method = NULL", seq: 2 },
  ])("does not fit where $what", async ({ sql, seq }) => {
    const path = join(temporaryDir(), "portcullis.db");
    const store = openTestStore(path);
    const audit = createAudit({
      rows: store.audit,
      now: () => 1,
      log: keepingLog(),
      arguments: "redacted",
      seal,
      digest,
    });
    await Promise.all([audit.open(opening("c_1", TOOL)), audit.open(opening("c_2", PROMPT))]);
    expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({ ok: true });
    forge(path, `UPDATE audit SET ${sql} WHERE seq = ${seq}`);
    expect(await verifyChain(store.audit, { keys: [auditHash] })).toMatchObject({ ok: false, seq, reason: "content" });
  });
});

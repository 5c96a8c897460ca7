import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createApprovals } from "../../src/approvals/create-approvals.ts";
import { APPROVALS } from "../../src/approvals/lifecycle/sealed-parts.ts";
import type { Audit, AuditOpening } from "../../src/audit/audit.ts";
import { createSeal } from "../../src/core/seal.ts";
import { type DecidedMethod, SUBJECT_KINDS, type SubjectKind, subjectPath, USES } from "../../src/core/subject.ts";
import { recordApprovals } from "../../src/gateway/approvals/record.ts";
import type { Store } from "../../src/store/open-store.ts";
import { ann, ask, requester, yes } from "../support/approval-parts.ts";
import { serviceDeps } from "../support/approval-service.ts";
import { keepingLog } from "../support/audit.ts";
import { SECRET } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";
import { recordFiles, runGateway, verdictOn } from "../support/record-world.ts";

/** A prompt, and even a resource, may be called as a tool is: what is about one is not on record by what is about the other. */
const NAME = "same";

function about(kind: SubjectKind): Pick<AuditOpening, "method" | "subjectKind" | "subject" | "arguments"> {
  return { method: USES[kind], subjectKind: kind, subject: NAME, arguments: {} };
}

const given = (kind: SubjectKind, uri = NAME) => (kind === "resource" ? { uri } : {});

async function verdictAfter(further: (store: Store, record: Audit, now: () => number) => Promise<void>) {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-kinds-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const files = recordFiles(dir);
  await runGateway(files, SECRET, 0, { further });
  return (await verdictOn(files, { secret: SECRET, anchor: false })).findings.map(({ message }) => message);
}

const requestOf = async (
  store: Store,
  record: Audit,
  now: () => number,
  method: DecidedMethod,
  name: string,
  args = {},
) => {
  const approvals = createApprovals(
    serviceDeps(store, { log: keepingLog(), now, seal: createSeal(SECRET, APPROVALS) }),
  );
  const stop = recordApprovals(approvals, record);
  const asked = await approvals.request(ask({ method, tool: name, arguments: args }));
  if (!("request" in asked)) throw new Error("No approval was asked for.");
  await approvals.decide(yes(asked.request, ann));
  stop();
  await approvals.close();
  return asked.request;
};

const CASES = SUBJECT_KINDS.flatMap((recorded) => SUBJECT_KINDS.map((waits) => [recorded, waits] as const));

describe.each(CASES)("a request about a %s on record, and an approval of one about a %s", (recorded, waits) => {
  it("belong together only where they are about the same", async () => {
    const findings = await verdictAfter(async (store, record, now) => {
      await record.open(opening("call_kind", { at: now(), principal: requester, ...about(recorded) }));
      await requestOf(store, record, now, USES[waits], NAME, given(waits));
    });
    const contradicted = [expect.stringMatching(/^No call on record asked for apr_/)];
    expect(findings).toEqual(recorded === waits ? [] : contradicted);
  });

  it("belong together only where they are about the same: a challenge", async () => {
    const findings = await verdictAfter(async (store, record, now) => {
      await record.open(opening("call_kind", { at: now(), principal: requester, ...about(recorded) }));
      const { issuer, subject, clientId } = requester;
      const at = now();
      const tool = subjectPath({ kind: waits, upstream: opening("").upstream, name: NAME });
      await store.stepUp.open(
        {
          ...{ issuer, subject, clientId, per: "call", target: "t", id: "c-1", key: "k", expected: subject, tool },
          ...{ clientName: "an agent", acr: [], amr: [], maxAgeMs: 1, ttlMs: 1, state: "open", failures: 0 },
          ...{ createdAt: at, expiresAt: at + 600_000 },
        },
        10,
      );
    });
    expect(findings).toEqual(recorded === waits ? [] : ["No call on record was sent to sign in with c-1."]);
  });
});

describe("a secret in the URI of a resource", () => {
  it("is in no column of the request, and the record still says which one it was", async () => {
    const uri = "https://ann:hunter2-and-more@crm.example/x?api_key=sk_live_51H8xYzAbCdEfGhIjKlMnOp";
    let waiting = "";
    const findings = await verdictAfter(async (store, record, now) => {
      const what = { ...about("resource"), subject: uri };
      await record.open(opening("call_uri", { at: now(), principal: requester, ...what }));
      const { id, tool, argumentsRedacted } = await requestOf(store, record, now, "resources/read", uri, { uri });
      waiting = tool + argumentsRedacted;
      expect(await store.approvals.find(id)).toMatchObject({ record: { tool } });
    });
    expect(findings).toEqual([]);
    expect(waiting).toContain("crm.example");
    expect(waiting).not.toMatch(/hunter2|sk_live/);
  });
});

import { join } from "node:path";
import Database from "better-sqlite3";
import { onTestFinished } from "vitest";
import type { ApprovalClaim, Approvals, CallToApprove } from "../../src/approvals/approvals.ts";
import { createCallDigests } from "../../src/approvals/call-digest.ts";
import { createApprovals } from "../../src/approvals/create-approvals.ts";
import type { ApprovalsDeps } from "../../src/approvals/deps.ts";
import { redact } from "../../src/audit/secrets/redact.ts";
import { shownSubject } from "../../src/audit/secrets/shown-subject.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { createPeople, type PersonOptions } from "../../src/core/people.ts";
import { createPersons, type Persons } from "../../src/core/persons.ts";
import { createSeal } from "../../src/core/seal.ts";
import { subjectKindOf } from "../../src/core/subject.ts";
import type { Store } from "../../src/store/open-store.ts";
import { ann, ask, flow, yes } from "./approval-parts.ts";
import { keepingLog, openTestStore, temporaryDir } from "./audit.ts";
import { SECRET } from "./audit-key.ts";

/** The moment at which these tests begin. */
export const START = 1_790_000_000_000;

/** The lease of what `approval-worker.ts` claims. */
export const WORKER_LEASE_MS = 300;

/** What a test works with. */
export interface TestApprovals {
  readonly path: string;
  readonly store: Store;
  readonly approvals: Approvals;
  readonly log: ReturnType<typeof keepingLog>;
  readonly clock: { now: number };
  /** Time stands still but for this, and what is due is done. */
  pass(ms: number): Promise<void>;
  /** Another service on the same file and clock, as another process has it. */
  another(changes?: Partial<ApprovalsDeps>): TestApprovals;
  /** Asks, and has an open request. */
  opened(changes?: Partial<CallToApprove>): Promise<ApprovalRequest>;
  /** Asks and approves. */
  approved(changes?: Partial<CallToApprove>): Promise<ApprovalRequest>;
  /** Asks, approves and claims. */
  claimed(changes?: Partial<CallToApprove>): Promise<ApprovalClaim>;
}

/** The service on a real file, closed when the test is done. */
export function testApprovals(changes: Partial<ApprovalsDeps> = {}): TestApprovals {
  return approvalsOn(join(temporaryDir(), "portcullis.db"), { now: START }, changes);
}

/** The same on a file that is there. */
export function approvalsOn(path: string, clock: { now: number }, changes: Partial<ApprovalsDeps> = {}): TestApprovals {
  const store = openTestStore(path);
  const log = keepingLog();
  const approvals = createApprovals(serviceDeps(store, { log, now: () => clock.now, ...changes }));
  onTestFinished(() => approvals.close());
  const opened = async (asked: Partial<CallToApprove> = {}) => done(await approvals.request(ask(asked)));
  const approved = async (asked: Partial<CallToApprove> = {}) =>
    done(await approvals.decide(yes(await opened(asked), ann)));
  return {
    path,
    store,
    approvals,
    log,
    clock,
    async pass(ms) {
      clock.now += ms;
      await approvals.sweep();
    },
    another: (others = {}) => approvalsOn(path, clock, { ...changes, ...others }),
    opened,
    approved,
    async claimed(asked = {}) {
      const { id, version } = await approved(asked);
      const claim = await approvals.claim(id, version);
      if (claim === undefined) throw new Error("Not claimed.");
      return claim;
    },
  };
}

/** Tells people apart, with these under `people:`. */
export function testPersons(people: readonly PersonOptions[] = []): Persons {
  return createPersons({ people: createPeople(people), hash: createKeyedHash(Buffer.alloc(32, 7), "persons") });
}

/** What the service is made of where nothing else is said. */
export function serviceDeps(
  store: Store,
  changes: Pick<ApprovalsDeps, "log" | "now"> & Partial<ApprovalsDeps>,
): ApprovalsDeps {
  return {
    store: store.approvals,
    outbox: store.outbox,
    flows: [flow()],
    persons: testPersons(),
    seal: createSeal(SECRET, "approvals"),
    digests: createCallDigests(SECRET),
    redact,
    shown: (method, name) => shownSubject(subjectKindOf(method), name),
    misfits: async () => undefined,
    ...changes,
  };
}

/** The request of what was done. @throws if it was refused */
export function done(acted: { readonly ok: boolean; readonly request?: ApprovalRequest }): ApprovalRequest {
  if (!acted.ok || acted.request === undefined) throw new Error(`Refused: ${JSON.stringify(acted)}`);
  return acted.request;
}

/** Rows of a table, read from outside. */
export function rowsOf(path: string, sql: string): readonly Record<string, unknown>[] {
  const db = new Database(path, { readonly: true });
  const rows = db.prepare<[], Record<string, unknown>>(sql).all();
  db.close();
  return rows;
}

import type { Approvals } from "../../approvals/approvals.ts";
import type { AuditEntry, AuditReader } from "../../store/audit/audit-rows.ts";
import type { CallTimeline } from "./activity.ts";

/** Where a timeline is read. */
export interface TimelineDeps {
  readonly audit: Pick<AuditReader, "list" | "about">;
  readonly approvals: Pick<Approvals, "get" | "history">;
}

/** Entries of one timeline: more say nothing new. */
const MAX_ENTRIES = 200;

/** From a call to its sign-in, to the call after it, to its approval, to the run: nothing is further away. */
const MAX_STEPS = 4;

/** Gathers everything on record about what has this id; `undefined` if there is nothing. @throws StoreError */
export async function readTimeline({ audit, approvals }: TimelineDeps, id: string): Promise<CallTimeline | undefined> {
  const limit = MAX_ENTRIES + 1;
  const ids = { calls: new Set([id]), approvals: new Set([id]), challenges: new Set([id]) };
  let entries: readonly AuditEntry[] = [];
  let first: AuditEntry | undefined;
  let long = false;
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const before = entries.length;
    const { entries: found, cut } = await audit.about({
      ...{ calls: [...ids.calls], approvals: [...ids.approvals], challenges: [...ids.challenges] },
      limit,
    });
    first ??= found.find(({ kind, callId }) => kind === "opened" && callId === id) ?? found.find(isCall);
    entries = found.filter((entry) => belongs(entry, first, ids.approvals));
    for (const { kind, callId, approval, challenge } of entries) {
      if (kind === "opened") ids.calls.add(callId);
      if (approval !== null) ids.approvals.add(approval);
      if (challenge !== null) ids.challenges.add(challenge);
    }
    long = cut;
    if (entries.length === before) break;
  }
  if (entries.length === 0) return undefined;
  const request = await approvalOf(approvals, entries);
  const shown = entries.slice(0, MAX_ENTRIES);
  return { entries: shown, cut: long || entries.length > MAX_ENTRIES, approval: request };
}

/** One sign-in may serve many calls. Of those only the same call again is part of the timeline. */
function belongs(entry: AuditEntry, first: AuditEntry | undefined, approvals: ReadonlySet<string>): boolean {
  if (first === undefined || !isCall(entry)) return true;
  if (entry.callId === first.callId || (entry.approval !== null && approvals.has(entry.approval))) return true;
  return (
    entry.actor === first.actor &&
    entry.actorIssuer === first.actorIssuer &&
    entry.upstream === first.upstream &&
    entry.tool === first.tool &&
    entry.method === first.method &&
    entry.subjectKind === first.subjectKind &&
    entry.subject === first.subject &&
    entry.argumentsDigest === first.argumentsDigest
  );
}

function isCall({ kind }: AuditEntry): boolean {
  return kind === "opened";
}

async function approvalOf(
  approvals: TimelineDeps["approvals"],
  entries: readonly AuditEntry[],
): Promise<CallTimeline["approval"]> {
  const id = entries.find(({ approval }) => approval !== null)?.approval ?? undefined;
  const request = id === undefined ? undefined : await approvals.get(id);
  return request === undefined ? undefined : { request, history: await approvals.history(request.id) };
}

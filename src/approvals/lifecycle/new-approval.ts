import { cut } from "../../core/display.ts";
import { keptJsonInSlices } from "../../core/json-in-slices.ts";
import type { Persons } from "../../core/persons.ts";
import type { Slices } from "../../core/slices.ts";
import type { ApprovalRecord, NewApproval } from "../../store/approvals/approvals.ts";
import type { CallToApprove } from "../approvals.ts";
import type { ApprovalsDeps } from "../deps.ts";
import { entriesOf } from "../eligibility.ts";
import type { CombinedFlows } from "../rules/combine-flows.ts";
import { dueAt } from "../rules/due.ts";
import { messagesFor } from "../rules/messages.ts";
import { personOf } from "../rules/step.ts";
import type { SealedTexts } from "./sealed-parts.ts";

/** What a new request is made of. */
export interface NewApprovalParts {
  readonly id: string;
  readonly digest: string;
  /** The digest of canonical arguments. */
  readonly argumentsDigest: (canonical: string) => string;
  readonly run: "gateway" | "caller";
  readonly call: CallToApprove;
  readonly flows: CombinedFlows;
  readonly persons: Persons;
  readonly texts: SealedTexts;
  readonly redact: ApprovalsDeps["redact"];
  readonly shown: ApprovalsDeps["shown"];
  readonly misfits: ApprovalsDeps["misfits"];
  readonly retentionMs: number;
  readonly slices: Slices;
  readonly now: number;
}

/** Names come from tokens and clients; nobody reads more of one than this, in characters. */
const MAX_NAME = 200;
const MAX_MESSAGE = 4_000;
const MAX_MISFIT = 300;

/** How a request stands while nobody has said anything of it. */
const UNDECIDED = {
  state: "pending",
  version: 1,
  stage: 0,
  escalated: false,
  reminded: false,
  decidedAt: undefined,
  executeUntil: undefined,
  executionId: undefined,
  executionOwner: undefined,
  leaseUntil: undefined,
  executionStartedAt: undefined,
  executionEndedAt: undefined,
  runs: 0,
  endedAt: undefined,
  hasResult: false,
  resultIsError: undefined,
  deliveredAt: undefined,
  purgedAt: undefined,
  dueAt: undefined,
} as const satisfies Partial<ApprovalRecord>;

/** Makes a request that has not been stored yet: the arguments are written canonically here, once for ever. */
export async function newApproval(parts: NewApprovalParts): Promise<NewApproval> {
  const { id, call, flows, texts, slices, now } = parts;
  const { principal } = call;
  const { canonical, kept } = await keptJsonInSlices(call.arguments, slices);
  const argumentsDigest = parts.argumentsDigest(canonical);
  if (slices.isOver) await slices.next();
  const misfits = (await parts.misfits(call))?.map((misfit) => cut(misfit, MAX_MISFIT));
  if (slices.isOver) await slices.next();
  const redacted = parts.redact(call.arguments);
  if (slices.isOver) await slices.next();
  const shown = redacted === call.arguments ? kept : (await keptJsonInSlices(redacted, slices)).kept;
  const sealedArguments = texts.sealArguments(id, kept);
  if (slices.isOver) await slices.next();
  const record: ApprovalRecord = {
    ...UNDECIDED,
    id,
    digest: parts.digest,
    issuer: principal.issuer,
    subject: principal.subject,
    userName: principal.name === undefined ? undefined : cut(principal.name, MAX_NAME),
    email: principal.email,
    traces: parts.persons.traces(principal),
    personHash: parts.persons.personHash(principal),
    clientId: principal.clientId,
    clientName: cut(call.clientName, MAX_NAME),
    era: call.era,
    method: call.method,
    upstream: call.upstream,
    tool: parts.shown(call.method, call.tool),
    definitionDigest: call.definitionDigest,
    argumentsDigest,
    argumentsRedacted: shown,
    policies: flows.policies,
    policySet: call.policySet,
    snapshot: flows.snapshot,
    messageSealed: texts.sealWords(id, { message: cut(flows.message, MAX_MESSAGE), misfits }),
    run: parts.run,
    idempotent: call.idempotent,
    stageSince: now,
    createdAt: now,
    pendingUntil: now + flows.pendingTtlMs,
  };
  return {
    record: { ...record, dueAt: dueAt(record, parts.retentionMs) },
    sealed: {
      arguments: sealedArguments,
      requester: texts.sealRequester(id, { principal, context: call.context }),
    },
    approvers: entriesOf(flows.snapshot.stages),
    event: { act: "request", from: undefined, to: "pending", actor: personOf(principal), reason: undefined, at: now },
    messages: messagesFor(record, { kind: "approval.requested", to: "stage" }, now),
  };
}

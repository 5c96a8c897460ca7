import type { Approvals } from "../../approvals/approvals.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Call } from "../../core/call.ts";
import { Cancellation } from "../../core/cancellation.ts";
import { allows, type Decision } from "../../core/decision.ts";
import type { JsonObject } from "../../core/json.ts";
import type { SettledOutcome } from "../../core/outcome.ts";
import type { Scope } from "../../core/scope.ts";
import { subjectKindOf } from "../../core/subject.ts";
import type { Answers } from "../../policy/answer.ts";
import type { PolicyInput, PolicySet } from "../../policy/policy-set.ts";
import { createResponseFilter, type ResponseFilterDeps } from "../filters/create-response-filter.ts";
import { otherSubject, type Subject, toolSubject, UNLISTED } from "../requests/subject.ts";
import { type Origin, policyInput } from "../steps/origin.ts";
import type { Questions } from "../steps/questions.ts";
import { UNKNOWN } from "../steps/unresolved.ts";
import { readContext } from "./approval-context.ts";
import { listedSubject } from "./listed-subject.ts";
import { rememberRedactions } from "./remembered-redactions.ts";
import type { StoredOutcome } from "./stored-outcome.ts";

/** Who fetches a result, from where and at which endpoint. */
export type Fetcher = Pick<Call, "principal" | "client" | "headers" | "scope"> &
  Partial<Pick<Call, "session" | "traceId" | "cancellation">>;

export interface KeptResultsDeps extends ResponseFilterDeps {
  readonly approvals: Pick<Approvals, "requestedCall">;
  readonly catalog: Pick<Catalog, "view">;
  readonly scope: (endpoint: string) => Scope | undefined;
  readonly policies: () => PolicySet;
  readonly answers: Pick<Answers, "of">;
  readonly questions: Pick<Questions, "authorized">;
  readonly callIds: () => string;
  readonly now: () => number;
}

/** What somebody gets of what was kept of a run. */
export interface GivenOut {
  readonly outcome: SettledOutcome;
  /** Somebody else, or the same one later, may get more of it: it is still kept for them. */
  readonly heldBack: boolean;
  /** As in `PausedEnd`. */
  readonly later?: true;
}

/** Opens what was kept of a run; `undefined` where it is gone by now. @throws StoreError */
export type OpenKept = () => Promise<StoredOutcome | undefined>;

/**
 * Decides for whoever fetches it what they get; `undefined` where nothing is kept. What is refused them is not opened: it may
 * be megabytes. @throws StoreError
 */
export type GiveOut = (request: ApprovalRequest, open: OpenKept, fetcher: Fetcher) => Promise<GivenOut | undefined>;

/**
 * Makes it. A call was decided on when it ran, for who was there then, or for who had asked: who fetches the result may come from
 * elsewhere, with other roles, and policies may be others. So the call is decided once more, as if they made it now. What refuses
 * it keeps the result back; what takes something out of results takes it out of this one, besides what was taken out when it ran.
 */
export function createGiveOut(deps: KeptResultsDeps): GiveOut {
  const { approvals, catalog, log } = deps;
  const longRedactions = rememberRedactions(deps.longRedactions);

  /** As it is now; of one that is gone only the name is known. */
  function subjectOf(request: ApprovalRequest, scope: Scope | undefined, args: JsonObject): Subject {
    const { method, upstream, tool: name, definitionDigest: digest } = request;
    const view = scope && catalog.view(scope);
    const listed = listedSubject(view, request, args, "");
    if (listed.kind === "found") return listed.subject;
    const kind = subjectKindOf(method);
    if (kind !== "tool") {
      return otherSubject({ kind, method, upstream, place: "", name, definition: UNLISTED, arguments: args });
    }
    const known = view && [...view.tools.values(), ...view.absentTools.values()];
    const found = known?.find((entry) => entry.upstream === upstream && entry.name === name);
    if (found !== undefined) return toolSubject(found, args);
    const definition = { name, inputSchema: { type: "object" } };
    return { kind, method, upstream, place: "", name, definition, digest, arguments: args, paramHeaders: [] };
  }

  /** The request itself has been seen by guards when it ran. */
  async function decidedNow(set: PolicySet, input: PolicyInput, cancellation = new Cancellation()): Promise<Decision> {
    const { decision } = deps.answers.of(set, input, true);
    return allows(decision) ? deps.questions.authorized(decision, input, cancellation) : decision;
  }

  return async (request, open, { principal, client, headers, scope, session, traceId, cancellation }) => {
    const requested = await approvals.requestedCall(request.id);
    const context = requested && readContext(requested.context);
    if (requested === undefined || context === undefined) {
      const kept = await open();
      if (kept === undefined || kept.kind === "withheld") return kept && { outcome: kept, heldBack: false };
      log.error({ request: request.id }, "A result was kept back, because what was asked for can no longer be read.");
      return { outcome: { kind: "withheld" }, heldBack: true };
    }
    const origin: Origin = {
      ...{ id: deps.callIds(), method: request.method, receivedAt: deps.now() },
      ...{ principal, client, headers, scope, session, traceId },
    };
    const subject = subjectOf(request, deps.scope(context.endpoint), requested.arguments);
    const input = policyInput(origin, subject);
    const set = deps.policies();
    const decision = await decidedNow(set, input, cancellation);
    const refused = refusalBy(decision, subject);
    if (refused !== undefined) {
      log.info({ request: request.id, effect: decision.effect }, "A result was kept back from whoever fetched it.");
      return { outcome: refused, heldBack: true };
    }
    const kept = await open();
    if (kept === undefined) return undefined;
    const filter = createResponseFilter({ ...deps, longRedactions }, { set, input, decision, cancellation });
    if (kept.kind === "withheld" || filter === undefined) return { outcome: kept, heldBack: false };
    if (kept.kind === "error") return { outcome: { kind: "error", error: filter.error(kept.error) }, heldBack: false };
    const result = await filter.result(kept.result);
    return result === undefined
      ? { outcome: { kind: "withheld" }, heldBack: true }
      : { outcome: { kind: "result", result }, heldBack: false };
  };
}

function refusalBy(decision: Decision, { kind }: Subject): SettledOutcome | undefined {
  if (decision.hidden) return UNKNOWN[kind];
  return allows(decision) ? undefined : { kind: "denied", decision };
}

import type { CallDigests } from "../../approvals/call-digest.ts";
import type { Catalog } from "../../catalog/catalog.ts";
import type { ToolEntry } from "../../catalog/entries.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Call, ClientFacts } from "../../core/call.ts";
import type { ApprovalRequirement } from "../../core/decision.ts";
import { refuse } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { SettledOutcome } from "../../core/outcome.ts";
import type { Principal } from "../../core/principal.ts";
import type { Scope } from "../../core/scope.ts";
import type { Answers } from "../../policy/answer.ts";
import type { PolicyInput, PolicySet } from "../../policy/policy-set.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { SignInDecision, StepUpGate } from "../step-up/step-up-gate.ts";
import { challengeOf, withSignIn } from "../steps/call-facts.ts";
import type { Allowed } from "../steps/rate-limit-guard.ts";
import type { AskedContext } from "./asked-context.ts";

/** Who is there when an approved call is to be run; what is left out is as it was when they asked. */
export interface LiveCaller
  extends Pick<Call, "principal">,
    Partial<Pick<Call, "headers" | "peer" | "traceId" | "session">> {
  readonly client?: ClientFacts;
}

/** An approved call that is to be run. */
export interface RunCandidate {
  readonly request: ApprovalRequest;
  /** The live caller's, else the requester's: as a key is configured now, as a token said then. */
  readonly principal: Principal;
  /** The same. */
  readonly session: string | undefined;
  readonly client: ClientFacts;
  readonly headers: JsonObject;
  readonly context: AskedContext;
  readonly arguments: JsonObject;
  /** Id of the run's own row in the audit. */
  readonly callId: string;
  /** ms since the epoch. */
  readonly at: number;
}

/** What today's policies and servers make of it. */
export type RunVerdict =
  | {
      readonly kind: "fits";
      readonly tool: ToolEntry;
      readonly set: PolicySet;
      readonly input: PolicyInput;
      readonly decision: Allowed;
      /** A sign-in that serves this run only, to be spent right before it. */
      readonly spend: string | undefined;
      /** The challenge whose sign-in lets it run. */
      readonly challenge?: string;
    }
  /** It will never be run. `reason` is for people. */
  | { readonly kind: "invalid"; readonly reason: string }
  /** Not before its requester has signed in again; it stays approved. */
  | { readonly kind: "sign_in" }
  /** Not now; it stays approved. */
  | { readonly kind: "not_now"; readonly outcome: SettledOutcome };

export interface RunCheckDeps {
  readonly upstreams: Pick<Upstreams, "get">;
  readonly catalog: Pick<Catalog, "view" | "readAgain">;
  readonly policies: () => PolicySet;
  readonly scope: (endpoint: string) => Scope | undefined;
  /** A requester who is not there, as they are now; `undefined` if their credential is no longer accepted. */
  readonly principalNow: (before: Principal) => Principal | undefined;
  /** Until when something is done in the name of a principal who came at `since` and may be gone, ms since the epoch. */
  readonly actsUntil: (principal: Principal, since: number) => number;
  readonly signIns: Pick<StepUpGate, "checkRun">;
  readonly answers: Pick<Answers, "of">;
  readonly digests: Pick<CallDigests, "call">;
}

/**
 * Decides an approved call again, right before it is run: what people approved is the call as it was, under the rules
 * that asked them. An approval satisfies the policies that asked for it, and no others; a sign-in has to be fresh now.
 */
export function createRunCheck(deps: RunCheckDeps): (candidate: RunCandidate) => Promise<RunVerdict> {
  return async (candidate) => {
    const { request, context } = candidate;
    const found = await findTool(deps, request, context);
    if (found.kind !== "found") return found;
    const { tool } = found;
    if (tool.digest !== request.definitionDigest) {
      return invalid("The definition of the tool has changed since the approval was asked for.");
    }
    const set = deps.policies();
    const input = inputOf(candidate, tool);
    const { decision, refusal } = deps.answers.of(set, input);
    if (decision.hidden) return invalid("The requester no longer has access to the tool.");
    if (refusal !== undefined) return invalid("The definition of the tool does not allow these arguments.");
    switch (decision.effect) {
      case "allow":
        return { kind: "fits", tool, set, input, decision, spend: undefined };
      case "request_approval":
        return missingApproval(decision, context) ?? { kind: "fits", tool, set, input, decision, spend: undefined };
      case "hide":
      case "deny":
      case "rate_limit":
        return invalid(`The policy ${decision.policy} refuses the call now.`);
      case "step_up": {
        const missing = missingApproval(decision, context);
        if (missing !== undefined) return missing;
        return checkSignIn(candidate, decision, { tool, set, input });
      }
      default:
        return decision satisfies never;
    }
  };

  async function checkSignIn(
    { request, principal, session, arguments: args }: RunCandidate,
    decision: SignInDecision,
    found: Pick<Extract<RunVerdict, { kind: "fits" }>, "tool" | "set" | "input">,
  ): Promise<RunVerdict> {
    const tool = `${request.upstream}/${request.tool}`;
    const { requester, upstream, definitionDigest } = request;
    const made = { ...requester, actors: principal.actors };
    const bound = { principal: made, upstream, tool: request.tool, definitionDigest, arguments: args };
    const caller = { principal, callDigest: deps.digests.call(bound), tool, session };
    const signIn = await deps.signIns.checkRun(decision.stepUp, caller);
    switch (signIn.kind) {
      case "made":
        return {
          kind: "fits",
          ...found,
          decision: withSignIn(decision, signIn),
          spend: signIn.spend,
          ...challengeOf(signIn),
        };
      case "unknown":
        return { kind: "not_now", outcome: { kind: "refused", refusal: refuse("STEP_UP_UNAVAILABLE") } };
      case "missing":
        return signIn.why === "machine" || signIn.why === "not_configured"
          ? invalid(`The policy ${decision.policy} now asks for a sign-in that the requester cannot make.`)
          : { kind: "sign_in" };
      default:
        return signIn satisfies never;
    }
  }
}

function missingApproval(
  { approvals }: { readonly approvals: readonly ApprovalRequirement[] },
  { granted }: AskedContext,
): Extract<RunVerdict, { kind: "invalid" }> | undefined {
  const missing = approvals.find(
    ({ policy, flow }) => !granted.some((given) => given.policy === policy && given.flow === flow),
  );
  if (missing === undefined) return undefined;
  return invalid(`The policy ${missing.policy} now asks for an approval that this request does not bring.`);
}

/** How long a server may take to list its tools before an approved call is run. */
const READ_AGAIN_MS = 10_000;

type Found = { readonly kind: "found"; readonly tool: ToolEntry } | Exclude<RunVerdict, { kind: "fits" }>;

async function findTool(
  deps: RunCheckDeps,
  { upstream, tool: name }: ApprovalRequest,
  { endpoint, place }: AskedContext,
): Promise<Found> {
  const server = deps.upstreams.get(upstream);
  const scope = deps.scope(endpoint);
  if (server === undefined || scope === undefined || !scope.upstreams.includes(upstream)) {
    return invalid("The server of the tool is no longer offered where the approval was asked for.");
  }
  // What people approved is a call of the server that they know by this name, such as the one for tests.
  if (place !== undefined && place !== server.place) {
    return invalid("The server of the tool is another one now than when the approval was asked for.");
  }
  if (server.status().state !== "ready") return notNow(upstream, "it is not connected");
  // What people approved is the tool as it was described to them, and a list in memory may be minutes old.
  if (!(await deps.catalog.readAgain(upstream, READ_AGAIN_MS))) {
    return notNow(upstream, "it does not list its tools");
  }
  const listed = [...deps.catalog.view(scope).tools.values()].filter((entry) => entry.upstream === upstream);
  const tool = listed.find((entry) => entry.name === name);
  if (tool !== undefined) return { kind: "found", tool };
  // One that lists nothing at all has not been read, or is being set up.
  if (listed.length === 0) return notNow(upstream, "it lists no tools");
  return invalid("The tool is no longer there.");
}

function inputOf(candidate: RunCandidate, tool: ToolEntry): PolicyInput {
  const { principal, client, context, headers } = candidate;
  return {
    principal,
    client,
    tool: { name: tool.name, upstream: tool.upstream, definition: tool.definition },
    arguments: candidate.arguments,
    request: {
      id: candidate.callId,
      method: "tools/call",
      time: candidate.at,
      session: context.session,
      endpoint: context.endpoint,
      headers,
    },
  };
}

function invalid(reason: string): { readonly kind: "invalid"; readonly reason: string } {
  return { kind: "invalid", reason };
}

function notNow(upstream: string, detail: string): Extract<RunVerdict, { kind: "not_now" }> {
  const fault = { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } as const;
  return { kind: "not_now", outcome: { kind: "fault", fault } };
}

import type { Catalog } from "../../catalog/catalog.ts";
import type { ToolEntry } from "../../catalog/entries.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Call, ClientFacts } from "../../core/call.ts";
import type { ApprovalRequirement } from "../../core/decision.ts";
import { refuse } from "../../core/errors.ts";
import type { SettledOutcome } from "../../core/outcome.ts";
import type { Scope } from "../../core/scope.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { SignInCheck, SignInDecision } from "../step-up/sign-in.ts";
import type { DecidedRequest } from "../steps/execute.ts";
import type { ApprovalContext } from "./approval-context.ts";

/** Who is there when an approved call is to be run; what is left out is as it was when they asked. */
export interface LiveCaller
  extends Pick<Call, "principal">,
    Partial<Pick<Call, "headers" | "peer" | "traceId" | "session">> {
  readonly client?: ClientFacts;
}

/** Why an approved call is not run. */
export type Unfit =
  /** It will never be run. `reason` is for people. */
  | { readonly kind: "invalid"; readonly reason: string }
  /** Not before its requester has signed in again; it stays approved. */
  | { readonly kind: "sign_in" }
  /** Not now; it stays approved. */
  | { readonly kind: "not_now"; readonly outcome: SettledOutcome };

/**
 * Why an approved call is not run, decided again right before: what people approved is the call as it was, under the rules
 * that asked them. An approval satisfies the policies that asked for it, and no others; a sign-in has to be fresh now.
 */
export function unfitBy({ decision, misfit, signIn }: DecidedRequest, { granted }: ApprovalContext): Unfit | undefined {
  if (decision.hidden) return invalid("The requester no longer has access to the tool.");
  if (misfit !== undefined) return invalid("The definition of the tool does not allow these arguments.");
  switch (decision.effect) {
    case "allow":
      return undefined;
    case "request_approval":
      return missingApproval(decision.approvals, granted);
    case "step_up":
      return missingApproval(decision.approvals, granted) ?? missingSignIn(decision, signIn);
    case "hide":
    case "deny":
    case "rate_limit":
      return invalid(`The policy ${decision.policy} refuses the call now.`);
    default:
      return decision satisfies never;
  }
}

function missingApproval(
  approvals: readonly ApprovalRequirement[],
  granted: ApprovalContext["granted"],
): Unfit | undefined {
  const missing = approvals.find(
    ({ policy, flow }) => !granted.some((given) => given.policy === policy && given.flow === flow),
  );
  if (missing === undefined) return undefined;
  return invalid(`The policy ${missing.policy} now asks for an approval that this request does not bring.`);
}

function missingSignIn({ policy }: SignInDecision, signIn: SignInCheck | undefined): Unfit | undefined {
  switch (signIn?.kind) {
    case "made":
      return undefined;
    case undefined:
    case "later":
    case "unknown":
      return { kind: "not_now", outcome: { kind: "refused", refusal: refuse("STEP_UP_UNAVAILABLE") } };
    case "missing":
      return signIn.why === "machine" || signIn.why === "not_configured"
        ? invalid(`The policy ${policy} now asks for a sign-in that the requester cannot make.`)
        : { kind: "sign_in" };
    default:
      return signIn satisfies never;
  }
}

/** How long a server may take to list its tools before an approved call is run. */
const READ_AGAIN_MS = 10_000;

export interface ToolOfRequestDeps {
  readonly upstreams: Pick<Upstreams, "get">;
  readonly catalog: Pick<Catalog, "view" | "readAgain">;
  readonly scope: (endpoint: string) => Scope | undefined;
}

/** The tool of an approved request as it was when that was made; else why it is not run. */
export async function toolOfRequest(
  deps: ToolOfRequestDeps,
  { upstream, tool: name, definitionDigest }: ApprovalRequest,
  { endpoint, place }: ApprovalContext,
): Promise<{ readonly kind: "found"; readonly tool: ToolEntry } | Unfit> {
  const server = deps.upstreams.get(upstream);
  const scope = deps.scope(endpoint);
  if (server === undefined || scope === undefined || !scope.upstreams.includes(upstream)) {
    return invalid("The server of the tool is no longer offered where the approval was asked for.");
  }
  // What people approved is a call of the server that they know by this name, such as the one for tests.
  if (place !== undefined && place !== server.place) {
    return invalid(
      "The server of the tool is another one now than when the approval was asked for, or is given other headers or another environment.",
    );
  }
  if (server.status().state !== "ready") return notNow(upstream, "it is not connected");
  // What people approved is the tool as it was described to them, and a list in memory may be minutes old.
  if (!(await deps.catalog.readAgain(upstream, READ_AGAIN_MS))) {
    return notNow(upstream, "it does not list its tools");
  }
  const listed = [...deps.catalog.view(scope).tools.values()].filter((entry) => entry.upstream === upstream);
  const tool = listed.find((entry) => entry.name === name);
  // One that lists nothing at all has not been read, or is being set up.
  if (listed.length === 0) return notNow(upstream, "it lists no tools");
  if (tool === undefined) return invalid("The tool is no longer there.");
  if (tool.digest === definitionDigest) return { kind: "found", tool };
  return invalid("The definition of the tool has changed since the approval was asked for.");
}

function invalid(reason: string): Unfit {
  return { kind: "invalid", reason };
}

function notNow(upstream: string, detail: string): Unfit {
  const fault = { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } as const;
  return { kind: "not_now", outcome: { kind: "fault", fault } };
}

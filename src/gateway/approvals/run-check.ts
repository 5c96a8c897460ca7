import type { Catalog } from "../../catalog/catalog.ts";
import type { View } from "../../catalog/view.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import type { Call, ClientFacts } from "../../core/call.ts";
import type { ApprovalRequirement } from "../../core/decision.ts";
import { refuse } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { SettledOutcome } from "../../core/outcome.ts";
import type { Scope } from "../../core/scope.ts";
import { type DecidedMethod, subjectKindOf } from "../../core/subject.ts";
import type { ListKind } from "../../mcp/messages.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import { type Subject, toolSubject } from "../requests/subject.ts";
import type { SignInCheck, SignInDecision } from "../step-up/sign-in.ts";
import type { DecidedRequest } from "../steps/decided-request.ts";
import type { ApprovalContext } from "./approval-context.ts";
import { listedSubject } from "./listed-subject.ts";

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
export function unfitBy(
  { decision, misfit, signIn, subject: { kind } }: DecidedRequest,
  { granted }: ApprovalContext,
): Unfit | undefined {
  if (decision.hidden) return invalid(`The requester no longer has access to the ${kind}.`);
  if (misfit !== undefined) return invalid(`The definition of the ${kind} does not allow these arguments.`);
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

/** How long a server may take to list what it has before an approved call is run. */
const READ_AGAIN_MS = 10_000;

export interface SubjectOfRequestDeps {
  readonly upstreams: Pick<Upstreams, "get">;
  readonly catalog: Pick<Catalog, "view" | "readAgain">;
  readonly scope: (endpoint: string) => Scope | undefined;
}

/** What an approved request is about, as it was when that was made; else why it is not run. */
export async function subjectOfRequest(
  deps: SubjectOfRequestDeps,
  request: ApprovalRequest,
  { endpoint, place }: ApprovalContext,
  args: JsonObject,
): Promise<{ readonly kind: "found"; readonly subject: Subject } | Unfit> {
  const { upstream, method } = request;
  const kind = subjectKindOf(method);
  const server = deps.upstreams.get(upstream);
  const scope = deps.scope(endpoint);
  if (server === undefined || scope === undefined || !scope.upstreams.includes(upstream)) {
    return invalid(`The server of the ${kind} is no longer offered where the approval was asked for.`);
  }
  // What people approved is a call of the server that they know by this name, such as the one for tests.
  if (place !== undefined && place !== server.place) {
    return invalid(
      `The server of the ${kind} is another one now than when the approval was asked for, or is given other headers or another environment.`,
    );
  }
  if (server.status().state !== "ready") return notNow(upstream, "it is not connected");
  // What people approved is the tool as it was described to them, and a list in memory may be minutes old.
  const list = LISTS[method];
  if (!(await deps.catalog.readAgain(upstream, READ_AGAIN_MS, list))) {
    return notNow(upstream, `it does not list its ${list}`);
  }
  const view = deps.catalog.view(scope);
  const found = method === "tools/call" ? toolIn(view, request, args) : otherIn(view, request, args, server.place);
  if (found.kind !== "found" || found.subject.digest === request.definitionDigest) return found;
  return invalid(definitionChanged(method));
}

/** Why a request about something that its server describes otherwise by now is never run. */
export function definitionChanged(method: DecidedMethod): string {
  return `The definition of the ${subjectKindOf(method)} has changed since the approval was asked for.`;
}

const LISTS: Readonly<Record<DecidedMethod, ListKind>> = {
  "tools/call": "tools",
  "prompts/get": "prompts",
  "completion/complete": "prompts",
  "resources/read": "resources",
  "resources/subscribe": "resources",
};

type Found = { readonly kind: "found"; readonly subject: Subject } | Unfit;

function toolIn(view: View, { upstream, tool: name }: ApprovalRequest, args: JsonObject): Found {
  const listed = [...view.tools.values()].filter((entry) => entry.upstream === upstream);
  // One that lists nothing at all has not been read, or is being set up.
  if (listed.length === 0) return notNow(upstream, "it lists no tools");
  const tool = listed.find((entry) => entry.name === name);
  return tool === undefined
    ? invalid("The tool is no longer there.")
    : { kind: "found", subject: toolSubject(tool, args) };
}

function otherIn(view: View, request: ApprovalRequest, args: JsonObject, place: string): Found {
  const listed = listedSubject(view, request, args, place);
  return listed.kind === "found" ? listed : invalid(`The ${subjectKindOf(request.method)} is no longer there.`);
}

function invalid(reason: string): Unfit {
  return { kind: "invalid", reason };
}

function notNow(upstream: string, detail: string): Unfit {
  const fault = { code: "UPSTREAM_UNAVAILABLE", upstream, detail, executed: "no" } as const;
  return { kind: "not_now", outcome: { kind: "fault", fault } };
}

import type { Approvals } from "../approvals/approvals.ts";
import type { CallDigests } from "../approvals/call-digest.ts";
import type { Audit } from "../audit/audit.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { View } from "../catalog/view.ts";
import { createCallIds } from "../core/ids.ts";
import type { JsonObject } from "../core/json.ts";
import type { Log } from "../core/log.ts";
import { type Principal, principalKey } from "../core/principal.ts";
import type { Scope } from "../core/scope.ts";
import type { Seal } from "../core/seal.ts";
import type { DecisionPoints } from "../decision-points/decision-points.ts";
import type { Guards } from "../guards/guards.ts";
import { createAnswers } from "../policy/answer.ts";
import type { PolicySet, PolicySubject } from "../policy/policy-set.ts";
import type { LongRedactions } from "../redaction/long-redactions.ts";
import type { MarkHash } from "../redaction/redact.ts";
import type { StepUp } from "../step-up/step-up.ts";
import type { RateLimits } from "../store/rate-limits/rate-limits.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import { STATUS_TOOL } from "./approval-texts.ts";
import { startApprovedRunner } from "./approvals/approved-runner.ts";
import { createApprovedRuns } from "./approvals/approved-runs.ts";
import { createGiveOut } from "./approvals/kept-results.ts";
import { createLeftRequests } from "./approvals/left-requests.ts";
import { createPausedCalls } from "./approvals/paused-calls.ts";
import type { Gateway, Use } from "./gateway.ts";
import { mergeCapabilities, mergeInstructions } from "./lists/capabilities.ts";
import { createListEncoder } from "./lists/encoded-lists.ts";
import { createInPieces } from "./lists/in-pieces.ts";
import { createListChanges, type ListChanges } from "./lists/list-changes.ts";
import { createStatusListing, wantsApproval } from "./lists/status-tool.ts";
import { createVisibility, subjectOfListed, subjectOfTool } from "./lists/visibility.ts";
import { createPipeline } from "./pipeline.ts";
import { createDeclaredArguments } from "./requests/declared-arguments.ts";
import { createRequestStates } from "./requests/request-state.ts";
import { createRetryTokens } from "./requests/retry-tokens.ts";
import { createStepUpGate } from "./step-up/step-up-gate.ts";
import { createExecute } from "./steps/execute.ts";
import { createLinks } from "./steps/links.ts";
import { createOutOfBand } from "./steps/out-of-band.ts";
import { createQuestions } from "./steps/questions.ts";
import { createRateLimitGuard } from "./steps/rate-limit-guard.ts";
import { createUnlistedCalls } from "./steps/unlisted-calls.ts";
import { createSubscriptions } from "./subscriptions.ts";

export interface GatewayDeps {
  readonly upstreams: Upstreams;
  readonly catalog: Catalog;
  readonly audit: Audit;
  readonly approvals: Approvals;
  readonly stepUp: StepUp;
  /** A requester who is not there, as they are now; `undefined` if their credential is no longer accepted. */
  readonly principalNow: (before: Principal) => Principal | undefined;
  /** Until when something is done in the name of a principal who came at `since` and may be gone, ms since the epoch. */
  readonly actsUntil: (principal: Principal, since: number) => number;
  /** Whether the operator says that running this tool (original name) twice does no harm. */
  readonly isIdempotent: (upstream: string, tool: string) => boolean;
  /** Where people find an approval request. */
  readonly link: (id: string) => string;
  readonly rateLimits: RateLimits;
  /** Who is asked whether requests may go on. */
  readonly decisionPoints: DecisionPoints;
  /** Who looks at what passes. */
  readonly guards: Guards;
  /** The set in force; read once per call, so that a swap falls between calls. */
  readonly policies: () => PolicySet;
  /** The scope of an endpoint name, the same object until the configuration changes. */
  readonly scope: (endpoint: string) => Scope | undefined;
  /** Seals `requestState`. */
  readonly seal: Seal;
  readonly digests: CallDigests;
  /** Replaces what policies want hashed. */
  readonly hash: MarkHash;
  readonly longRedactions: Pick<LongRedactions, "redact">;
  readonly serverInfo: JsonObject;
  readonly log: Log;
  readonly now: () => number;
}

/** The gateway, with the side that no edge sees. */
export interface WiredGateway extends Gateway, Pick<ListChanges, "policiesReplaced"> {
  /** Begins to run by itself what is approved and waits for no client. */
  start(): void;
  /** Runs no more approved calls, writes down what it only counted, and resolves once those that run are over, or after `ms`. */
  drain(ms: number): Promise<void>;
}

/** Puts the rooms behind the one face that the edges know. */
export function createGateway(deps: GatewayDeps): WiredGateway {
  const { upstreams, catalog } = deps;
  const inPieces = createInPieces();
  const visibility = createVisibility({ ...deps, inPieces });
  const listChanges = createListChanges({ catalog, visibility, log: deps.log });
  const links = createLinks({ catalog });
  const states = createRequestStates(deps.seal, deps.now);
  const outOfBand = createOutOfBand(deps.hash);
  const budgets = createRateLimitGuard(deps);
  const signIns = createStepUpGate({ ...deps, states });
  const callIds = createCallIds(deps.now);
  const answers = createAnswers();
  const unlistedCalls = createUnlistedCalls(deps);
  const declared = createDeclaredArguments();
  const questions = createQuestions({ ...deps, answers });
  const execute = createExecute({ ...deps, answers, questions, budgets, outOfBand, signIns });
  const runs = createApprovedRuns({ ...deps, budgets, execute, signIns, callIds });
  const giveOut = createGiveOut({ ...deps, answers, questions, callIds });
  const paused = createPausedCalls({ ...deps, links, runs, states, giveOut });
  const subscriptions = createSubscriptions({
    ...deps,
    ...{ execute, declared, visibility, states, links, signIns, unlistedCalls, outOfBand, callIds },
  });
  const call = createPipeline({
    ...deps,
    execute,
    declared,
    visibility,
    retryTokens: createRetryTokens(),
    states,
    links,
    paused,
    leftRequests: createLeftRequests({ ...deps, states }),
    signIns,
    unlistedCalls,
    callIds,
    // A server's own tool of this name is not shadowed where no policy needs ours.
    isStatusCall: ({ params, scope }) =>
      params["name"] === STATUS_TOOL && (wantsApproval(deps.policies()) || !catalog.view(scope).tools.has(STATUS_TOOL)),
  });
  // What is hidden waits as what nobody has.
  const isShown = (scope: Scope, { method, params, caller }: Use): boolean => {
    const view = catalog.view(scope);
    const named = params[method === "resources/read" ? "uri" : "name"];
    if (typeof named !== "string") return false;
    const subject = subjectIn(view, method, named);
    return subject !== undefined && !visibility.hides({ ...caller, scope }, subject);
  };
  let stopRunner = (): void => {};
  const encodeList = createListEncoder(deps.serverInfo, inPieces);
  const withStatusTool = createStatusListing();

  return {
    scope: deps.scope,
    starting(scope, use) {
      const waits = catalog.firstLists(scope.upstreams);
      return waits === undefined || (use !== undefined && isShown(scope, use)) ? undefined : waits;
    },
    capabilities: (scope) => mergeCapabilities(scope, upstreams, catalog.view(scope)),
    instructions: (scope) => mergeInstructions(scope, upstreams),
    async list(scope, kind, caller) {
      const holder = principalKey(caller.principal);
      // The set that says what is seen, whatever is swapped in meanwhile.
      const wanted = kind === "tools" && wantsApproval(deps.policies());
      const listing = await visibility.list(scope, kind, caller);
      return encodeList(wanted ? withStatusTool(listing) : listing, kind, holder);
    },
    headerRules(scope, name, caller) {
      const tool = catalog.view(scope).tools.get(name);
      if (tool === undefined || tool.paramHeaders.length === 0) return [];
      return visibility.hides({ ...caller, scope }, subjectOfTool(tool)) ? [] : tool.paramHeaders;
    },
    call,
    recordRefused: (call, name, outcome) => unlistedCalls.record(call, { kind: "tool", name, outcome }),
    task: (id, fetcher) => paused.task(id, fetcher),
    cancelTask: (id, principal) => paused.cancel(id, principal),
    subscribe: subscriptions.subscribe,
    resubscribe: subscriptions.resubscribe,
    notify(scope, peer, notification) {
      for (const name of scope.upstreams) {
        upstreams.get(name)?.session(outOfBand.peerFor(peer, name)).notify(notification);
      }
    },
    // An approved call goes on when the session has ended in which it was asked for.
    release: (peerKey) => runs.whenPeerIsFree(peerKey, () => upstreams.release(peerKey)),
    onListChanged: (listener) => listChanges.onChange(listener),
    policiesReplaced: (before, after) => listChanges.policiesReplaced(before, after),
    start() {
      stopRunner = startApprovedRunner({ ...deps, runs });
    },
    drain(ms) {
      stopRunner();
      unlistedCalls.close();
      return runs.drain(ms);
    },
  };
}

/** What a client names, where it is listed. */
function subjectIn(view: View, method: string, named: string): PolicySubject | undefined {
  if (method === "tools/call") {
    const tool = view.tools.get(named);
    return tool && subjectOfTool(tool);
  }
  const kind = method === "prompts/get" ? "prompt" : "resource";
  const entry = (kind === "prompt" ? view.prompts : view.resources).get(named);
  return entry && subjectOfListed(kind, entry);
}

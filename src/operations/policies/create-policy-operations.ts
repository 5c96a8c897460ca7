import { relative } from "node:path";
import type { ApprovalFlow } from "../../approvals/flow.ts";
import { approvalsNeeded } from "../../approvals/rules/combine-flows.ts";
import type { Decision } from "../../core/decision.ts";
import { refuse } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Principal } from "../../core/principal.ts";
import { principalOf } from "../../identity/api-keys.ts";
import type { ApiKeyOptions } from "../../identity/options.ts";
import { createAnswers } from "../../policy/answer.ts";
import type { PolicyDirectory, RefusedPolicies } from "../../policy/compile/directory.ts";
import { explainPolicies } from "../../policy/explain/explain.ts";
import { sourceExcerpt } from "../../policy/file/source-excerpt.ts";
import type { PolicyInput, PolicySubject, PolicySummary } from "../../policy/policy-set.ts";
import { ABOUT_ONE, type GivenSubject, givenSubject, inputOfCall } from "../../policy/tests/given-call.ts";
import { policyTestText } from "../../policy/tests/write.ts";
import { tokenLack } from "../../step-up/strength.ts";
import type { ToolView } from "../upstreams/upstreams.ts";
import type {
  ApprovalNeed,
  Evaluated,
  KnownCaller,
  PolicyDryRun,
  PolicyErrorView,
  PolicyMatches,
  PolicyOperations,
  PolicyState,
  PolicyView,
  ToolPath,
} from "./policies.ts";
import { sourceOf, testsBeside } from "./policy-source.ts";

type ListedTool = Pick<ToolView, "upstream" | "tool" | "definition">;

/** What `createPolicyOperations` needs. */
export interface PolicyOperationsDeps {
  readonly directory: Pick<PolicyDirectory, "loaded" | "refused">;
  /** The policies' folder, absolute. */
  readonly dir: string;
  readonly default: "allow" | "deny";
  readonly flows: readonly ApprovalFlow[];
  readonly apiKeys: readonly ApiKeyOptions[];
  /** What the upstreams list now, by upstream and name. */
  readonly tools: () => readonly ListedTool[];
  /** What a server lists of a prompt, or of a resource or its template. */
  readonly definitionOf: (kind: "prompt" | "resource", upstream: string, name: string) => JsonObject | undefined;
  /** How often each policy matched since then (ms since the epoch), by id. May reject with StoreError. */
  readonly matches: (since: number) => Promise<ReadonlyMap<string, PolicyMatches>>;
  /** ms since the epoch. */
  readonly now: () => number;
}

const DAY_MS = 86_400_000;

/** How long conditions of one tried call are taken apart. The decision itself always stands. */
const TRACE_MS = 200;

/** Arguments on which a decision takes longer than this are not decided on again to make a test shorter. */
const QUICK_MS = 50;

const NO_MATCHES: PolicyMatches = { applied: 0, shadow: 0 };

/** Makes the operations over policies. */
export function createPolicyOperations(deps: PolicyOperationsDeps): PolicyOperations {
  const { directory, dir, now } = deps;
  const answers = createAnswers();
  const local = <T extends { readonly file: string }>(it: T): T => ({ ...it, file: fromFolder(dir, it.file) });
  const view = (summary: PolicySummary, matches: ReadonlyMap<string, PolicyMatches>): PolicyView => ({
    ...local(summary),
    matches: matches.get(summary.id) ?? NO_MATCHES,
  });
  const find = ({ upstream, tool }: ToolPath): ListedTool | undefined =>
    deps.tools().find((it) => it.upstream === upstream && it.tool === tool);

  // A resource may be there without being listed.
  const subjectOf = ({ kind, path }: GivenSubject): PolicySubject | undefined => {
    const { upstream, tool: name } = pathOfText(path);
    if (kind === "tool") {
      const tool = find({ upstream, tool: name });
      return tool && factsOf(tool);
    }
    const definition = deps.definitionOf(kind, upstream, name) ?? (kind === "resource" ? {} : undefined);
    return definition && { kind, upstream, name, definition };
  };

  const keyHolders = deps.apiKeys.map(principalOf);
  const kindOf = ({ issuer, subject }: Principal): Principal["kind"] =>
    keyHolders.find((holder) => holder.issuer === issuer && holder.subject === subject)?.kind ?? "person";

  // Mistakes stay the same until the files are read again.
  let known: { readonly of: RefusedPolicies; readonly mistakes: readonly PolicyErrorView[] } | undefined;
  const mistakesNow = (): readonly PolicyErrorView[] => {
    const refused = directory.refused();
    if (refused === undefined) return [];
    if (known?.of !== refused) {
      const texts = new Map(refused.files.map(({ name, text }) => [name, text.split("\n")]));
      const mistakes = refused.errors.map((error) => ({
        ...local(error),
        excerpt: sourceExcerpt(error, texts.get(error.file)),
      }));
      known = { of: refused, mistakes };
    }
    return known.mistakes;
  };

  return {
    async state(): Promise<PolicyState> {
      const matches = await deps.matches(now() - DAY_MS);
      const { set, since, folders } = directory.loaded();
      const tools = deps.tools();
      return {
        digest: set.digest,
        default: deps.default,
        levels: folders,
        dir,
        since,
        policies: set.policies.map((summary) => view(summary, matches)),
        mistakes: mistakesNow(),
        uncovered: tools.filter((tool) => set.about(factsOf(tool)).every(({ shadow }) => shadow)).map(pathOf),
        tools: tools.length,
      };
    },
    mistakes: mistakesNow,
    async detail(id) {
      const { set, files } = directory.loaded();
      const summary = set.policies.find((policy) => policy.id === id);
      if (summary === undefined) return undefined;
      const [matches, tests] = await Promise.all([deps.matches(now() - DAY_MS), testsBeside(summary, files)]);
      const about = deps.tools().filter((tool) => set.about(factsOf(tool)).some((policy) => policy.id === id));
      return {
        policy: view(summary, matches),
        source: sourceOf(summary, files),
        tools: about.map(pathOf),
        tests: tests && local(tests),
      };
    },
    async evaluate(operator, given): Promise<Evaluated> {
      if (!operator.admin) return refuse("ADMIN_REQUIRED");
      const about = givenSubject(given);
      if (about === undefined) return refuse("PARAMS_INVALID", ABOUT_ONE);
      const subject = subjectOf(about);
      if (subject === undefined) {
        return about.kind === "tool" ? refuse("TOOL_UNKNOWN") : refuse("PARAMS_INVALID", "No server lists it.");
      }
      const at = now();
      const call = { ...given, time: given.time ?? new Date(at).toISOString() };
      const { set } = directory.loaded();
      const completed = inputOfCall(call, undefined);
      const principal = { ...completed.principal, kind: kindOf(completed.principal) };
      const input = { ...completed, principal, subject };
      const answer = answers.ofGiven(set, input);
      const { decision, refusal } = answer;
      const decidedAt = now();
      const again = decidedAt - at < QUICK_MS ? (of: PolicyInput) => answers.ofGiven(set, of) : undefined;
      const policies = explainPolicies(set, input, answer, () => now() - decidedAt < TRACE_MS);
      return {
        ok: true,
        decision,
        ...(refusal === undefined ? needsOf(decision, input, deps.flows) : { refusal, approvals: [] }),
        policies: policies.map(local),
        call,
        test: policyTestText({ given: call, definition: subject.definition, answer }, again),
      };
    },
    definition: (tool) => find(tool)?.definition,
    tools: () => deps.tools().map(pathOf),
    callers: () => deps.apiKeys.map(callerOf),
  };
}

function fromFolder(dir: string, file: string): string {
  return relative(dir, file).replaceAll("\\", "/") || ".";
}

function pathOf({ upstream, tool }: ListedTool): ToolPath {
  return { upstream, tool };
}

// The very definition that calls are decided with: the set keeps what it found for it.
function factsOf({ upstream, tool, definition }: ListedTool): PolicySubject {
  return { kind: "tool", upstream, name: tool, definition };
}

function pathOfText(path: string): ToolPath {
  const slash = path.indexOf("/");
  return { upstream: path.slice(0, slash), tool: path.slice(slash + 1) };
}

/** What a decision waits for: a sign-in, people. */
function needsOf(
  decision: Decision,
  input: PolicyInput,
  flows: readonly ApprovalFlow[],
): Pick<PolicyDryRun, "signIn" | "approvals" | "request"> {
  if (decision.effect !== "step_up" && decision.effect !== "request_approval") return { approvals: [] };
  const approvals = decision.approvals.map(({ policy, flow, message }): ApprovalNeed => {
    const stages = flows.find(({ name }) => name === flow)?.stages ?? [];
    return { policy, flow, message, stages: stages.map(({ approvers, required }) => ({ ...approvers, required })) };
  });
  const request = approvalsNeeded(decision, flows);
  const signIn =
    decision.effect === "step_up"
      ? (tokenLack(decision.stepUp, input.principal, input.request.time) ?? "token")
      : undefined;
  return { ...(signIn && { signIn }), approvals, ...(request && { request }) };
}

function callerOf(key: ApiKeyOptions): KnownCaller {
  const { issuer, subject, email, name, roles, groups, clientId, claims } = principalOf(key);
  return {
    name: key.name,
    user: {
      issuer,
      id: subject,
      roles: [...roles],
      groups: [...groups],
      ...(email && { email }),
      ...(name && { name }),
      ...(Object.keys(claims).length > 0 && { claims: { ...claims } }),
    },
    client: clientId === undefined ? {} : { id: clientId },
  };
}

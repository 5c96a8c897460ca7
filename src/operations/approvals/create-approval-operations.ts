import type { ApprovalFilter, Approvals } from "../../approvals/approvals.ts";
import { cursorAfter, positionOf } from "../../approvals/cursor.ts";
import { POSSIBLE } from "../../approvals/rules/machine.ts";
import type { ApprovalRequest } from "../../core/approval.ts";
import { digestOf } from "../../core/digest.ts";
import { refuse } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { subjectKindOf } from "../../core/subject.ts";
import type { PolicySet } from "../../policy/policy-set.ts";
import type { DefinitionReader } from "../../store/definitions/definitions.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import { insufficient, maySee, maySeeArguments, notAdmin } from "../access.ts";
import type { Operator } from "../operator.ts";
import type { ApprovalOperations, OperatorApprovalQuery } from "./approvals.ts";

/** What `createApprovalOperations` needs. */
export interface ApprovalOperationsDeps {
  readonly approvals: Approvals;
  readonly definitions: Pick<DefinitionReader, "find" | "listed">;
  readonly policies: () => PolicySet;
  readonly upstreams: Pick<Upstreams, "get">;
  /** What a server lists now of a prompt or a resource. */
  readonly definitionOf: (kind: "prompt" | "resource", upstream: string, name: string) => JsonObject | undefined;
}

/** Makes what people see and do about approvals: who may know of a request is decided here, the rest by `approvals/`. */
export function createApprovalOperations(deps: ApprovalOperationsDeps): ApprovalOperations {
  const { approvals, definitions, upstreams } = deps;
  const find: ApprovalOperations["find"] = async (operator, id) => {
    const request = await approvals.get(id);
    return request !== undefined && maySee(request, operator, approvals) ? request : undefined;
  };

  function listedNow({ method, upstream, tool }: ApprovalRequest) {
    const kind = subjectKindOf(method);
    const definition = kind === "tool" ? undefined : deps.definitionOf(kind, upstream, tool);
    return definition && { definition, digest: digestOf(definition) };
  }

  const standing: ApprovalOperations["standing"] = async (request) => {
    const { upstream, tool, definitionDigest } = request;
    const server = upstreams.get(upstream);
    if (server === undefined) return "server_gone";
    if (request.method !== "tools/call") {
      // A server that is down lists nothing, which says nothing of what it has.
      if (server.status().state === "down") return "server_down";
      const now = listedNow(request);
      // A resource may be there without being listed.
      if (now === undefined) return request.method === "prompts/get" ? "tool_gone" : "as_asked";
      return now.digest === definitionDigest ? "as_asked" : "tool_changed";
    }
    const listed = await definitions.listed(upstream, tool);
    // What will never run so is said before what may end by itself.
    if (listed === undefined) return "tool_gone";
    if (listed !== definitionDigest) return "tool_changed";
    return server.status().state === "down" ? "server_down" : "as_asked";
  };

  return {
    find,
    standing,
    async list(operator, query, cursor) {
      const page = await approvals.list(filterOf(operator, query), cursor);
      // The store finds those of an escalation before it is time for them; they hear of the request when it is.
      return { ...page, items: page.items.filter((request) => maySee(request, operator, approvals)) };
    },
    async next(operator, request) {
      const behind = cursorAfter(positionOf(request, "ending"), "ending");
      for (const cursor of [behind, undefined]) {
        const { items } = await approvals.list(filterOf(operator, { decidable: true, limit: 2 }), cursor);
        const found = items.find((other) => other.id !== request.id && maySee(other, operator, approvals));
        if (found !== undefined) return found;
      }
      return undefined;
    },
    async waiting({ principal, lacks }, most) {
      return lacks === undefined ? approvals.count({ decidableBy: principal, limit: most }) : 0;
    },
    history: (id) => approvals.history(id),
    async arguments(operator, request) {
      return maySeeArguments(request, operator, approvals) ? approvals.arguments(request.id) : undefined;
    },
    misfits: (operator, request) => (maySeeArguments(request, operator, approvals) ? request.misfits : undefined),
    message: (operator, request) => (maySeeArguments(request, operator, approvals) ? request.message : undefined),
    async subject(request) {
      const { upstream, tool, definitionDigest, policies, policySet } = request;
      const other = listedNow(request);
      const kept = other?.digest === definitionDigest ? other.definition : undefined;
      const [definition, now] = await Promise.all([
        request.method === "tools/call" ? definitions.find(upstream, tool, definitionDigest) : kept,
        standing(request),
      ]);
      const set = deps.policies();
      return {
        definition,
        standing: now,
        policies: set.policies.filter(({ id }) => policies.includes(id)),
        policiesChanged: set.digest !== policySet,
      };
    },
    mayDecide: (operator, request) => insufficient(operator) ?? approvals.mayDecide(request, operator.principal),
    isMine: ({ principal }, request) => approvals.isRequester(request, principal),
    mayCancel: ({ principal }, request) =>
      approvals.isRequester(request, principal) && POSSIBLE.cancel.includes(request.state),
    mayResolve: ({ admin }, { state }) => admin && POSSIBLE.resolve.includes(state),
    async decide(operator, vote) {
      const refusal = insufficient(operator);
      if (refusal !== undefined) return refusal;
      if ((await find(operator, vote.id)) === undefined) return refuse("APPROVAL_UNKNOWN");
      return approvals.decide({ ...vote, approver: operator.principal });
    },
    cancel: ({ principal }, id) => approvals.cancel(id, principal),
    async resolve(operator, id, outcome, reason) {
      const refusal = insufficient(operator);
      if (refusal !== undefined) return refusal;
      if ((await find(operator, id)) === undefined) return refuse("APPROVAL_UNKNOWN");
      const noAdmin = notAdmin(operator);
      if (noAdmin !== undefined) return noAdmin;
      return approvals.resolve(id, operator.principal, outcome, reason);
    },
  };
}

/** What the store looks for. Whoever is no administrator never gets to requests that are not theirs to see. */
function filterOf({ principal, admin, lacks }: Operator, query: OperatorApprovalQuery): ApprovalFilter {
  // Whose credential decides nothing is concerned only by what they asked for.
  const ownOnly = query.mine === true || lacks !== undefined;
  return {
    limit: query.limit,
    ...(query.states === undefined ? {} : { states: query.states }),
    ...(query.decidable === true ? { decidableBy: principal } : {}),
    ...(admin || ownOnly ? {} : { visibleTo: principal }),
    ...(ownOnly ? { requester: principal } : {}),
    ...(query.flow === undefined ? {} : { flow: query.flow }),
    ...(query.method === undefined ? {} : { method: query.method }),
    ...(query.subject === undefined ? {} : { subject: query.subject }),
    ...toolOf(query),
  };
}

// `expenses/create_expense` names both, unless the server is named by itself: tools may have a slash in their names.
function toolOf({ upstream, tool }: OperatorApprovalQuery): Pick<ApprovalFilter, "upstream" | "tool"> {
  const slash = upstream === undefined ? (tool?.indexOf("/") ?? -1) : -1;
  if (tool !== undefined && slash > 0) return { upstream: tool.slice(0, slash), tool: tool.slice(slash + 1) };
  return { ...(upstream === undefined ? {} : { upstream }), ...(tool === undefined ? {} : { tool }) };
}

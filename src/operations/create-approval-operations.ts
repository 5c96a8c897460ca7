import type { ApprovalFilter, Approvals } from "../approvals/approvals.ts";
import { POSSIBLE } from "../approvals/machine.ts";
import { refuse } from "../core/errors.ts";
import type { PolicySet } from "../policy/policy-set.ts";
import type { DefinitionReader } from "../store/definitions.ts";
import { isRequester, maySee, maySeeArguments } from "./access.ts";
import type { ApprovalOperations, ApprovalQuery } from "./approvals.ts";
import type { Operator } from "./operator.ts";

/** What `createApprovalOperations` needs. */
export interface ApprovalOperationsDeps {
  readonly approvals: Approvals;
  readonly definitions: Pick<DefinitionReader, "find" | "listed">;
  readonly policies: () => PolicySet;
}

/** Makes what people see and do about approvals: who may know of a request is decided here, the rest by `approvals/`. */
export function createApprovalOperations(deps: ApprovalOperationsDeps): ApprovalOperations {
  const { approvals, definitions } = deps;
  const find: ApprovalOperations["find"] = async (operator, id) => {
    const request = await approvals.get(id);
    return request !== undefined && maySee(request, operator) ? request : undefined;
  };

  return {
    find,
    async list(operator, query, cursor) {
      const page = await approvals.list(filterOf(operator, query), cursor);
      // The store finds those of an escalation before it is time for them; they hear of the request when it is.
      return { ...page, items: page.items.filter((request) => maySee(request, operator)) };
    },
    async waiting({ principal }, most) {
      return principal.kind === "person" ? approvals.count({ decidableBy: principal, limit: most }) : 0;
    },
    history: (id) => approvals.history(id),
    async arguments({ principal }, request) {
      return maySeeArguments(request, principal) ? approvals.arguments(request.id) : undefined;
    },
    message: ({ principal }, request) => (maySeeArguments(request, principal) ? request.message : undefined),
    async subject({ upstream, tool, definitionDigest, policies, policySet }) {
      const [definition, listed] = await Promise.all([
        definitions.find(upstream, tool, definitionDigest),
        definitions.listed(upstream, tool),
      ]);
      const set = deps.policies();
      return {
        definition,
        tool: listed === undefined ? "gone" : listed === definitionDigest ? "same" : "changed",
        policies: set.policies.filter(({ id }) => policies.includes(id)),
        policiesChanged: set.digest !== policySet,
      };
    },
    mayDecide: ({ principal }, request) => approvals.mayDecide(request, principal),
    mayCancel: ({ principal }, request) => isRequester(request, principal) && POSSIBLE.cancel.includes(request.state),
    mayResolve: ({ admin }, { state }) => admin && POSSIBLE.resolve.includes(state),
    async decide(operator, voice) {
      if ((await find(operator, voice.id)) === undefined) return refuse("APPROVAL_UNKNOWN");
      return approvals.decide({ ...voice, approver: operator.principal });
    },
    cancel: ({ principal }, id) => approvals.cancel(id, principal),
    async resolve(operator, id, outcome, reason) {
      if ((await find(operator, id)) === undefined) return refuse("APPROVAL_UNKNOWN");
      if (!operator.admin) return refuse("ADMIN_REQUIRED");
      return approvals.resolve(id, operator.principal, outcome, reason);
    },
  };
}

/** What the store looks for. Whoever is no administrator never gets to requests that are not theirs to see. */
function filterOf({ principal, admin }: Operator, query: ApprovalQuery): ApprovalFilter {
  const { issuer, subject } = principal;
  // A machine or nobody in particular decides nothing, so that only what they asked for concerns them.
  const ownOnly = query.mine === true || principal.kind !== "person";
  return {
    limit: query.limit,
    ...(query.states === undefined ? {} : { states: query.states }),
    ...(query.decidable === true ? { decidableBy: principal } : {}),
    ...(admin || ownOnly ? {} : { visibleTo: principal }),
    ...(ownOnly ? { requester: { issuer, subject } } : {}),
    ...(query.flow === undefined ? {} : { flow: query.flow }),
    ...toolOf(query),
  };
}

// `expenses/create_expense` names both, unless the server is named by itself: tools may have a slash in their names.
function toolOf({ upstream, tool }: ApprovalQuery): Pick<ApprovalFilter, "upstream" | "tool"> {
  const slash = upstream === undefined ? (tool?.indexOf("/") ?? -1) : -1;
  if (tool !== undefined && slash > 0) return { upstream: tool.slice(0, slash), tool: tool.slice(slash + 1) };
  return { ...(upstream === undefined ? {} : { upstream }), ...(tool === undefined ? {} : { tool }) };
}

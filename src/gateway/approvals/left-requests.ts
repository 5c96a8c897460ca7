import type { Approvals } from "../../approvals/approvals.ts";
import { exposedName } from "../../catalog/naming.ts";
import type { Call } from "../../core/call.ts";
import type { Log } from "../../core/log.ts";
import { readArguments, readContinuation } from "../requests/params.ts";
import type { ApprovalContinuation, RequestStates } from "../requests/request-state.ts";
import type { NamedCall } from "../requests/resolved-call.ts";
import { boundCall } from "../step-up/step-up-gate.ts";

/** The newest requests of a caller for tools of one name that are looked through. */
const MAX_LOOKED_AT = 100;
/** How many definitions of a tool a call is compared with: digests of long arguments take long. */
const MAX_DEFINITIONS = 5;

/** A call whose tool nobody lists any more, and its request of before. */
export interface LeftRequest {
  readonly made: NamedCall;
  readonly continuation: ApprovalContinuation;
}

/** Finds the requests of calls whose tools are gone. */
export interface LeftRequests {
  /**
   * The open request of this very call, or the one whose end nobody was told of; `undefined` if there is none. Only whoever made it finds it:
   * to everybody else the tool is unknown. @throws never
   */
  find(call: Call): Promise<LeftRequest | undefined>;
}

/** Makes the finder. */
export function createLeftRequests(deps: {
  readonly approvals: Pick<Approvals, "list" | "find">;
  readonly states: RequestStates;
  readonly log: Log;
}): LeftRequests {
  const { approvals, states, log } = deps;

  async function look(call: Call, name: string): Promise<LeftRequest | undefined> {
    const { principal, scope } = call;
    const args = readArguments(call.params);
    // Names of upstreams hold no underscore: the first two part them from their tools' names.
    const end = scope.prefixed ? name.indexOf("__") : 0;
    if (!args.ok || end < 0) return undefined;
    const named = scope.prefixed ? { upstream: name.slice(0, end) } : { tool: name };
    const { items } = await approvals.list({ requester: principal, ...named, limit: MAX_LOOKED_AT });
    const definitions = new Map<string, NamedCall>();
    for (const { upstream, tool, method, definitionDigest: digest } of items) {
      if (method !== "tools/call" || (scope.prefixed && exposedName(upstream, tool) !== name)) continue;
      if (definitions.size >= MAX_DEFINITIONS) break;
      const subject = { kind: "tool", method, upstream, name: tool, digest, arguments: args.value } as const;
      definitions.set(`${upstream} ${digest}`, { call, subject });
    }
    for (const made of definitions.values()) {
      const { upstream } = made.subject;
      const request = await approvals.find(boundCall(made));
      if (request === undefined) continue;
      const brought = readContinuation(call, { name: upstream, place: "" }, states);
      const leg = brought.ok && brought.value.kind === "approval" ? brought.value.leg : 0;
      return { made, continuation: { kind: "approval", id: request.id, leg } };
    }
    return undefined;
  }

  return {
    async find(call) {
      const name = call.params["name"];
      if (typeof name !== "string") return undefined;
      try {
        return await look(call, name);
      } catch (err) {
        log.error({ err }, "Whether a call of an unknown tool has a request for approval could not be looked up.");
        return undefined;
      }
    },
  };
}

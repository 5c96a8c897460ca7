import type { Cancellation } from "../../core/cancellation.ts";
import type { Decision } from "../../core/decision.ts";
import type { Log } from "../../core/log.ts";
import type { Guards } from "../../guards/guards.ts";
import type { PolicyInput, PolicySet } from "../../policy/policy-set.ts";
import type { LongRedactions } from "../../redaction/long-redactions.ts";
import type { MarkHash } from "../../redaction/redact.ts";
import { createGuardFilter } from "./guard-filter.ts";
import { createRedactionFilter } from "./redaction-filter.ts";
import type { ResponseFilter } from "./response-filter.ts";

export interface ResponseFilterDeps {
  readonly guards: Pick<Guards, "check">;
  readonly hash: MarkHash;
  /** For results that take long to be searched. */
  readonly longRedactions: Pick<LongRedactions, "redact">;
  readonly log: Log;
}

/** The request whose answer is looked at. */
export interface Filtered {
  readonly set: PolicySet;
  readonly input: PolicyInput;
  readonly decision: Decision;
  readonly cancellation?: Cancellation | undefined;
}

/** Guards see a result first, then it is redacted; `undefined` where no policy looks at what the server says. */
export function createResponseFilter(deps: ResponseFilterDeps, about: Filtered): ResponseFilter | undefined {
  const { guards, hash, longRedactions, log } = deps;
  const { set, input, decision, cancellation } = about;
  const looking = decision.guards?.filter(({ phases }) => phases.includes("result")) ?? [];
  const stop = cancellation === undefined ? {} : { cancellation };
  const redaction = decision.inspectsResult
    ? createRedactionFilter({ set, input, hash, longRedactions, log, ...stop })
    : undefined;
  if (looking.length === 0) return redaction;
  const guard = createGuardFilter({ guards, questions: looking, input, log, cancellation });
  return redaction === undefined ? guard : oneAfterOther(guard, redaction);
}

function oneAfterOther(first: ResponseFilter, second: ResponseFilter): ResponseFilter {
  return {
    async result(result) {
      const passed = await first.result(result);
      return passed && second.result(passed);
    },
    error: (error) => second.error(first.error(error)),
    notification: (notification) => second.notification(first.notification(notification)),
    inputRequests: (given) => second.inputRequests(first.inputRequests(given)),
    beside: () => [...first.beside(), ...second.beside()],
    matched: () => [...first.matched(), ...second.matched()],
  };
}

import type { Notification, RpcError } from "../../core/call.ts";
import { Cancellation } from "../../core/cancellation.ts";
import type { GuardRequirement, Match, Said } from "../../core/decision.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import { RawJson } from "../../core/raw-json.ts";
import type { GuardAnswer, Guards } from "../../guards/guards.ts";
import type { PolicyInput } from "../../policy/policy-set.ts";
import { letsPass } from "../../policy/said.ts";
import { saidByGuard } from "../requests/guard-said.ts";
import type { ResponseFilter } from "./response-filter.ts";

export interface GuardFilterDeps {
  readonly guards: Pick<Guards, "check">;
  /** Those that look at results, in file order. */
  readonly questions: readonly GuardRequirement[];
  readonly input: PolicyInput;
  readonly log: Log;
  readonly cancellation?: Cancellation | undefined;
}

/**
 * Shows a result to the guards that are to see it, one after the other: each sees what those before have made of it. What a
 * server says beside its result they do not see, so words of it are left out where one of them looks that is not in shadow.
 */
export function createGuardFilter(deps: GuardFilterDeps): ResponseFilter {
  const { guards, questions, input, log, cancellation = new Cancellation() } = deps;
  const matches = new Map<string, Match>();
  const looks = questions.some(({ shadow }) => !shadow);

  const record = ({ policy, shadow }: GuardRequirement, said: Said): void => {
    const mode = shadow ? ({ mode: "shadow" } as const) : {};
    matches.set(policy, { policy, effect: "guard", because: "condition", ...mode, said });
  };
  const withhold = ({ policy, by }: GuardRequirement): undefined => {
    log.info(
      { call: input.request.id, upstream: input.subject.upstream, policy, guard: by },
      "A guard stopped a result.",
    );
  };

  return {
    async result(result) {
      let seen = result;
      for (const question of questions) {
        const content = seen.value();
        const answer: GuardAnswer = isObject(content)
          ? await guards.check(question.by, "result", input, content, cancellation)
          : { kind: "error", error: "The result is no JSON object." };
        const said = saidByGuard(question.by, answer);
        record(question, said);
        if (question.shadow) continue;
        if (!letsPass(said)) return withhold(question);
        if (answer.kind === "replace") seen = RawJson.fromValue(answer.content);
      }
      return seen;
    },
    error: (error) => (looks ? withoutWords(error) : error),
    notification: (notification) => (looks ? quiet(notification) : notification),
    inputRequests: (given) => given,
    beside: () => [],
    matched: () => [...matches.values()],
  };
}

const UNSEEN = "[withheld: no guard has seen it]";

function withoutWords({ code }: RpcError): RpcError {
  return { code, message: `The server answered with an error. ${UNSEEN}` };
}

/** How far it is, and that there is something to log, may be known. */
function quiet({ method, params }: Notification): Notification {
  const { message, data, ...others } = params;
  const unseen: JsonObject = {
    ...(message !== undefined && { message: UNSEEN }),
    ...(data !== undefined && { data: UNSEEN }),
  };
  return { method, params: { ...others, ...unseen } };
}

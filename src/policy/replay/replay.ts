import { type Decision, FINAL_VERDICTS, type Match } from "../../core/decision.ts";
import type { Answers } from "../answer.ts";
import { type DecidedEffect, isStronger, settled, verdictOf } from "../decide/effects.ts";
import { isForLoss, NotRecordedError } from "../inputs/recorded-values.ts";
import { defaultKeyOf, levelOfId, type PolicyLevel } from "../levels.ts";
import type { PolicySet } from "../policy-set.ts";
import { REFUSED } from "../tests/schema.ts";
import { type RecordedCall, type RecordedClient, recordedInput } from "./recorded-call.ts";

/** What other policies make of a recorded call. */
export type Replayed =
  | (Redecided & {
      /** `same`: the same effect by the same policies, as far as that can be told; `policies`: by others. */
      readonly kind: "same" | "policies";
    })
  | (Redecided & { readonly kind: "changed"; readonly before: Verdict })
  /** The record does not hold what the decision depends on. */
  | { readonly kind: "unknown"; readonly because: readonly Loss[] };

/** A decision whose effect is certain. */
interface Redecided {
  readonly after: Decision;
  /** Its effect, or that the arguments are refused. */
  readonly effect: string;
  /** The policy that is certain to have this effect; `undefined` for an `allow`. */
  readonly policy: string | undefined;
  /** Those in shadow that matched. */
  readonly shadows: readonly ShadowVerdict[];
}

/** The effect of a decision, and the policy that it came from. */
export interface Verdict {
  readonly effect: string;
  /** `undefined` for an `allow`. */
  readonly policy: string | undefined;
}

/** Why a call cannot be decided anew. */
export interface Loss {
  /** `undefined` where it is not about one policy. */
  readonly policy: string | undefined;
  /** `args.amount is not on record`. */
  readonly why: string;
}

/** What a policy in shadow, which matched, would do if it were enforced; `undefined` where that cannot be told. */
export interface ShadowVerdict {
  readonly policy: string;
  readonly effect: DecidedEffect | undefined;
}

/**
 * Decides a recorded call anew, never by a guess: where a value that is not on record could make the effect another one,
 * the answer is `unknown`. Whether arguments that are not wholly on record are refused counts as it was. Counters are not replayed, so a call that went beyond a rate limit counts as allowed, then and
 * now; results are not on record, so redactions are not replayed either. @throws never
 */
export function replayCall(set: PolicySet, record: RecordedCall, answers: Pick<Answers, "of">): Replayed {
  const by = { set, answers };
  const [client, ...alternatives] = record.clients;
  const first = replayAs(by, record, client);
  const others = alternatives.map((alternative) => replayAs(by, record, alternative));
  const different = others.find((other) => other.kind === "unknown" || !isAlike(other, first));
  if (different === undefined || first.kind === "unknown") return first;
  const { message } = new NotRecordedError("where the client's name ends");
  return different.kind === "unknown" ? different : { kind: "unknown", because: [{ policy: undefined, why: message }] };
}

function isAlike(a: Replayed, b: Replayed): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

interface Deciding {
  readonly set: PolicySet;
  readonly answers: Pick<Answers, "of">;
}

function replayAs({ set, answers }: Deciding, record: RecordedCall, client: RecordedClient): Replayed {
  const asked = new Set<string>();
  const input = recordedInput(record, client, (path) => asked.add(path));
  const wanted = set.wantsAllowOf(input.request.endpoint, input.subject.upstream);
  const isWhole = record.argumentsWhole && record.definition !== undefined;
  let after: Decision;
  let refused = record.argumentsRefused;
  try {
    const answer = isWhole ? answers.of(set, input, record.argumentsStand) : undefined;
    const transformed = answer === undefined ? set.transform(input, record.argumentsStand) : answer.transformed;
    // What is written to lost arguments is not known, and no more is what all others see of it.
    if (!isWhole && transformed !== undefined && transformed.arguments !== input.arguments) {
      const { message } = new NotRecordedError("args");
      return { kind: "unknown", because: [{ policy: undefined, why: message }] };
    }
    after = answer?.decision ?? set.decide(input, transformed);
    if (answer !== undefined) refused = answer.refusal !== undefined;
  } catch (err) {
    // Thrown by a target or by what depends on the tool's definition: no policy of this call is certain.
    if (err instanceof NotRecordedError) return { kind: "unknown", because: [{ policy: undefined, why: err.message }] };
    throw err;
  }

  const consulted = refused || FINAL.has(after.effect) ? [] : consultedIn(after);
  if (consulted.length > 0) return { kind: "unknown", because: consulted };
  const unapplied = after.unapplied ?? [];
  // Of two failures in one condition only one is told. Once anything lost was asked for, every failure is suspect.
  const isOpen = ({ because }: Match): boolean => because === "error" && asked.size > 0;
  const open = [...after.matched, ...unapplied].filter(({ mode }) => mode === undefined).filter(isOpen);
  const strict = after.matched;
  const lenient = [...strict.filter((match) => !isOpen(match)), ...open.filter(isAllow).map(asMatched)];
  if (effectOf(lenient, wanted) !== after.effect) return { kind: "unknown", because: lossesOf(open, asked) };

  const shadows = unapplied
    .filter(({ mode }) => mode === "shadow")
    .map((match): ShadowVerdict => {
      const least = isOpen(match) ? (isAllow(match) ? [asMatched(match)] : []) : [match];
      const most = isOpen(match) && isAllow(match) ? [] : [match];
      const effect = effectOf([...lenient, ...least], wanted);
      return { policy: match.policy, effect: effect === effectOf([...strict, ...most], wanted) ? effect : undefined };
    });

  const effect = refused && !FINAL.has(after.effect) ? REFUSED : after.effect;
  const redecided = { after, effect, policy: decidingPolicy(effect, lenient, wanted), shadows };
  const recorded = record.effect === "rate_limit" ? "allow" : record.effect;
  const before = record.argumentsRefused && !FINAL.has(recorded) ? REFUSED : recorded;
  if (effect !== before) {
    const policy = decidingPolicy(before, record.matched, wanted);
    return { kind: "changed", before: { effect: before, policy }, ...redecided };
  }
  const openIds = new Set(open.map(({ policy }) => policy));
  // Of what wrote arguments that stand nothing can be told now.
  const tells = ({ policy, effect: does }: Pick<Match, "policy"> & { readonly effect: string }): boolean =>
    !openIds.has(policy) && !(does === "transform" && record.argumentsStand === true);
  const same = sameItems(
    record.matched.filter(tells).map(({ policy }) => policy),
    strict.filter(tells).map(({ policy }) => policy),
  );
  return { kind: same ? "same" : "policies", ...redecided };
}

/** The effect of policies that matched, by the rule of `decide`. `wanted`: levels that want an `allow` of their own. */
export function effectOf(matches: readonly Match[], wanted: readonly PolicyLevel[]): DecidedEffect {
  let strongest: DecidedEffect = "allow";
  const missing = new Set(wanted);
  for (const { policy, effect, because } of matches) {
    const verdict = verdictOf(effect, because === "error");
    if (verdict === undefined) continue;
    if (verdict === "allow") missing.delete(levelOfId(policy));
    if (isStronger(verdict, strongest)) strongest = verdict;
  }
  return settled(strongest, missing.size === 0);
}

/** The policies that would have somebody asked: a replay asks nobody, and what they would say is not known. */
function consultedIn({ authorize = [], guards = [] }: Decision): readonly Loss[] {
  const looking = guards.filter(({ phases }) => phases.includes("request"));
  return [...authorize, ...looking]
    .filter(({ shadow }) => !shadow)
    .map(({ policy, by }) => ({ policy, why: `what ${by} would say is not known` }));
}

/** Whoever is refused by a policy hears of that, and not of the arguments. */
const FINAL: ReadonlySet<string> = new Set(FINAL_VERDICTS);

function isAllow({ effect }: Match): boolean {
  return effect === "allow";
}

function asMatched({ policy, effect }: Match): Match {
  return { policy, effect, because: "condition" };
}

function decidingPolicy(
  effect: string,
  matched: readonly { readonly policy: string; readonly effect: string; readonly because?: Match["because"] }[],
  wanted: readonly PolicyLevel[],
): string | undefined {
  if (effect === "allow" || effect === REFUSED) return undefined;
  const found = matched.find((match) => match.effect === effect);
  // A budget that cannot be counted denies.
  const uncounted = effect === "deny" ? matched.find((match) => match.effect === "rate_limit") : undefined;
  const allowed = matched.filter((match) => match.effect === "allow").map(({ policy }) => levelOfId(policy));
  const missing = wanted.find((level) => !allowed.includes(level)) ?? "gateway";
  return (found ?? uncounted)?.policy ?? defaultKeyOf(missing);
}

function lossesOf(open: readonly Match[], asked: ReadonlySet<string>): readonly Loss[] {
  const [first = "a value"] = asked;
  return open.map(({ policy, error = "" }) => ({
    policy,
    why: isForLoss(error) ? error : new NotRecordedError(first).message,
  }));
}

function sameItems(a: readonly string[], b: readonly string[]): boolean {
  const items = new Set(a);
  return items.size === new Set(b).size && b.every((item) => items.has(item));
}

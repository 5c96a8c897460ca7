import type {
  ApprovalRequirement,
  AuthorizeRequirement,
  Decision,
  GuardRequirement,
  Match,
  RateLimit,
} from "../../core/decision.ts";
import { type SubjectKind, USES } from "../../core/subject.ts";
import { CallContext } from "../cel/context.ts";
import { defaultMessage, withFailure } from "../messages.ts";
import type { PolicyInput, Transformed } from "../policy-set.ts";
import { deniedByDefault } from "./by-default.ts";
import { chargeFor } from "./charge.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";
import { type DecidedEffect, isStronger, settled, verdictOf } from "./effects.ts";
import { type Evaluation, evaluateCondition, MATCHES } from "./evaluate-condition.ts";
import { bitOf, type WantedAllows } from "./level-defaults.ts";
import { mergeStepUps } from "./merge-step-ups.ts";
import type { SubjectMatch } from "./policy-index.ts";

/** A policy that bears on whether the call is made. */
type Deciding = Exclude<CompiledPolicy, { effect: "redact" }>;
type Defaults = { readonly defaults?: readonly string[] | undefined };
type TransformPolicy = Extract<CompiledPolicy, { effect: "transform" }>;
type StepUpPolicy = Extract<CompiledPolicy, { effect: "step_up" }>;

/** What the policies about one call add up to: each that the caller fits is added, and then there is a verdict. */
export class Tally {
  readonly #input: PolicyInput;
  readonly #match: SubjectMatch<CompiledPolicy>;
  readonly #transforms: Transformed | undefined;
  readonly #matched: Match[] = [];
  #unapplied: Match[] | undefined;
  /** The first policy with the strongest verdict of all, and why it could not be evaluated if it could not. */
  #deciding: Deciding | undefined;
  #failure: string | undefined;
  #strongest: DecidedEffect = "allow";
  /** The levels that still want an `allow`. */
  #missing: WantedAllows;
  /** Those that want one whatever the arguments and the time: where there are any, the subject does not exist for this caller. */
  #unallowable: WantedAllows;
  #hidden = false;
  #inspectsResult = false;
  #stepUps: StepUpPolicy[] | undefined;
  #approvals: ApprovalRequirement[] | undefined;
  #limits: RateLimit[] | undefined;
  #authorize: AuthorizeRequirement[] | undefined;
  #guards: GuardRequirement[] | undefined;
  #context: CallContext | undefined;

  /** `input`: as `transforms` made it. */
  constructor(
    input: PolicyInput,
    match: SubjectMatch<CompiledPolicy>,
    wanted: WantedAllows,
    transforms: Transformed | undefined,
  ) {
    this.#input = input;
    this.#transforms = transforms;
    this.#match = match;
    this.#missing = wanted;
    // Whether it is there at all is a matter of its use; another request for it can be refused all the same.
    this.#unallowable = input.request.method === USES[input.subject.kind] ? wanted : 0;
  }

  /** Adds a policy whose target fits, if its condition does. */
  add(policy: CompiledPolicy): void {
    if (policy.effect === "redact") {
      this.#inspectsResult = true;
      return;
    }
    if (policy.effect === "transform") {
      this.#transformed(policy);
      return;
    }
    const { condition, effect, shadow } = policy;
    if (effect === "allow" && !shadow && !policy.aboutViewer) this.#unallowable &= ~bitOf(policy.level);
    const evaluation =
      condition === undefined ? MATCHES : evaluateCondition(condition, this.#facts(), effect !== "allow");
    const { error } = evaluation;
    if (!evaluation.value && error === undefined) return;
    if (effect === "rate_limit" && error === undefined) this.#charge(policy, evaluation);
    else this.#count(policy, evaluation, error);
  }

  /** The verdict over all that were added. `set`: the digest of theirs. */
  verdict(set: string): Decision {
    const report = {
      matched: this.#matched,
      set,
      ...(this.#unapplied && { unapplied: this.#unapplied }),
      ...((this.#hidden || this.#unallowable !== 0) && { hidden: true as const }),
    };
    const goesOn = {
      ...(this.#limits && { limits: this.#limits }),
      ...(this.#inspectsResult && { inspectsResult: true as const }),
      ...(this.#authorize && { authorize: this.#authorize }),
      ...(this.#guards && { guards: this.#guards }),
    };
    const policy = this.#deciding;
    const allowed = this.#missing === 0;
    const effect = settled(this.#strongest, allowed);
    if (policy === undefined || effect !== this.#strongest) {
      return allowed
        ? Object.assign(report, goesOn, { effect: "allow" as const })
        : Object.assign(report, deniedByDefault(this.#input, this.#missing));
    }
    const said = { policy: policy.id, message: this.#messageOf(policy, this.#failure) };
    const approvals = this.#approvals ?? [];
    switch (effect) {
      case "hide":
      case "deny":
        return Object.assign(report, { effect }, said);
      case "step_up":
        return Object.assign(report, goesOn, { effect }, said, {
          stepUp: mergeStepUps(this.#stepUps ?? []),
          approvals,
        });
      case "request_approval":
        return Object.assign(report, goesOn, { effect }, said, { approvals });
      case "allow":
        return Object.assign(report, goesOn, { effect });
      default:
        return effect satisfies never;
    }
  }

  /** Its condition was evaluated before, on what came. */
  #transformed(policy: TransformPolicy): void {
    const match = this.#transforms?.matches.get(policy.id);
    if (match !== undefined) this.#count(policy, match, match.error);
  }

  #charge(policy: Extract<CompiledPolicy, { effect: "rate_limit" }>, evaluation: Evaluation): void {
    const charge = chargeFor(policy, this.#input, this.#facts());
    if (this.#count(policy, evaluation, charge.ok ? undefined : charge.error) && charge.ok) {
      this.#limits ??= [];
      this.#limits.push(...charge.limits);
    }
  }

  /** Whether the policy is applied. `error`: why it counts although it has no value. */
  #count(policy: Deciding, { defaults }: Defaults, error: string | undefined): boolean {
    const match = matchOf(policy, error, defaults);
    if (policy.shadow || (policy.effect === "allow" && error !== undefined)) {
      this.#unapplied ??= [];
      this.#unapplied.push(policy.shadow ? { ...match, mode: "shadow" } : match);
      // What would have been said is on record, too.
      if (policy.effect === "authorize" || policy.effect === "guard") this.#ask(policy, error);
      return false;
    }
    this.#matched.push(match);
    this.#ask(policy, error);
    const verdict = verdictOf(policy.effect, error !== undefined);
    if (verdict !== undefined && isStronger(verdict, this.#strongest)) {
      this.#strongest = verdict;
      this.#deciding = policy;
      this.#failure = error;
    }
    return true;
  }

  /** Notes what this policy wants besides its verdict. */
  #ask(policy: Deciding, error: string | undefined): void {
    switch (policy.effect) {
      case "hide":
      case "deny":
        this.#hidden ||= policy.aboutViewer && isAboutUse(policy, this.#input.subject.kind);
        return;
      case "step_up":
        this.#stepUps ??= [];
        this.#stepUps.push(policy);
        return;
      case "request_approval":
        this.#approvals ??= [];
        this.#approvals.push({ policy: policy.id, flow: policy.flow, message: this.#messageOf(policy, error) });
        return;
      case "allow":
        this.#missing &= ~bitOf(policy.level);
        this.#unallowable &= ~bitOf(policy.level);
        return;
      case "authorize":
        this.#authorize ??= [];
        this.#authorize.push(this.#questionOf(policy));
        return;
      case "guard":
        this.#guards ??= [];
        this.#guards.push({ ...this.#questionOf(policy), phases: policy.question.phases });
        return;
      case "rate_limit":
      case "transform":
        return;
      default:
        policy satisfies never;
    }
  }

  #questionOf(policy: Extract<Deciding, { effect: "authorize" | "guard" }>): AuthorizeRequirement {
    const { id, shadow, question } = policy;
    const { by, showReason } = question;
    return { policy: id, by, message: this.#messageOf(policy, undefined), showReason, shadow };
  }

  #messageOf(policy: Deciding, failure: string | undefined): string {
    const text =
      policy.message?.render(this.#facts()) ?? defaultMessage(policy.id, policy.effect, this.#input.subject.kind);
    return failure === undefined ? text : withFailure(text, failure);
  }

  /** Made where it is needed: most calls meet no condition. */
  #facts(): CallContext {
    this.#context ??= new CallContext(this.#input, this.#match.facts());
    return this.#context;
  }
}

/** Whether a policy has a say in the use of what it is about, and not in other requests for it alone. */
export function isAboutUse({ target: { methods } }: CompiledPolicy, kind: SubjectKind): boolean {
  return methods === undefined || methods.has(USES[kind]);
}

/** How a policy that matched is recorded. */
export function matchOf(
  { id, effect }: CompiledPolicy,
  error: string | undefined,
  defaults: readonly string[] | undefined,
): Match {
  const match: Match =
    error === undefined
      ? { policy: id, effect, because: "condition" }
      : { policy: id, effect, because: "error", error };
  return defaults === undefined ? match : { ...match, defaults };
}

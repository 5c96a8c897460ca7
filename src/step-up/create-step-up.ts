import { refuse } from "../core/errors.ts";
import { randomId } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Seal } from "../core/seal.ts";
import type { ChallengeState, StepUpFailure } from "../core/step-up.ts";
import { createWaiters } from "../core/waiters.ts";
import type { ChallengeRecord, StepUpStore } from "../store/step-up/step-up.ts";
import { bindingOf, challengeKey } from "./binding.ts";
import { STEP_UP_LIMITS, type StepUpLimits, type StepUpOptions } from "./options.ts";
import { expectedPerson } from "./provider/person.ts";
import { createProvider } from "./provider/provider.ts";
import { createSignInFlow, type SignInFlow, type SignInFlowDeps } from "./provider/sign-in-flow.ts";
import { createStepUpFlow, type StepUpFlow } from "./provider/step-up-flow.ts";
import type { Challenge, ChallengeOutcome, StepUp, StepUpCaller, StepUpCheck, StepUpEvent } from "./step-up.ts";
import { acrValues, lackOf, type Strength, tokenLack } from "./strength.ts";

export interface StepUpDeps {
  readonly store: StepUpStore;
  /** `undefined`: nobody can step up at the gateway; tokens that are strong enough still serve. */
  readonly options: StepUpOptions | undefined;
  /** Without a slash at its end. Known only once the gateway listens, and not asked before there is a challenge. */
  readonly publicUrl: () => string;
  readonly seal: Seal;
  /**
   * For sign-ins to the gateway itself: a seal of their own, and how the access tokens of the same issuer are read;
   * `undefined` where its tokens are not accepted.
   */
  readonly signIns?: Pick<SignInFlowDeps, "seal" | "accepts"> | undefined;
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  readonly limits?: Partial<StepUpLimits>;
}

/** Step-up with the way there and back that its pages serve. */
export interface StepUpService extends StepUp {
  /** `undefined` where no provider is configured. */
  readonly stepUpFlow: StepUpFlow | undefined;
  /** `undefined` where nobody can sign in to the gateway itself. */
  readonly signInFlow: SignInFlow | undefined;
}

/** A challenge as waiters see it: it changes once, when it ends. */
const OPEN = 0;
const ENDED = 1;

function versionsOf(states: ReadonlyMap<string, ChallengeState>): ReadonlyMap<string, number> {
  return new Map(Array.from(states, ([id, state]) => [id, state === "open" ? OPEN : ENDED]));
}

/** Makes step-up. Whatever is asked twice is looked up: the truth is in the store, and a restart loses nothing. */
export function createStepUp(deps: StepUpDeps): StepUpService {
  const { store, options, now, log } = deps;
  const limits = { ...STEP_UP_LIMITS, ...deps.limits };
  const provider = options && createProvider(options.oidc, limits, { now, log });
  const waiters = createWaiters({
    max: limits.waiters,
    pollMs: limits.pollMs,
    versions: async (ids) => versionsOf(await store.states(ids)),
    what: "sign-ins",
    log,
  });
  const listeners = new Set<(event: StepUpEvent) => void>();

  function emit(challenge: ChallengeRecord, act: StepUpEvent["act"], reason?: StepUpFailure): void {
    const { id, issuer, subject, clientId, tool } = challenge;
    const event = { act, reason, challenge: id, issuer, subject, clientId, tool, at: now() };
    log.info({ challenge: id, tool, act, reason }, "A sign-in for a call");
    for (const listener of listeners) listener(event);
    if (act === "met" || challenge.state === "failed") waiters.saw(id, ENDED);
  }

  async function check(requirement: Parameters<StepUp["check"]>[0], caller: StepUpCaller): Promise<StepUpCheck> {
    const { principal } = caller;
    const lack = tokenLack(requirement, principal, now());
    if (lack === undefined) return { satisfied: true, by: "token" };
    if (lack === "machine" || lack === "scope" || lack === "not_configured") return { satisfied: false, why: lack };
    if (options === undefined || expectedPerson(options.oidc, principal) === undefined)
      return { satisfied: false, why: "not_configured" };
    const at = now();
    const ttlMs = ttlOf(requirement.ttlMs, options);
    for (const elevation of await store.elevations(bindingOf(requirement.per, caller), at)) {
      // A policy may ask for less time than was asked when the sign-in was made.
      if (at - elevation.createdAt >= ttlMs || lackOf(requirement, elevation, at) !== undefined) continue;
      const spend = requirement.per === "call" ? elevation.id : undefined;
      return { satisfied: true, by: "elevation", spend, challenge: elevation.challengeId };
    }
    return { satisfied: false, why: lack };
  }

  function challengeOf(record: ChallengeRecord): Challenge {
    return { id: record.id, url: `${deps.publicUrl()}/step-up/${record.id}`, expiresAt: record.expiresAt };
  }

  function outcomeOf(record: ChallengeRecord | undefined): ChallengeOutcome {
    if (record?.state === "met") return "elevated";
    if (record === undefined || record.expiresAt <= now()) return "expired";
    return record.state === "failed" ? "failed" : "waiting";
  }

  return {
    stepUpFlow:
      options &&
      provider &&
      createStepUpFlow({
        ...{ store, provider, options: options.oidc, limits, now, log, emit },
        publicUrl: deps.publicUrl,
        seal: deps.seal,
      }),
    // Where subjects differ from client to client, the ID token names somebody else than their agents' tokens do.
    signInFlow:
      options?.oidc.subjectClaim === "sub" && provider && deps.signIns
        ? createSignInFlow({
            ...{ provider, options: options.oidc, now, log, ...deps.signIns },
            publicUrl: deps.publicUrl,
            attemptMs: limits.challengeMs,
          })
        : undefined,
    check,
    spend: (elevation) => store.spend(elevation, now()),
    async challenge({ requirement, caller, shown, clientName }) {
      const expected = options && expectedPerson(options.oidc, caller.principal);
      if (options === undefined || expected === undefined) return refuse("STEP_UP_IMPOSSIBLE");
      const strength: Strength = requirement;
      if (acrValues(strength.acr)?.length === 0) return refuse("STEP_UP_IMPOSSIBLE");
      const binding = bindingOf(requirement.per, caller);
      const ttlMs = ttlOf(requirement.ttlMs, options);
      const { acr, amr, maxAgeMs } = strength;
      const createdAt = now();
      const record: ChallengeRecord = {
        ...{ ...binding, acr, amr, maxAgeMs, ttlMs, expected },
        id: randomId(),
        key: challengeKey(binding, strength, ttlMs),
        clientName: clientName.slice(0, MAX_NAME),
        tool: shown,
        state: "open",
        failures: 0,
        createdAt,
        expiresAt: createdAt + limits.challengeMs,
      };
      const opened = await store.open(record, limits.challengesPerPerson);
      if (opened.kind === "too_many") return refuse("STEP_UP_TOO_MANY");
      if (opened.kind === "opened") emit(opened.challenge, "opened");
      return { ok: true, kind: opened.kind, challenge: challengeOf(opened.challenge) };
    },
    async wait(id, ms, cancellation) {
      const found = await store.find(id);
      if (found === undefined || outcomeOf(found) !== "waiting") return outcomeOf(found);
      const listening = waiters.wait(id, OPEN, Math.min(ms, found.expiresAt - now()), cancellation);
      try {
        // Looked at again, so that an end between the first look and the listening is not missed.
        if (outcomeOf(await store.find(id)) === "waiting") await listening.over;
        return outcomeOf(await store.find(id));
      } finally {
        listening.stop();
      }
    },
    onEvent(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    async close() {
      waiters.close();
    },
  };
}

const MAX_NAME = 256;

function ttlOf(ttlMs: number | undefined, options: StepUpOptions): number {
  return Math.min(ttlMs ?? options.ttlMs, options.ttlMs);
}

import type { CallDigests } from "../approvals/call-digest.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Call, Notification } from "../core/call.ts";
import { Cancellation } from "../core/cancellation.ts";
import type { Decision } from "../core/decision.ts";
import { refuse } from "../core/errors.ts";
import type { Log } from "../core/log.ts";
import type { Scope } from "../core/scope.ts";
import { subjectPath } from "../core/subject.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { Gateway, Watcher, Watching } from "./gateway.ts";
import type { Visibility } from "./lists/visibility.ts";
import { isListed, type Subject } from "./requests/subject.ts";
import { isClear } from "./step-up/sign-in.ts";
import type { StepUpGate } from "./step-up/step-up-gate.ts";
import type { Execute, ExecutionStrategy, RecordedRequest } from "./steps/execute.ts";
import { createKeptSubscriptions, type WatchedResource } from "./steps/kept-subscriptions.ts";
import type { Links } from "./steps/links.ts";
import type { Origin } from "./steps/origin.ts";
import type { OutOfBand } from "./steps/out-of-band.ts";
import { type ResolveOtherDeps, resolveSubscription } from "./steps/resolve-other.ts";
import type { UnlistedCalls } from "./steps/unlisted-calls.ts";
import { UNKNOWN } from "./steps/unresolved.ts";

export interface SubscriptionsDeps extends ResolveOtherDeps {
  readonly upstreams: Pick<Upstreams, "get" | "onEvent">;
  readonly catalog: Pick<Catalog, "view" | "onChange">;
  readonly log: Log;
  readonly execute: Execute;
  readonly visibility: Pick<Visibility, "hides" | "hidesSome">;
  readonly signIns: Pick<StepUpGate, "checkRun">;
  readonly digests: Pick<CallDigests, "call">;
  readonly unlistedCalls: Pick<UnlistedCalls, "record">;
  readonly outOfBand: OutOfBand;
  readonly links: Links;
  /** The scope of an endpoint name now. */
  readonly scope: (endpoint: string) => Scope | undefined;
  readonly callIds: () => string;
}

type OnUpdated = (notification: Notification) => void;

/** Makes what decides who watches what. Nobody waits for people here: what would need it is refused. */
export function createSubscriptions(deps: SubscriptionsDeps): Pick<Gateway, "subscribe" | "resubscribe"> {
  const kept = createKeptSubscriptions(deps);

  async function subscribe(watcher: Watcher, uri: string, onUpdated: OnUpdated): Promise<Watching> {
    const origin: Origin & Pick<Call, "scope"> = {
      id: deps.callIds(),
      method: "resources/subscribe",
      principal: watcher.principal,
      client: watcher.client,
      session: watcher.session,
      headers: watcher.headers,
      traceId: watcher.traceId,
      receivedAt: watcher.receivedAt,
      scope: watcher.scope,
    };
    const resolved = resolveSubscription(deps, watcher, uri);
    if (resolved.ok)
      return deps.execute(origin, resolved.subject, strategyOf(watcher, uri, resolved.subject, onUpdated));
    const { kind, undecided: name, form: outcome } = resolved;
    await deps.unlistedCalls.record(origin, { kind, name, outcome });
    return resolved.outcome.refusal;
  }

  /** What a client watches, as its server knows it. */
  function watchedOf(watcher: Watcher, uri: string, subject: Subject, onUpdated: OnUpdated): WatchedResource {
    const { peer, scope, principal, client } = watcher;
    const { upstream, name: sent } = subject;
    const receiver = { scope, holder: peer.owner };
    // Policies may have changed since, and what its endpoint shows.
    const allowed = (): boolean =>
      deps.scope(scope.endpoint)?.upstreams.includes(upstream) === true &&
      !deps.visibility.hides({ scope, principal, client }, subject);
    return {
      ...{ upstream, uri: sent, peer: deps.outOfBand.peerFor(peer, upstream), allowed },
      onUpdated({ method, params }) {
        if (!allowed()) return;
        onUpdated({ method, params: deps.links.from(receiver, upstream, { shown: uri, sent }).params(params) });
      },
    };
  }

  function strategyOf(
    watcher: Watcher,
    uri: string,
    subject: Subject,
    onUpdated: OnUpdated,
  ): ExecutionStrategy<Watching> {
    return {
      approval: undefined,
      cancellation: new Cancellation(),
      goesOnWith: () => false,
      async signIn({ stepUp }) {
        const { method, upstream, name: tool, digest: definitionDigest, arguments: args } = subject;
        const { principal, session } = watcher;
        const bound = { principal, method, upstream, tool, definitionDigest, arguments: args };
        const callDigest = await deps.digests.call(bound);
        return deps.signIns.checkRun(stepUp, { principal, callDigest, tool: subjectPath(subject), session });
      },
      charges: ({ decision, signIn }) =>
        decision.effect === "allow" || isClear(decision, signIn) ? decision : undefined,
      unable: (code, { hidden }) => (hidden ? UNKNOWN.resource.refusal : refuse(code)),
      beforeRecord: () => undefined,
      afterRecord({ decision, signIn, close }) {
        if (!decision.hidden && (decision.effect === "allow" || isClear(decision, signIn))) return undefined;
        close("denied");
        const refusal = decision.hidden ? UNKNOWN.resource.refusal : refuse("DENIED", messageOf(decision));
        return Promise.resolve(refusal);
      },
      spentBefore({ close }, decision) {
        close("denied");
        return refuse("DENIED", decision.message);
      },
      carryOut: (recorded) => watch(watcher, watchedOf(watcher, uri, subject, onUpdated), recorded),
    };
  }

  async function watch(
    watcher: Watcher,
    watched: WatchedResource,
    { subject, close }: RecordedRequest,
  ): Promise<Watching> {
    // What was decided on is no decision about another server of this name.
    if (deps.upstreams.get(watched.upstream)?.place !== subject.place) {
      close("UPSTREAM_CHANGED");
      return refuse("UPSTREAM_CHANGED");
    }
    const subscription = await kept.add(watched);
    if (subscription.ok) {
      close("ok");
      return subscription;
    }
    if ("fault" in subscription) {
      close(subscription.fault.code);
      return refuse(subscription.fault.code);
    }
    close("rpc_error");
    // Where something may be hidden, this would tell what its server does not have from what is hidden.
    if (!isListed(subject) && deps.visibility.hidesSome(watcher)) return UNKNOWN.resource.refusal;
    return refuse("PARAMS_INVALID", `The upstream refused the subscription (JSON-RPC ${subscription.error.code}).`);
  }

  return {
    subscribe,
    resubscribe: (watcher, uri, onUpdated) =>
      kept.restore(() => {
        // Looked up each time: what an endpoint shows may change until its server comes back. It is on record since it was granted.
        const scope = deps.scope(watcher.scope.endpoint);
        const found = scope && resolveSubscription(deps, { ...watcher, scope }, uri);
        if (scope === undefined || found?.ok !== true) return undefined;
        const watched = watchedOf({ ...watcher, scope }, uri, found.subject, onUpdated);
        return watched.allowed() ? watched : undefined;
      }),
  };
}

function messageOf(decision: Decision): string {
  return decision.effect === "allow" ? "" : decision.message;
}

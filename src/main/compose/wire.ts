import type { Approvals } from "../../approvals/approvals.ts";
import { createDispatcher, type Dispatcher } from "../../approvals/notify/dispatcher.ts";
import { DEFAULT_CATALOG_TIMING } from "../../catalog/timing.ts";
import type { Config } from "../../config/schema/schema.ts";
import { publicUrlOf } from "../../config/schema/server.ts";
import { doneWithin } from "../../core/deadline.ts";
import { createKeyedHash } from "../../core/keyed-hash.ts";
import type { Log } from "../../core/log.ts";
import { createSeal } from "../../core/seal.ts";
import { createDecisionPoints, type OpenDecisionPoints } from "../../decision-points/create-decision-points.ts";
import { recordApprovals } from "../../gateway/approvals/record.ts";
import { recordSignIns } from "../../gateway/step-up/record.ts";
import type { OpenGuards } from "../../guards/create-guards.ts";
import { createActivityOperations } from "../../operations/activity/create-activity-operations.ts";
import { createEvents, type EventSource } from "../../operations/events/create-events.ts";
import { createPolicyOperations } from "../../operations/policies/create-policy-operations.ts";
import { listedDefinition } from "../../operations/policies/listed-definition.ts";
import { REGISTERED_UPSTREAMS } from "../../operations/upstreams/registration.ts";
import type { PolicyDirectory } from "../../policy/compile/directory.ts";
import { createInputSchemas } from "../../policy/input-schemas/input-schemas.ts";
import type { StepUpService } from "../../step-up/create-step-up.ts";
import type { Store } from "../../store/open-store.ts";
import type { WireDeps } from "./deps.ts";
import { readAnchors } from "./read-anchors.ts";
import { readGuards } from "./read-guards.ts";
import { type Notifying, readNotifiers } from "./read-notifiers.ts";
import { type GatewaySecrets, openStoreWith, readSecrets } from "./read-secrets.ts";
import { createReload } from "./reload.ts";
import { wireApprovals, wireStepUp } from "./wire-approvals.ts";
import { type WiredAudit, wireAudit } from "./wire-audit.ts";
import { type GatewayParts, wireGateway } from "./wire-gateway.ts";
import { type Listeners, wirePolicies } from "./wire-policies.ts";
import { type WiredUpstreams, wireUpstreams } from "./wire-upstreams.ts";
import type { Wired } from "./wired.ts";

/** How long a start waits for slow upstreams before it goes on without them, and whoever asks for their lists then. */
const SETTLE_MS = DEFAULT_CATALOG_TIMING.firstListsMs;

/** How long approved calls that run have until they end at a stop, as long as those of connected clients. */
const DRAIN_MS = 6_000;

/** How long what is left of them has to be written down once their servers are gone. */
const LAST_WRITE_MS = 1_000;

export type Wiring = { readonly ok: true; readonly wired: Wired } | { readonly ok: false; readonly error: string };

/** What is open, to be closed again where what comes after it cannot be. */
type Opened = Array<() => Promise<void> | void>;

/**
 * Compiles the policies, opens the store, starts the upstreams. Where one of them cannot be, nothing stays open.
 * @throws StoreError when the store cannot be opened
 */
export async function wire(config: Config, deps: WireDeps): Promise<Wiring> {
  const opened: Opened = [];
  let wiring: Wiring | undefined;
  try {
    wiring = await wireAll(config, deps, opened);
    return wiring;
  } finally {
    if (wiring?.ok !== true) await closeAll(opened, deps.log);
  }
}

/** Last opened, first closed. What cannot be closed is logged: why the start is refused is what its user is to hear. */
async function closeAll(opened: Opened, log: Log): Promise<void> {
  for (const close of opened.reverse()) {
    try {
      await close();
    } catch (err) {
      log.error({ err }, "A refused start could not close what it had opened.");
    }
  }
}

/** What the gateway is made of, in the order in which it was opened. */
interface Parts extends GatewaySecrets, WiredAudit, GatewayParts {
  readonly policies: PolicyDirectory;
  readonly notifiers: Extract<Notifying, { ok: true }>["notifiers"];
  readonly store: Store;
  readonly approvals: Approvals;
  readonly stepUp: StepUpService;
  readonly servers: WiredUpstreams;
  readonly decisionPoints: OpenDecisionPoints;
  readonly guards: OpenGuards;
  readonly events: EventSource;
  /** Where people find an approval request: the same in answers to agents and in messages to approvers. */
  readonly link: (id: string) => string;
  /** Users with passwords, as the configuration has them by now. */
  readonly basic: { current: Config["auth"]["basic"] };
  /** Where clients reach this gateway. */
  readonly place: { publicUrl: string };
}

async function wireAll(config: Config, deps: WireDeps, open: Opened): Promise<Wiring> {
  const { log, now, timing = {} } = deps;
  const listeners: Listeners = { policiesReplaced() {}, policiesChanged() {}, definitionsChanged() {}, record() {} };
  const opened = await wirePolicies(config, deps, listeners);
  if (!opened.ok) return { ok: false, error: opened.report };
  const { policies } = opened;
  open.push(() => policies.close());
  const notifying = readNotifiers(config, deps);
  if (!notifying.ok) return notifying;
  const secrets = readSecrets(config);
  const { secret, databasePath } = secrets;
  const anchoring = readAnchors(config.audit.anchor, deps);
  if (!anchoring.ok) return anchoring;
  const store = openStoreWith(secrets, config.store.url, log);
  open.push(() => store.close());
  const wiredAudit = await wireAudit(config.audit, anchoring.anchors, { ...secrets, store, log, now, timing });
  const { audit, checkpoints, refusals } = wiredAudit;
  listeners.record = (act) => audit.record(act);
  open.push(
    () => checkpoints.close(),
    () => audit.flush(),
    () => refusals.close(),
  );
  const inputSchemas = createInputSchemas();
  const { approvals, digests } = wireApprovals(config, { store, secret, inputSchemas, log, now, timing });
  const place = { publicUrl: publicUrlOf(config.server, config.server.port) };
  const publicUrl = (): string => place.publicUrl;
  const stepUp = wireStepUp(config, { store, secret, publicUrl, log, now, timing });
  const servers = await wireUpstreams({
    ...{ config, store, audit, publicUrl, log, now, timing },
    marksPath: databasePath === undefined ? undefined : `${databasePath}.starts.json`,
    ...(deps.start === undefined ? {} : { start: deps.start }),
    seal: createSeal(secret, REGISTERED_UPSTREAMS),
    policies: () => policies.current(),
    definitionsChanged: (upstream, tools) => listeners.definitionsChanged(upstream, tools),
    ...(deps.resolve === undefined ? {} : { resolve: deps.resolve }),
  });
  open.push(() => servers.close());
  const decisionPoints = createDecisionPoints(config.decisionPoints);
  open.push(() => decisionPoints.close());
  const guarding = readGuards(config, { inputSchemas, upstreams: servers.upstreams, now });
  if (!guarding.ok) return guarding;
  const { guards } = guarding;
  open.push(async () => guards.close());
  const link = (id: string): string => `${place.publicUrl}/console/approvals/${id}`;
  const basic = { current: config.auth.basic };
  const parts = wireGateway(config, {
    passwords: () => basic.current,
    ...{ store, secret, servers, audit, approvals, stepUp, digests, decisionPoints, guards, link, log, now },
    policies: () => policies.current(),
  });
  const events = createEvents({
    ...{ tail: store.approvalTail, approvals, upstreams: servers.upstreams, log },
    ...(timing.eventPollMs === undefined ? {} : { pollMs: timing.eventPollMs }),
  });
  listeners.policiesChanged = events.policiesChanged;
  listeners.definitionsChanged = events.definitionsChanged;
  listeners.policiesReplaced = (before, after) => parts.gateway.policiesReplaced(before, after);
  recordApprovals(approvals, audit);
  recordSignIns(stepUp, audit);
  const { notifiers } = notifying;
  const own = {
    basic,
    policies,
    notifiers,
    store,
    approvals,
    stepUp,
    servers,
    decisionPoints,
    guards,
    events,
    link,
    place,
  };
  return { ok: true, wired: wiredOf(config, { ...secrets, ...wiredAudit, ...parts, ...own }, deps) };
}

/** What the edges are made over, and how it begins and ends. */
function wiredOf(config: Config, parts: Parts, { log, now, timing = {} }: WireDeps): Wired {
  const { policies, notifiers, secret, store, audit, refusals, approvals, stepUp, servers } = parts;
  const { basic, gateway, rollUp, events, link, place } = parts;
  const { upstreams, catalog, registry } = servers;
  let dispatcher: Dispatcher | undefined;
  approvals.onTransition(() => dispatcher?.kick());
  let draining: Promise<void> | undefined;
  const drain = (): Promise<void> => {
    draining ??= gateway.drain(DRAIN_MS);
    return draining;
  };
  const activity = createActivityOperations({ audit: store.audit, counts: store.activity, rollUp, approvals, now });
  const definitionOf: Wired["definitionOf"] = (kind, upstream, name) =>
    listedDefinition(servers.view(), kind, upstream, name);
  const policyOperations = createPolicyOperations({
    ...{ directory: policies, dir: config.policies.dir, default: config.policies.default, now },
    ...{ flows: config.approvalFlows, apiKeys: config.auth.apiKeys, tools: servers.tools },
    definitionOf,
    matches: (since) => activity.policyMatches(since),
  });
  return {
    ...{ gateway, store, audit, refusals, approvals, stepUp, upstreams, policies, events, activity, policyOperations },
    seal: (purpose) => createSeal(secret, purpose),
    keyedHash: (purpose) => createKeyedHash(secret, purpose),
    upstreamOperations: servers.operations,
    ...{ tools: servers.tools, definitionOf },
    settled: doneWithin(timing.settleMs ?? SETTLE_MS, catalog.settled(upstreams.names())).then(() => {}),
    begin(url) {
      place.publicUrl = url ?? place.publicUrl;
      const { outbox } = store;
      dispatcher ??= createDispatcher({ outbox, notifiers, log, now, random: Math.random, link });
      gateway.start();
      rollUp.start();
    },
    drain,
    passwords: () => basic.current,
    ...createReload({
      ...{ config, audit, keyedHash: createKeyedHash(secret, "configuration"), now },
      configure(next, done) {
        basic.current = next.auth.basic;
        policies.configure(next.policyFolders, () => {
          registry.configure(next);
          done();
        });
      },
    }),
    async close() {
      events.close();
      await drain();
      await end(parts, dispatcher);
    },
  };
}

/** Ends everything, in the order in which nothing is lost. */
async function end(parts: Parts, dispatcher: Dispatcher | undefined): Promise<void> {
  await parts.policies.close();
  await parts.servers.close();
  // Runs that their servers' end has cut off are written down as such, and not left to their leases.
  await parts.gateway.drain(LAST_WRITE_MS);
  await parts.decisionPoints.close();
  parts.guards.close();
  await parts.approvals.close();
  await parts.stepUp.close();
  await dispatcher?.close();
  await parts.longRedactions.close();
  parts.refusals.close();
  await parts.audit.flush();
  await parts.checkpoints.close();
  await parts.rollUp.close();
  await parts.store.close();
}

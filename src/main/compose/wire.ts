// biome-ignore-all lint/style/noExcessiveLinesPerFile: it reads as one list of what is made of what; steps of several parts are `wire-*.ts` and `read-*.ts`.
import type { Approvals } from "../../approvals/approvals.ts";
import { createCallDigests } from "../../approvals/call-digest.ts";
import { createApprovals } from "../../approvals/create-approvals.ts";
import { createDispatcher, type Dispatcher } from "../../approvals/notify/dispatcher.ts";
import { APPROVALS } from "../../approvals/work/sealed-parts.ts";
import type { Audit } from "../../audit/audit.ts";
import { redact } from "../../audit/secrets/redact.ts";
import { DEFAULT_CATALOG_TIMING } from "../../catalog/timing.ts";
import { whyNoClientAddress } from "../../config/checks/client-address.ts";
import type { Config } from "../../config/schema/schema.ts";
import { publicUrlOf } from "../../config/schema/server.ts";
import { doneWithin } from "../../core/deadline.ts";
import { createKeyedHash } from "../../core/keyed-hash.ts";
import type { Log } from "../../core/log.ts";
import { createPeople } from "../../core/people.ts";
import { createPersons } from "../../core/persons.ts";
import { createSeal, type Seal } from "../../core/seal.ts";
import { recordApprovals } from "../../gateway/approvals/record.ts";
import { createGateway, type WiredGateway } from "../../gateway/create-gateway.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import { recordSignIns } from "../../gateway/step-up/record.ts";
import { createActsUntil, createPrincipalNow } from "../../identity/principal-now.ts";
import type { ActivityOperations } from "../../operations/activity/activity.ts";
import { createActivityOperations } from "../../operations/activity/create-activity-operations.ts";
import { createEvents, type EventSource } from "../../operations/events/create-events.ts";
import type { Events } from "../../operations/events/events.ts";
import { createPolicyOperations } from "../../operations/policies/create-policy-operations.ts";
import type { PolicyOperations } from "../../operations/policies/policies.ts";
import { REGISTERED_UPSTREAMS } from "../../operations/upstreams/registration.ts";
import type { ToolView, UpstreamOperations } from "../../operations/upstreams/upstreams.ts";
import { type PolicyDirectory, watchPolicies } from "../../policy/compile/directory.ts";
import { createLongRedactions } from "../../redaction/long-redactions.ts";
import { createStepUp, type StepUpService } from "../../step-up/create-step-up.ts";
import { AUDIT_CHAIN } from "../../store/audit/audit-row.ts";
import { openStore, type Store } from "../../store/open-store.ts";
import { loadSecretKey, previousSecretKeys } from "../../store/secret-key.ts";
import { parseStoreUrl } from "../../store/store-url.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import { VERSION } from "../version.ts";
import type { WireDeps } from "./deps.ts";
import { readAnchors } from "./read-anchors.ts";
import { readNotifiers } from "./read-notifiers.ts";
import { wireAudit } from "./wire-audit.ts";
import { wireUpstreams } from "./wire-upstreams.ts";

/** How long a start waits for slow upstreams before it goes on without them, and whoever asks for their lists then. */
const SETTLE_MS = DEFAULT_CATALOG_TIMING.firstListsMs;

/** What keyed hashes in redacted results are for: see `createKeyedHash`. */
const REDACTION = "redaction";

/** How long approved calls that run have until they end at a stop, as long as those of connected clients. */
const DRAIN_MS = 6_000;

/** How long what is left of them has to be written down once their servers are gone. */
const LAST_WRITE_MS = 1_000;

/** All rooms but the edges, wired together. */
export interface Wired {
  readonly gateway: Gateway;
  readonly store: Store;
  readonly audit: Audit;
  readonly approvals: Approvals;
  readonly stepUp: StepUpService;
  readonly upstreams: Upstreams;
  readonly policies: PolicyDirectory;
  readonly policyOperations: PolicyOperations;
  readonly activity: ActivityOperations;
  readonly upstreamOperations: UpstreamOperations;
  /** Every tool of every upstream, as operators see it. */
  readonly tools: () => readonly ToolView[];
  readonly events: Events;
  /** Of the gateway's secret, for one purpose each. */
  readonly seal: (purpose: string) => Seal;
  readonly keyedHash: (purpose: string) => (text: string) => string;
  /** Resolves when every upstream was tried once, or after a few seconds. */
  readonly settled: Promise<void>;
  /**
   * Begins to tell people of approvals and to run what is approved. `publicUrl` is where clients reach this gateway,
   * without a slash at the end; left out where it is as configured.
   */
  begin(publicUrl?: string): void;
  /** Runs no more approved calls by itself, and resolves when those that run are over, or after six seconds. */
  drain(): Promise<void>;
  /** Takes over the upstreams and endpoints of a new configuration, live; those registered at run time stay. */
  reload(config: Config): void;
  /** Ends everything, in the order in which nothing is lost. */
  close(): Promise<void>;
}

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

async function wireAll(config: Config, deps: WireDeps, open: Opened): Promise<Wiring> {
  const { log, now, timing = {} } = deps;
  // Nobody has seen a list before there is a gateway, so that an earlier swap concerns nobody.
  let swapped: WiredGateway["policiesReplaced"] = () => {};
  let announce: EventSource["policiesChanged"] = () => {};
  let described: EventSource["definitionsChanged"] = () => {};
  const announced = (refused: boolean) => announce({ digest: policies.current().digest, refused });
  const opened = await watchPolicies({
    dir: config.policies.dir,
    default: config.policies.default,
    flows: config.approvalFlows.map((flow) => flow.name),
    noClientAddress: whyNoClientAddress(config.server),
    log,
    now,
    onSwap: (set, before) => {
      swapped(before, set);
      announced(false);
    },
    onRefused: () => announced(true),
    onRepaired: () => announced(false),
  });
  if (!opened.ok) return { ok: false, error: opened.report };
  const { policies } = opened;
  open.push(() => policies.close());

  const notifying = readNotifiers(config, deps);
  if (!notifying.ok) return notifying;

  const place = parseStoreUrl(config.store.url);
  const secret = loadSecretKey({
    configured: config.secretKey,
    beside: place.kind === "file" ? place.path : undefined,
  });
  const formerSecrets = previousSecretKeys(config.previousKeys);
  const anchoring = readAnchors(config.audit.anchor, deps);
  if (!anchoring.ok) return anchoring;
  const auditHash = createKeyedHash(secret, AUDIT_CHAIN);
  const formerHashes = formerSecrets.map((each) => createKeyedHash(each, AUDIT_CHAIN));
  const store = openStore({ url: config.store.url, log, auditHash, formerHashes });
  open.push(() => store.close());
  const { audit, rollUp, checkpoints } = await wireAudit(config.audit, anchoring.anchors, {
    ...{ store, secret, formerSecrets, log, now, timing },
    databasePath: place.kind === "file" ? place.path : undefined,
  });
  open.push(
    () => checkpoints.close(),
    () => audit.flush(),
  );
  const principalNow = createPrincipalNow(config.auth);
  const persons = createPersons({
    people: createPeople(config.auth.people),
    hash: createKeyedHash(secret, "persons"),
  });
  const digests = createCallDigests(secret);
  const approvals = createApprovals({
    persons,
    store: store.approvals,
    outbox: store.outbox,
    flows: config.approvalFlows,
    seal: createSeal(secret, APPROVALS),
    digests,
    redact,
    log,
    now,
    timing: timing.approvals ?? {},
  });
  let publicUrl = publicUrlOf(config.server, config.server.port);
  // Who signs in there is the same person as the one whose agents come with tokens from there.
  const signIns = config.auth.jwt.find(({ issuer }) => issuer === config.stepUp?.oidc.issuer);
  const emailVerified = signIns?.standing.emailVerified ?? "claim";
  const stepUp = createStepUp({
    store: store.stepUp,
    options: config.stepUp && { ...config.stepUp, oidc: { ...config.stepUp.oidc, emailVerified } },
    publicUrl: () => publicUrl,
    seal: createSeal(secret, "step-up"),
    signIns: signIns && { seal: createSeal(secret, "console-sign-in"), accepts: signIns },
    log,
    now,
    limits: timing.stepUp ?? {},
  });
  const servers = await wireUpstreams({
    ...{ config, store, audit, log, now, timing },
    marksPath: place.kind === "file" ? `${place.path}.starts.json` : undefined,
    ...(deps.start === undefined ? {} : { start: deps.start }),
    seal: createSeal(secret, REGISTERED_UPSTREAMS),
    policies: () => policies.current(),
    publicUrl: () => publicUrl,
    definitionsChanged: (upstream, tools) => described(upstream, tools),
    ...(deps.resolve === undefined ? {} : { resolve: deps.resolve }),
  });
  open.push(() => servers.close());
  const { upstreams, catalog, live, registry } = servers;

  // The same in answers to agents and in messages to approvers.
  const link = (id: string): string => `${publicUrl}/console/approvals/${id}`;
  const longRedactions = createLongRedactions({ secret, purpose: REDACTION });
  const gateway = createGateway({
    upstreams,
    catalog,
    isIdempotent: (upstream, tool) => live.isIdempotent(upstream, tool),
    audit,
    approvals,
    stepUp,
    principalNow(before) {
      const principal = principalNow(before);
      return principal?.may.includes("call") ? principal : undefined;
    },
    actsUntil: createActsUntil(config.auth.runAfterTokenEndsMs),
    link,
    rateLimits: store.rateLimits,
    policies: () => policies.current(),
    scope: (endpoint) => live.scope(endpoint),
    seal: createSeal(secret, "request-state"),
    hash: createKeyedHash(secret, REDACTION),
    longRedactions,
    digests,
    serverInfo: { name: "portcullis", version: VERSION },
    log,
    now,
  });
  const events = createEvents({
    ...{ tail: store.approvalTail, approvals, upstreams, log },
    ...(timing.eventPollMs === undefined ? {} : { pollMs: timing.eventPollMs }),
  });
  announce = events.policiesChanged;
  described = events.definitionsChanged;
  swapped = (before, after) => gateway.policiesReplaced(before, after);

  recordApprovals(approvals, audit);
  recordSignIns(stepUp, audit);
  let dispatcher: Dispatcher | undefined;
  approvals.onTransition(() => dispatcher?.kick());
  let draining: Promise<void> | undefined;
  const drain = (): Promise<void> => {
    draining ??= gateway.drain(DRAIN_MS);
    return draining;
  };

  const activity = createActivityOperations({ audit: store.audit, counts: store.activity, rollUp, approvals, now });
  const policyOperations = createPolicyOperations({
    ...{ directory: policies, dir: config.policies.dir, default: config.policies.default, now },
    ...{ flows: config.approvalFlows, apiKeys: config.auth.apiKeys, tools: servers.tools },
    matches: (since) => activity.policyMatches(since),
  });

  const wired: Wired = {
    gateway,
    store,
    audit,
    approvals,
    stepUp,
    upstreams,
    policies,
    seal: (purpose) => createSeal(secret, purpose),
    keyedHash: (purpose) => createKeyedHash(secret, purpose),
    upstreamOperations: servers.operations,
    tools: servers.tools,
    events,
    activity,
    policyOperations,
    settled: doneWithin(timing.settleMs ?? SETTLE_MS, catalog.settled(upstreams.names())).then(() => {}),
    begin(url) {
      publicUrl = url ?? publicUrl;
      const { notifiers } = notifying;
      const { outbox } = store;
      dispatcher ??= createDispatcher({ outbox, notifiers, log, now, random: Math.random, link });
      gateway.start();
      rollUp.start();
    },
    drain,
    reload: (next) => registry.configure(next),
    async close() {
      events.close();
      await drain();
      await policies.close();
      await servers.close();
      // Runs that their servers' end has cut off are written down as such, and not left to their leases.
      await gateway.drain(LAST_WRITE_MS);
      await approvals.close();
      await stepUp.close();
      await dispatcher?.close();
      await longRedactions.close();
      await audit.flush();
      await checkpoints.close();
      await rollUp.close();
      await store.close();
    },
  };
  return { ok: true, wired };
}

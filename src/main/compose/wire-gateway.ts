import type { Config } from "../../config/schema/schema.ts";
import { createKeyedHash } from "../../core/keyed-hash.ts";
import { createSeal } from "../../core/seal.ts";
import { VERSION } from "../../core/version.ts";
import { createGateway, type GatewayDeps, type WiredGateway } from "../../gateway/create-gateway.ts";
import { createActsUntil, createPrincipalNow } from "../../identity/principal-now.ts";
import { createLongRedactions, type LongRedactions } from "../../redaction/long-redactions.ts";
import type { Store } from "../../store/open-store.ts";
import type { WiredUpstreams } from "./wire-upstreams.ts";
import type { Wired } from "./wired.ts";

/** What keyed hashes in redacted results are for: see `createKeyedHash`. */
const REDACTION = "redaction";

export interface WireGatewayDeps
  extends Pick<
    GatewayDeps,
    "audit" | "approvals" | "stepUp" | "digests" | "decisionPoints" | "guards" | "policies" | "link" | "log" | "now"
  > {
  readonly store: Store;
  readonly secret: Uint8Array;
  readonly servers: WiredUpstreams;
  readonly passwords: Wired["passwords"];
}

/** The way of a call. `longRedactions` is to be closed after the gateway was drained. */
export interface GatewayParts {
  readonly gateway: WiredGateway;
  readonly longRedactions: LongRedactions;
}

/** Wires the way of a call. */
export function wireGateway(
  config: Config,
  { store, secret, servers, passwords, ...deps }: WireGatewayDeps,
): GatewayParts {
  const { upstreams, catalog, live } = servers;
  const principalNow = createPrincipalNow({ ...config.auth, passwords });
  const longRedactions = createLongRedactions({ secret, purpose: REDACTION });
  const gateway = createGateway({
    ...deps,
    upstreams,
    catalog,
    isIdempotent: (upstream, tool) => live.isIdempotent(upstream, tool),
    principalNow(before) {
      const principal = principalNow(before);
      return principal?.may.includes("call") ? principal : undefined;
    },
    actsUntil: createActsUntil(config.auth.runAfterTokenEndsMs),
    rateLimits: store.rateLimits,
    scope: (endpoint) => live.scope(endpoint),
    seal: createSeal(secret, "request-state"),
    hash: createKeyedHash(secret, REDACTION),
    longRedactions,
    serverInfo: { name: "portcullis", version: VERSION },
  });
  return { gateway, longRedactions };
}

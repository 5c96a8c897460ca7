import type { Era } from "../core/call.ts";

/** The modern revision: no handshake, the version travels in every request's `_meta`. */
export const MODERN_REVISION = "2026-07-28";

/**
 * Legacy revisions with an `initialize` handshake, newest first, of clients and of servers. To the gateway 2025-03-26 differs from
 * those before it in batches alone: what else it added stands in messages that are passed on. 2025-03-26 changelog
 */
export const LEGACY_REVISIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05", "2024-10-07"] as const;
export type LegacyRevision = (typeof LEGACY_REVISIONS)[number];

/** All revisions served to clients, newest first. */
export const SUPPORTED_REVISIONS: readonly string[] = [MODERN_REVISION, ...LEGACY_REVISIONS];

/** Whether `version` is a legacy revision that the gateway speaks. */
export function isLegacyRevision(version: unknown): version is LegacyRevision {
  return (LEGACY_REVISIONS as readonly unknown[]).includes(version);
}

/** The era of a revision string, `undefined` for an unknown one. */
export function eraOf(version: string): Era | undefined {
  if (version === MODERN_REVISION) return "modern";
  return isLegacyRevision(version) ? "legacy" : undefined;
}

/** `_meta` keys that the protocol reserves. 2026-07-28 basic, "Per-request protocol fields". */
export const META = {
  protocolVersion: "io.modelcontextprotocol/protocolVersion",
  clientInfo: "io.modelcontextprotocol/clientInfo",
  clientCapabilities: "io.modelcontextprotocol/clientCapabilities",
  logLevel: "io.modelcontextprotocol/logLevel",
  serverInfo: "io.modelcontextprotocol/serverInfo",
  subscriptionId: "io.modelcontextprotocol/subscriptionId",
} as const;

import type { Era } from "../../core/call.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { LEGACY_REVISIONS, META } from "../../mcp/revisions.ts";

/** What a server said of itself when it was first reached. */
export interface ServerFacts {
  readonly era: Era;
  readonly revision: string;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject | undefined;
  readonly instructions: string | undefined;
}

/**
 * Legacy revisions that an upstream may speak. 2024-11-05 differs for us only in its transport, so servers on HTTP+SSE
 * and old stdio servers are not turned away.
 */
const UPSTREAM_REVISIONS: readonly string[] = [...LEGACY_REVISIONS, "2024-11-05"];

/** Whether a legacy upstream's `protocolVersion` (or an entry of `supported`) is one that the gateway can speak to. */
export function isUpstreamRevision(version: unknown): version is string {
  return typeof version === "string" && UPSTREAM_REVISIONS.includes(version);
}

/** What a server may say of itself: it is kept, and shown to every client. */
const MAX_INSTRUCTIONS = 64 * 1024;
const MAX_FACTS = 64 * 1024;

/** Reads an `initialize` result; `undefined` when it is none, or of a revision that the gateway does not speak. */
export function readInitializeResult(result: JsonObject): ServerFacts | undefined {
  const { protocolVersion, capabilities, serverInfo, instructions } = result;
  if (!isUpstreamRevision(protocolVersion) || !isObject(capabilities)) return undefined;
  return {
    era: "legacy",
    revision: protocolVersion,
    capabilities: small(capabilities) ?? {},
    serverInfo: small(serverInfo),
    instructions: readInstructions(instructions),
  };
}

/** Reads a `server/discover` result that offers `revision`; `undefined` otherwise. */
export function readDiscoverResult(result: JsonObject, revision: string): ServerFacts | undefined {
  const { supportedVersions, capabilities, instructions, _meta } = result;
  if (!Array.isArray(supportedVersions) || !supportedVersions.includes(revision) || !isObject(capabilities)) {
    return undefined;
  }
  const serverInfo = isObject(_meta) ? _meta[META.serverInfo] : undefined;
  return {
    era: "modern",
    revision,
    capabilities: small(capabilities) ?? {},
    serverInfo: small(serverInfo),
    instructions: readInstructions(instructions),
  };
}

function small(value: Json | undefined): JsonObject | undefined {
  return isObject(value) && JSON.stringify(value).length <= MAX_FACTS ? value : undefined;
}

// Cut rather than refused: it is prose, and its beginning says what it is about.
function readInstructions(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value.slice(0, MAX_INSTRUCTIONS) : undefined;
}

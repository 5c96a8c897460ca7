import type { Era } from "../../core/call.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { isLegacyRevision, META } from "../../mcp/revisions.ts";

/** What a server said of itself when it was first reached. */
export interface ServerFacts {
  readonly era: Era;
  readonly revision: string;
  readonly capabilities: JsonObject;
  readonly serverInfo: JsonObject | undefined;
  readonly instructions: string | undefined;
}

/** What a server may say of itself: it is kept, and shown to every client. */
const MAX_INSTRUCTIONS = 64 * 1024;
const MAX_FACTS = 64 * 1024;

/** What a server's answer to the handshake says, or why it is of no use. */
export type FactsRead =
  | { readonly ok: true; readonly facts: ServerFacts }
  | { readonly ok: false; readonly detail: string };

/** Reads an `initialize` result. @throws never */
export function readInitializeResult(result: Json | undefined): FactsRead {
  const { protocolVersion, capabilities, serverInfo, instructions } = isObject(result) ? result : {};
  if (!isLegacyRevision(protocolVersion)) {
    return { ok: false, detail: "Its initialize result names no revision that is spoken here." };
  }
  const offered = readCapabilities(capabilities);
  if (offered === undefined) return { ok: false, detail: "The capabilities in its initialize result are no object." };
  return {
    ok: true,
    facts: {
      era: "legacy",
      revision: protocolVersion,
      capabilities: offered,
      serverInfo: small(serverInfo),
      instructions: readInstructions(instructions),
    },
  };
}

/** Reads a `server/discover` result; `undefined` where it does not offer `revision`. @throws never */
export function readDiscoverResult(result: Json | undefined, revision: string): FactsRead | undefined {
  const { supportedVersions, capabilities, instructions, _meta } = isObject(result) ? result : {};
  if (!Array.isArray(supportedVersions) || !supportedVersions.includes(revision)) return undefined;
  const offered = readCapabilities(capabilities);
  if (offered === undefined) return { ok: false, detail: "The capabilities in its discover result are no object." };
  const serverInfo = isObject(_meta) ? _meta[META.serverInfo] : undefined;
  return {
    ok: true,
    facts: {
      era: "modern",
      revision,
      capabilities: offered,
      serverInfo: small(serverInfo),
      instructions: readInstructions(instructions),
    },
  };
}

/**
 * What a server offers, each as an object: absent, `null` or empty (PHP writes `{}` as `[]`) is nothing, and what is there of an
 * offer without being an object (`true`, `[]`) is an offer without details. `undefined` where it is none of these.
 */
function readCapabilities(value: Json | undefined): JsonObject | undefined {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return {};
  if (!isObject(value)) return undefined;
  const offers: [string, Json][] = [];
  for (const [name, offer] of Object.entries(small(value) ?? {})) {
    if (isObject(offer)) offers.push([name, offer]);
    else if (offer === true || Array.isArray(offer)) offers.push([name, {}]);
  }
  // Names are the server's: by assignment `__proto__` would be none.
  return Object.fromEntries(offers);
}

function small(value: Json | undefined): JsonObject | undefined {
  return isObject(value) && JSON.stringify(value).length <= MAX_FACTS ? value : undefined;
}

// Cut rather than refused: it is prose, and its beginning says what it is about.
// Half a character, as where a text was cut, would cost some clients the instructions of all servers, and the handshake with them.
function readInstructions(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value.slice(0, MAX_INSTRUCTIONS).toWellFormed() : undefined;
}

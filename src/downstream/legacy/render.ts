import type { Call } from "../../core/call.ts";
import { ERRORS } from "../../core/errors.ts";
import type { SettledOutcome } from "../../core/outcome.ts";
import { RawJson } from "../../core/raw-json.ts";
import { encodeError, encodeResult } from "../../mcp/encode.ts";
import { asLegacyResult } from "../../mcp/members/era-members.ts";
import type { RpcId } from "../../mcp/messages.ts";
import type { Edge } from "../edge.ts";
import {
  deniedAnswer,
  faultAnswer,
  notPossible,
  type OwnAnswer,
  refusedAnswer,
  unapprovedAnswer,
  withheldAnswer,
} from "../render-common.ts";

const NEEDS_CAPABILITY =
  "The server needs to ask the client something, which this client does not offer. " +
  "Use a client that declares elicitation, sampling or roots, whichever the server needs.";

/** The response to a legacy client. JSON-RPC errors travel with HTTP status 200: 404 would mean a lost session. */
export function renderLegacy(edge: Edge, id: RpcId, call: Call, outcome: SettledOutcome): Buffer {
  switch (outcome.kind) {
    case "result":
      return encodeResult(id, asLegacyResult(outcome.result));
    case "error":
      // A modern server's way to say that it would have to ask; this era has no such error.
      return outcome.error.code === ERRORS.CAPABILITY_REQUIRED.rpc
        ? renderLegacyOwn(id, notPossible(call, NEEDS_CAPABILITY))
        : encodeError(id, outcome.error);
    case "denied":
      return renderLegacyOwn(id, deniedAnswer(outcome.decision, call, edge.errors));
    case "refused":
      return renderLegacyOwn(id, refusedAnswer(outcome.refusal, call, edge.errors));
    case "fault":
      return renderLegacyOwn(id, faultAnswer(outcome.fault, call));
    case "withheld":
      return renderLegacyOwn(id, withheldAnswer(call));
    case "unapproved":
      return renderLegacyOwn(id, unapprovedAnswer(call, outcome, edge.errors));
    default:
      return outcome satisfies never;
  }
}

/** The gateway's own answer in legacy form. */
export function renderLegacyOwn(id: RpcId, answer: OwnAnswer): Buffer {
  return answer.kind === "result" ? encodeResult(id, RawJson.fromValue(answer.result)) : encodeError(id, answer.error);
}

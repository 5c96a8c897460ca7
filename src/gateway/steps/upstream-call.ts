import type { ToolEntry } from "../../catalog/entries.ts";
import type { Call, ClientPeer, Notification } from "../../core/call.ts";
import type { Cancellation } from "../../core/cancellation.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Round, UpstreamFault } from "../../core/round.ts";
import { paramHeaderText } from "../../mcp/headers/param-headers.ts";
import type { UpstreamRequest, Upstreams } from "../../upstream/upstream.ts";
import type { Subject } from "../requests/subject.ts";

/** A recorded request on its way to what it is about. */
export interface UpstreamCall {
  readonly subject: Subject;
  readonly params: JsonObject;
  /** Who hears what the upstream says on the way. */
  readonly listener: Pick<Call, "wantsProgress" | "logLevel">;
  readonly cancellation: Cancellation;
  /** The upstream's own state, where the request brings it back. */
  readonly state: string | undefined;
  /** The approval request that lets it run, of which the server is told. */
  readonly approval: string | undefined;
  /** Whom the upstream serves. */
  readonly peer: ClientPeer;
  onNotification(notification: Notification): void;
}

/** `_meta` key under which a server finds the request's id, with which it can tell a repeat from a new call. */
const REQUEST_KEY = "portcullis/request";

const EXCHANGED =
  "another server, or one with other headers or another environment, has its name since the call was decided on";

/** Calls the tool and waits for its first round. @throws never */
export function callUpstream(upstreams: Pick<Upstreams, "get">, made: UpstreamCall): Promise<Round> {
  const { listener, cancellation } = made;
  const { tool, arguments: args } = made.subject;
  const upstream = upstreams.get(tool.upstream);
  if (upstream === undefined) return notStarted(tool, "UPSTREAM_CHANGED", "it is no longer registered");
  if (upstream.place !== tool.place) return notStarted(tool, "UPSTREAM_CHANGED", EXCHANGED);
  if (cancellation.cancelled) return notStarted(tool, cancellation.by, "cancelled before it was sent");
  const request: UpstreamRequest = {
    method: "tools/call",
    params: upstreamParams(made),
    meta: made.approval === undefined ? undefined : { [REQUEST_KEY]: made.approval },
    mirrored: mirroredHeaders(tool, args),
    wantsProgress: listener.wantsProgress,
    logLevel: listener.logLevel,
    cancellation,
    onNotification: made.onNotification,
  };
  return upstream.session(made.peer).request(request);
}

/** The upstreams as a run sees them that was checked for this place: one that was exchanged since then is not there. */
export function atPlace(upstreams: Pick<Upstreams, "get">, place: string | undefined): Pick<Upstreams, "get"> {
  return {
    get(name) {
      const upstream = upstreams.get(name);
      return place === undefined || upstream?.place === place ? upstream : undefined;
    },
  };
}

// What was decided is what is sent: the parsed arguments under the tool's own name.
function upstreamParams({ params, state, subject: { tool, arguments: args } }: UpstreamCall): JsonObject {
  const { arguments: given, inputResponses, _meta } = params;
  return {
    name: tool.name,
    arguments: given === undefined ? undefined : args,
    inputResponses,
    requestState: state,
    _meta,
  };
}

function mirroredHeaders(tool: ToolEntry, args: JsonObject): ReadonlyArray<readonly [string, string]> {
  if (tool.paramHeaders.length === 0) return [];
  return tool.paramHeaders.flatMap((entry) => {
    const text = paramHeaderText(entry, args);
    return text === undefined ? [] : [[entry.header, text] as const];
  });
}

function notStarted(tool: ToolEntry, code: UpstreamFault["code"], detail: string): Promise<Round> {
  return Promise.resolve({ kind: "fault", fault: { code, upstream: tool.upstream, detail, executed: "no" } });
}

import type { Call, ClientPeer, Notification } from "../../core/call.ts";
import type { Cancellation } from "../../core/cancellation.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Round, UpstreamFault } from "../../core/round.ts";
import { paramHeaderText } from "../../mcp/headers/param-headers.ts";
import type { UpstreamRequest, Upstreams } from "../../upstream/upstream.ts";
import { REQUEST_KINDS } from "../requests/kinds.ts";
import type { Subject } from "../requests/subject.ts";

/** A recorded request on its way to what it is about. */
export interface UpstreamCall {
  readonly subject: Subject;
  readonly params: JsonObject;
  /** Who hears what the upstream says on the way. */
  readonly listener: Pick<Call, "wantsProgress" | "logLevel">;
  readonly cancellation: Cancellation;
  /** Of the endpoint that it came to, if there is one. */
  readonly deadline: Deadline | undefined;
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

/** Sends it and waits for its first round. @throws never */
export function callUpstream(upstreams: Pick<Upstreams, "get">, made: UpstreamCall): Promise<Round> {
  const { listener, cancellation } = made;
  const { subject } = made;
  const upstream = upstreams.get(subject.upstream);
  if (upstream === undefined) return notStarted(subject, "UPSTREAM_CHANGED", "it is no longer registered");
  if (upstream.place !== subject.place) return notStarted(subject, "UPSTREAM_CHANGED", EXCHANGED);
  if (cancellation.cancelled) return notStarted(subject, cancellation.by, "cancelled before it was sent");
  const request: UpstreamRequest = {
    method: subject.method,
    params: upstreamParams(made),
    meta: made.approval === undefined ? undefined : { [REQUEST_KEY]: made.approval },
    mirrored: mirroredHeaders(subject),
    wantsProgress: listener.wantsProgress,
    logLevel: listener.logLevel,
    cancellation,
    deadline: made.deadline,
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

// What was decided is what is sent: the parsed arguments under its own name. All members in one go: of spreads the engine
// makes dictionaries.
function upstreamParams({ params, state, subject }: UpstreamCall): JsonObject {
  const { name, uri, arguments: args, ref, argument, context } = REQUEST_KINDS[subject.method].named(subject, params);
  const { inputResponses, _meta } = params;
  return { name, uri, arguments: args, ref, argument, context, inputResponses, requestState: state, _meta };
}

function mirroredHeaders({ paramHeaders, arguments: args }: Subject): ReadonlyArray<readonly [string, string]> {
  if (paramHeaders.length === 0) return [];
  return paramHeaders.flatMap((entry) => {
    const text = paramHeaderText(entry, args);
    return text === undefined ? [] : [[entry.header, text] as const];
  });
}

function notStarted({ upstream }: Subject, code: UpstreamFault["code"], detail: string): Promise<Round> {
  return Promise.resolve({ kind: "fault", fault: { code, upstream, detail, executed: "no" } });
}

import type { Catalog } from "../catalog/catalog.ts";
import type { ListedEntry } from "../catalog/entries.ts";
import type { View } from "../catalog/view.ts";
import type { Call } from "../core/call.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Upstreams } from "../upstream/upstream.ts";
import type { DeclaredArguments } from "./requests/declared-arguments.ts";
import { FOREIGN_STATE, readContinuation, withAnswersAsked } from "./requests/params.ts";
import type { RequestStates } from "./requests/request-state.ts";
import type { Links, Receiver, RequestedUri } from "./steps/links.ts";
import type { OutOfBand } from "./steps/out-of-band.ts";
import { followRounds } from "./steps/rounds.ts";

/** Where a request goes, and its parameters in the upstream's own names; what it asks for, if that is one resource. */
type Route =
  | { readonly ok: true; readonly upstream: string; readonly params: JsonObject; readonly asked?: RequestedUri }
  | Refusal;

export interface RelayDeps {
  readonly catalog: Catalog;
  readonly upstreams: Upstreams;
  readonly states: RequestStates;
  readonly links: Links;
  readonly outOfBand: OutOfBand;
  readonly declared: DeclaredArguments;
  readonly now: () => number;
}

/** Relays `prompts/get`, `resources/read` and `completion/complete` to the upstream that owns what they name. */
export function createRelay(deps: RelayDeps): (call: Call) => Promise<Outcome> {
  return async (call) => {
    const route = findRoute(deps, call);
    if (!route.ok) return { kind: "refused", refusal: route };
    const upstream = deps.upstreams.get(route.upstream);
    const source = { name: route.upstream, place: upstream?.place ?? "" };
    const continuation = readContinuation(call, source, deps.states);
    if (!continuation.ok) return { kind: "refused", refusal: continuation };
    // Nothing but a tool's call waits for people.
    if (continuation.value.kind !== "upstream") return { kind: "refused", refusal: FOREIGN_STATE };
    const { state } = continuation.value;
    const { requestState: _state, ...params } = withAnswersAsked(route.params, continuation.value);

    const follow = followRounds({
      call,
      upstream: source,
      states: deps.states,
      links: deps.links.from(receiverOf(call), route.upstream, route.asked),
      now: deps.now,
      onEnd: () => {},
    });
    if (upstream === undefined) {
      const detail = "it is no longer registered";
      return follow({
        kind: "fault",
        fault: { code: "UPSTREAM_UNAVAILABLE", upstream: route.upstream, detail, executed: "no" },
      });
    }
    const round = await upstream.session(deps.outOfBand.peerFor(call.peer, route.upstream)).request({
      method: call.method,
      params: { ...params, ...(state === undefined ? {} : { requestState: state }) },
      mirrored: [],
      wantsProgress: call.wantsProgress,
      logLevel: call.logLevel,
      cancellation: call.cancellation,
      onNotification: (notification) => call.notify(notification),
    });
    return follow(round);
  };
}

function findRoute(deps: RelayDeps, call: Call): Route {
  const view = deps.catalog.view(call.scope);
  switch (call.method) {
    case "prompts/get":
      return promptRoute(view, call.params, (prompt) => deps.declared.ofPrompt(prompt, call.params));
    case "resources/read": {
      const uri = call.params["uri"];
      if (typeof uri !== "string") return refuse("PARAMS_INVALID", "params.uri is missing.");
      const target = deps.links.resolve(receiverOf(call), uri);
      if (!target.ok) return target;
      const asked = { shown: uri, sent: target.uri };
      return { ok: true, upstream: target.upstream, params: { ...call.params, uri: target.uri }, asked };
    }
    case "completion/complete":
      return completionRoute(deps, view, call);
    default:
      return refuse("METHOD_UNKNOWN");
  }
}

type Check = (definition: JsonObject) => Refusal | undefined;

function promptRoute(view: View, params: JsonObject, check: Check): Route {
  const name = params["name"];
  const prompt = typeof name === "string" ? view.prompts.get(name) : undefined;
  if (prompt === undefined) return refuse("PARAMS_INVALID", "No prompt has this name.");
  const refusal = check(prompt.definition);
  if (refusal !== undefined) return refusal;
  return { ok: true, upstream: prompt.upstream, params: { ...params, name: prompt.key } };
}

function completionRoute(deps: RelayDeps, view: View, call: Call): Route {
  const ref = call.params["ref"];
  if (!isObject(ref)) return refuse("PARAMS_INVALID", "params.ref is missing.");
  const check: Check = (definition) => deps.declared.ofCompletion(definition, call.params);
  if (ref["type"] === "ref/prompt") {
    const route = promptRoute(view, ref, check);
    return route.ok ? completion(route.upstream, call.params, only(route.params, PROMPT_REF)) : route;
  }
  const uri = ref["uri"];
  if (ref["type"] !== "ref/resource" || typeof uri !== "string") {
    return refuse("PARAMS_INVALID", "params.ref must name a prompt or a resource.");
  }
  const shown = view.resourceTemplates.get(uri);
  const target = shown
    ? ({ ok: true, upstream: shown.upstream, uri: shown.key } as const)
    : deps.links.resolve(receiverOf(call), uri);
  if (!target.ok) return target;
  // It may be named in another form than it is shown in.
  const template = shown ?? templateOf(view, target.upstream, target.uri);
  const refusal = template && check(template.definition);
  if (refusal !== undefined) return refusal;
  return completion(target.upstream, call.params, only({ ...ref, uri: target.uri }, RESOURCE_REF));
}

function templateOf(view: View, upstream: string, key: string): ListedEntry | undefined {
  for (const template of view.resourceTemplates.values()) {
    if (template.upstream === upstream && template.key === key) return template;
  }
  return undefined;
}

/** What each kind of reference names: a server could go by a member of the other kind, which nobody has looked at. */
const PROMPT_REF = ["type", "name", "title"];
const RESOURCE_REF = ["type", "uri"];

function only(ref: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(ref).filter(([name]) => names.includes(name)));
}

function completion(upstream: string, params: JsonObject, ref: JsonObject): Route {
  return { ok: true, upstream, params: { ...params, ref } };
}

function receiverOf({ scope, peer }: Call): Receiver {
  return { scope, holder: peer.owner };
}

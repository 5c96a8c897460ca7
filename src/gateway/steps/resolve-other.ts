import type { Catalog } from "../../catalog/catalog.ts";
import type { ListedEntry } from "../../catalog/entries.ts";
import type { View } from "../../catalog/view.ts";
import type { Call } from "../../core/call.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import type { DecidedMethod } from "../../core/subject.ts";
import { isInOneForm } from "../../core/uri-forms.ts";
import type { Upstreams } from "../../upstream/upstream.ts";
import type { Visibility } from "../lists/visibility.ts";
import type { DeclaredArguments } from "../requests/declared-arguments.ts";
import { readArguments, readContinuation } from "../requests/params.ts";
import type { RequestStates } from "../requests/request-state.ts";
import type { Resolved, Unresolved } from "../requests/resolved-call.ts";
import { otherSubject, type Subject, UNLISTED } from "../requests/subject.ts";
import type { Links } from "./links.ts";
import { formRefused, unresolved } from "./unresolved.ts";

export interface ResolveOtherDeps {
  readonly catalog: Pick<Catalog, "view">;
  readonly upstreams: Pick<Upstreams, "get">;
  readonly visibility: Pick<Visibility, "hides">;
  readonly states: RequestStates;
  readonly links: Pick<Links, "resolve">;
  readonly declared: DeclaredArguments;
}

type Found = { readonly ok: true; readonly entry: ListedEntry } | Unresolved;
/** Whoever asks for a resource, and where. */
type Seeker = Pick<Call, "scope" | "peer" | "principal" | "client">;

/** Finds the prompt that a `prompts/get` names. */
export function resolvePrompt(deps: ResolveOtherDeps, call: Call): Resolved {
  const { params } = call;
  const name = params["name"];
  const entry = typeof name === "string" ? deps.catalog.view(call.scope).prompts.get(name) : undefined;
  if (entry === undefined) return unresolved("prompt", textOf(name));
  const args = readArguments(params);
  const subject = promptSubject(deps, entry, args.ok ? args.value : {});
  const refusal = args.ok ? deps.declared.ofPrompt(entry.definition, params) : args;
  return resolved(deps, call, subject, textOf(name), refusal);
}

/** Finds the resource that a `resources/read` names. */
export function resolveResource(deps: ResolveOtherDeps, call: Call): Resolved {
  const uri = textOf(call.params["uri"]);
  const found = findResource(deps, call, uri);
  return found.ok ? resolved(deps, call, resourceSubject(deps, found.entry, "resources/read"), uri) : found;
}

/** Finds the resource that somebody wants to watch. */
export function resolveSubscription(
  deps: ResolveOtherDeps,
  seeker: Seeker,
  uri: string,
): { readonly ok: true; readonly subject: Subject } | Unresolved {
  const found = findResource(deps, seeker, uri);
  return found.ok ? { ok: true, subject: resourceSubject(deps, found.entry, "resources/subscribe") } : found;
}

/** What is known of the resource of this URI, which a client has from this endpoint. */
function findResource(deps: ResolveOtherDeps, seeker: Seeker, uri: string): Found {
  const { scope, peer } = seeker;
  const view = deps.catalog.view(scope);
  const definitionOf = (upstream: string) => view.resource(upstream, uri)?.definition ?? UNLISTED;
  const target = deps.links.resolve({ scope, holder: peer.owner }, uri, (upstream) => {
    return !deps.visibility.hides(seeker, {
      kind: "resource",
      upstream,
      name: uri,
      definition: definitionOf(upstream),
    });
  });
  if (!target.ok) return unresolved("resource", uri, { kind: "refused", refusal: target });
  const { upstream } = target;
  const entry = view.resource(upstream, target.uri);
  // Another spelling could name what a policy is about, and read as if it did not.
  if (entry?.key !== target.uri && !isInOneForm(target.uri)) return unresolved("resource", uri);
  return { ok: true, entry: { upstream, key: target.uri, definition: entry?.definition ?? UNLISTED } };
}

/** Finds the prompt, or the resource or template, that a `completion/complete` is about. */
export function resolveCompletion(deps: ResolveOtherDeps, call: Call): Resolved {
  const { params } = call;
  const view = deps.catalog.view(call.scope);
  const ref = isObject(params["ref"]) ? params["ref"] : {};
  const args = filledIn(params);
  if (ref["type"] === "ref/prompt") {
    const name = textOf(ref["name"]);
    const entry = view.prompts.get(name);
    if (entry === undefined) return unresolved("prompt", name);
    const subject = promptSubject(deps, entry, args, only({ ...ref, name: entry.key }, PROMPT_REF));
    return resolved(deps, call, subject, name, deps.declared.ofCompletion(entry.definition, params));
  }
  const uri = ref["uri"];
  if (ref["type"] !== "ref/resource" || typeof uri !== "string") {
    const refusal = refuse("PARAMS_INVALID", "params.ref must name a prompt or a resource.");
    return formRefused("resource", textOf(uri), refusal);
  }
  const shown = view.resourceTemplates.get(uri);
  const found = shown === undefined ? findResource(deps, call, uri) : undefined;
  if (found?.ok === false) return found;
  // It may be named in another form than it is shown in.
  const template = shown ?? (found && templateOf(view, found.entry));
  const about = template ?? found?.entry;
  if (about === undefined) return unresolved("resource", uri);
  const subject = resourceSubject(
    deps,
    about,
    "completion/complete",
    args,
    only({ ...ref, uri: about.key }, RESOURCE_REF),
  );
  return resolved(deps, call, subject, uri, template && deps.declared.ofCompletion(template.definition, params));
}

function resolved(deps: ResolveOtherDeps, call: Call, subject: Subject, name: string, refusal?: Refusal): Resolved {
  const { kind, upstream, place } = subject;
  const continuation = refusal ?? readContinuation(call, { name: upstream, place }, deps.states);
  if (continuation.ok) return { ok: true, call, subject, continuation: continuation.value, unlisted: false };
  return formRefused(kind, name, continuation, deps.visibility.hides(call, subject));
}

function promptSubject(deps: ResolveOtherDeps, entry: ListedEntry, args: JsonObject, ref?: JsonObject): Subject {
  const { upstream, key: name, definition } = entry;
  const method = ref === undefined ? "prompts/get" : "completion/complete";
  const place = placeOf(deps, upstream);
  return otherSubject({ kind: "prompt", method, upstream, place, name, definition, arguments: args, ref });
}

function resourceSubject(
  deps: ResolveOtherDeps,
  { upstream, key: name, definition }: ListedEntry,
  method: DecidedMethod,
  args: JsonObject = {},
  ref?: JsonObject,
): Subject {
  const place = placeOf(deps, upstream);
  return otherSubject({ kind: "resource", method, upstream, place, name, definition, arguments: args, ref });
}

function placeOf({ upstreams }: ResolveOtherDeps, upstream: string): string {
  return upstreams.get(upstream)?.place ?? "";
}

function templateOf(view: View, { upstream, key }: ListedEntry): ListedEntry | undefined {
  for (const template of view.resourceTemplates.values()) {
    if (template.upstream === upstream && template.key === key) return template;
  }
  return undefined;
}

/** What the user has filled in, with the argument that is being completed as far as it was typed. */
function filledIn({ argument, context }: JsonObject): JsonObject {
  const others = isObject(context) && isObject(context["arguments"]) ? context["arguments"] : {};
  if (!isObject(argument) || typeof argument["name"] !== "string") return others;
  return { ...others, [argument["name"]]: argument["value"] };
}

/** What each kind of reference names: a server could go by a member of the other kind, which nobody has looked at. */
const PROMPT_REF = ["type", "name", "title"];
const RESOURCE_REF = ["type", "uri"];

function only(ref: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(ref).filter(([name]) => names.includes(name)));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

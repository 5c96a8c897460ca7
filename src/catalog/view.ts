import type { JsonObject } from "../core/json.ts";
import type { Scope } from "../core/scope.ts";
import { LIST_KINDS, type ListKind } from "../mcp/messages.ts";
import type { ListedEntry, ToolEntry } from "./entries.ts";
import { exposedName } from "./naming.ts";
import type { UpstreamLists } from "./upstream-lists.ts";
import { writeToolLinks } from "./uris/link-places.ts";
import { createResourceFinder } from "./uris/resource-finder.ts";
import { readMark, withMark } from "./uris/server-mark.ts";
import { createUriClaims, STEPS_OF_LISTS, Steps, type UriClaims } from "./uris/uri-claims.ts";

/** Everything that one endpoint shows, merged in the order of its upstreams. Built once per change, then only read. */
export interface View {
  /** By the name shown. */
  readonly tools: ReadonlyMap<string, ToolEntry>;
  readonly prompts: ReadonlyMap<string, ListedEntry>;
  /** By the URI, or the template, shown. */
  readonly resources: ReadonlyMap<string, ListedEntry>;
  readonly resourceTemplates: ReadonlyMap<string, ListedEntry>;
  /** Tools that are not listed for now, because their server is down or does not say which it has, by the name shown otherwise. */
  readonly absentTools: ReadonlyMap<string, ToolEntry>;
  /** Upstreams whose tools are not listed for now. */
  readonly unlisted: ReadonlySet<string>;
  /** A prompt of one of the upstreams, by its own name. */
  prompt(upstream: string, name: string): ListedEntry | undefined;
  /** What is known of a resource of one of the upstreams, by its URI there; `undefined` for one that nothing is known of. */
  resource(upstream: string, uri: string): ListedEntry | undefined;
  /** Where a URI leads that a client has from here. */
  resolveUri(uri: string): UriTarget;
  /**
   * Writes URIs of this upstream as they are shown here: with its name, unless it alone can be meant or is served here. For
   * one piece of work: what it may cost is counted together.
   */
  uriWriter(upstream: string): (uri: string) => string;
  /** A tool of this view as it stands in its list. */
  listedTool(name: string, tool: ToolEntry): JsonObject;
  /** The items of a list as clients see them. */
  items(kind: ListKind): readonly JsonObject[];
  /** The shortest time, in ms, that one of the servers lets its part of a list be kept; `undefined` where none says so. */
  ttlMs(kind: ListKind): number | undefined;
}

/** `upstreams`: those that it could be of, of which there are several, or none. `uri`: as the upstream calls it. */
export type UriTarget =
  | { readonly ok: true; readonly upstream: string; readonly uri: string }
  | { readonly ok: false; readonly upstreams: readonly string[] };

/** What is known of an upstream's lists. */
export interface ShownLists {
  readonly lists: UpstreamLists;
  /** It is down for too long to show them. */
  readonly hidden: boolean;
  /** What it listed before this process began, as long as not all of its tools have been read since. */
  readonly remembered?: readonly ToolEntry[] | undefined;
}

/**
 * Merges the lists of a scope's upstreams. `claims`: what they and others have ever listed; without it, what these lists say.
 */
export function buildView(
  scope: Scope,
  listsOf: (upstream: string) => ShownLists | undefined,
  claims: UriClaims = claimsOf(scope, listsOf),
): View {
  const tools = new Map<string, ToolEntry>();
  const prompts = new Map<string, ListedEntry>();
  const resources = new Map<string, ListedEntry>();
  const resourceTemplates = new Map<string, ListedEntry>();
  const absentTools = new Map<string, ToolEntry>();
  const unlisted = new Set<string>();
  const ttls = new Map<ListKind, number>();
  const shown = (upstream: string, name: string): string => (scope.prefixed ? exposedName(upstream, name) : name);
  const { upstreams } = scope;
  const alone = upstreams.length === 1 ? upstreams[0] : undefined;

  const uriWriter = (upstream: string, steps = new Steps()) => {
    return (uri: string): string => {
      if (alone !== undefined) return uri;
      const claimants = claims.claimants(uri, upstreams, steps);
      const own = claimants.length === 1 && claimants[0] === upstream && !steps.spent;
      return own ? uri : withMark(uri, upstream);
    };
  };
  const steps = new Steps(STEPS_OF_LISTS);
  const shownTemplate = (upstream: string, template: string): string =>
    alone !== undefined || claims.ownsTemplate(upstream, template, upstreams, steps)
      ? template
      : withMark(template, upstream);

  for (const upstream of upstreams) {
    const { lists, hidden, remembered } = listsOf(upstream) ?? NOTHING;
    if (remembered !== undefined || hidden) unlisted.add(upstream);
    for (const tool of [...(hidden ? lists.tools : []), ...(remembered ?? [])]) {
      if (scope.shows(upstream, tool.name)) addOnce(absentTools, shown(upstream, tool.name), tool);
    }
    if (hidden) continue;
    for (const kind of LIST_KINDS) {
      const ttlMs = lists.ttlMs?.[kind];
      if (ttlMs !== undefined) ttls.set(kind, Math.min(ttlMs, ttls.get(kind) ?? ttlMs));
    }
    for (const tool of lists.tools) {
      if (scope.shows(upstream, tool.name)) addOnce(tools, shown(upstream, tool.name), tool);
    }
    for (const prompt of lists.prompts) addOnce(prompts, shown(upstream, prompt.key), prompt);
    const shownUri = uriWriter(upstream, steps);
    for (const resource of lists.resources) addOnce(resources, shownUri(resource.key), resource);
    for (const template of lists.resourceTemplates) {
      addOnce(resourceTemplates, shownTemplate(upstream, template.key), template);
    }
  }

  const relisted = new Map<string, JsonObject>();
  for (const [name, tool] of tools) {
    const listed = writeToolLinks(tool.listed, uriWriter(tool.upstream, steps));
    if (listed !== tool.listed) relisted.set(name, listed);
  }
  const listedTool = (name: string, tool: ToolEntry): JsonObject => ({ ...(relisted.get(name) ?? tool.listed), name });

  const items = (kind: ListKind): readonly JsonObject[] => {
    switch (kind) {
      case "tools":
        return Array.from(tools, ([name, tool]) => listedTool(name, tool));
      case "prompts":
        return Array.from(prompts, ([name, prompt]) => ({ ...prompt.definition, name }));
      case "resources":
        return Array.from(resources, ([uri, { key, definition }]) =>
          uri === key ? definition : { ...definition, uri },
        );
      case "resourceTemplates":
        return Array.from(resourceTemplates, ([uriTemplate, { key, definition }]) =>
          uriTemplate === key ? definition : { ...definition, uriTemplate },
        );
      default:
        return kind satisfies never;
    }
  };

  return {
    prompt(upstream, name) {
      const listed = prompts.get(shown(upstream, name));
      return listed?.upstream === upstream && listed.key === name ? listed : undefined;
    },
    resource: createResourceFinder(resources.values(), resourceTemplates.values()),
    tools,
    prompts,
    resources,
    resourceTemplates,
    absentTools,
    unlisted,
    resolveUri(uri) {
      if (alone !== undefined) return { ok: true, upstream: alone, uri };
      const marked = readMark(uri);
      if (marked !== undefined) {
        return upstreams.includes(marked.upstream) ? { ok: true, ...marked } : { ok: false, upstreams: [] };
      }
      const claimants = claims.claimants(uri, upstreams);
      const [upstream] = claimants;
      if (upstream === undefined || claimants.length > 1) return { ok: false, upstreams: claimants };
      return { ok: true, upstream, uri };
    },
    uriWriter: (upstream) => uriWriter(upstream),
    listedTool,
    items,
    ttlMs: (kind) => ttls.get(kind),
  };
}

/** The claims of those who have never listed anything else. */
function claimsOf(scope: Scope, listsOf: (upstream: string) => ShownLists | undefined): UriClaims {
  const claims = createUriClaims(() => 0);
  for (const upstream of scope.upstreams) {
    const { lists } = listsOf(upstream) ?? NOTHING;
    for (const list of ["resources", "resourceTemplates"] as const) {
      claims.listed(
        upstream,
        list,
        lists[list].map(({ key }) => key),
      );
    }
  }
  return claims;
}

const NOTHING: ShownLists = {
  lists: { tools: [], prompts: [], resources: [], resourceTemplates: [] },
  hidden: false,
  remembered: [],
};

function addOnce<Entry>(map: Map<string, Entry>, key: string, entry: Entry): void {
  if (!map.has(key)) map.set(key, entry);
}

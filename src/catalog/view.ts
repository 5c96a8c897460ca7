import type { JsonObject } from "../core/json.ts";
import type { Scope } from "../core/scope.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { ListedEntry, ToolEntry } from "./entries.ts";
import { exposedName } from "./naming.ts";
import { templateOwner } from "./template-owner.ts";
import { LIST_KINDS, type UpstreamLists } from "./upstream-lists.ts";

/** Everything that one endpoint shows, merged in the order of its upstreams. Built once per change, then only read. */
export interface View {
  /** By the name shown. */
  readonly tools: ReadonlyMap<string, ToolEntry>;
  readonly prompts: ReadonlyMap<string, ListedEntry>;
  readonly resources: ReadonlyMap<string, ListedEntry>;
  readonly resourceTemplates: ReadonlyMap<string, ListedEntry>;
  /** Tools that are not listed for now, because their server is down or does not say which it has, by the name shown otherwise. */
  readonly absentTools: ReadonlyMap<string, ToolEntry>;
  /** Upstreams whose tools are not listed for now. */
  readonly unlisted: ReadonlySet<string>;
  /** The owner of a URI by list, then by template; `undefined` if neither knows it. */
  resourceOwner(uri: string): string | undefined;
  /** The items of a list as clients see them. */
  items(kind: ListKind): readonly JsonObject[];
  /** The shortest time, in ms, that one of the servers lets its part of a list be kept; `undefined` where none says so. */
  ttlMs(kind: ListKind): number | undefined;
}

/** What is known of an upstream's lists. */
export interface ShownLists {
  readonly lists: UpstreamLists;
  /** It is down for too long to show them. */
  readonly hidden: boolean;
  /** What it listed before this process began, as long as its tools have not been read since. */
  readonly remembered?: readonly ToolEntry[] | undefined;
}

/** Merges the lists of a scope's upstreams. Of equal URIs the first upstream's counts. */
export function buildView(scope: Scope, listsOf: (upstream: string) => ShownLists | undefined): View {
  const tools = new Map<string, ToolEntry>();
  const prompts = new Map<string, ListedEntry>();
  const resources = new Map<string, ListedEntry>();
  const resourceTemplates = new Map<string, ListedEntry>();
  const absentTools = new Map<string, ToolEntry>();
  const unlisted = new Set<string>();
  const ttls = new Map<ListKind, number>();
  const shown = (upstream: string, name: string): string => (scope.prefixed ? exposedName(upstream, name) : name);

  for (const upstream of scope.upstreams) {
    const { lists, hidden, remembered } = listsOf(upstream) ?? NOTHING;
    const absent = remembered ?? (hidden ? lists.tools : undefined);
    if (absent !== undefined) unlisted.add(upstream);
    for (const tool of absent ?? []) {
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
    for (const resource of lists.resources) addOnce(resources, resource.key, resource);
    for (const template of lists.resourceTemplates) addOnce(resourceTemplates, template.key, template);
  }

  const ownerByTemplate = templateOwner([...resourceTemplates.values()]);

  const items = (kind: ListKind): readonly JsonObject[] => {
    switch (kind) {
      case "tools":
        return Array.from(tools, ([name, tool]) => listedTool(name, tool));
      case "prompts":
        return Array.from(prompts, ([name, prompt]) => ({ ...prompt.definition, name }));
      case "resources":
        return Array.from(resources.values(), (resource) => resource.definition);
      case "resourceTemplates":
        return Array.from(resourceTemplates.values(), (template) => template.definition);
      default:
        return kind satisfies never;
    }
  };

  return {
    tools,
    prompts,
    resources,
    resourceTemplates,
    absentTools,
    unlisted,
    resourceOwner: (uri) => resources.get(uri)?.upstream ?? ownerByTemplate(uri),
    items,
    ttlMs: (kind) => ttls.get(kind),
  };
}

/** A tool as it stands in a list, under the name shown. */
export function listedTool(name: string, tool: ToolEntry): JsonObject {
  return { ...tool.listed, name };
}

const NOTHING: ShownLists = {
  lists: { tools: [], prompts: [], resources: [], resourceTemplates: [] },
  hidden: false,
  remembered: [],
};

function addOnce<Entry>(map: Map<string, Entry>, key: string, entry: Entry): void {
  if (!map.has(key)) map.set(key, entry);
}

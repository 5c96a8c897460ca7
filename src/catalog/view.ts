import type { JsonObject } from "../core/json.ts";
import type { Scope } from "../core/scope.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { ListedEntry, ToolEntry } from "./entries.ts";
import { exposedName } from "./naming.ts";
import { templateOwner } from "./template-owner.ts";
import type { UpstreamLists } from "./upstream-lists.ts";

/** Everything that one endpoint shows, merged in the order of its upstreams. Built once per change, then only read. */
export interface View {
  /** By the name shown. */
  readonly tools: ReadonlyMap<string, ToolEntry>;
  readonly prompts: ReadonlyMap<string, ListedEntry>;
  readonly resources: ReadonlyMap<string, ListedEntry>;
  readonly resourceTemplates: ReadonlyMap<string, ListedEntry>;
  /** Tools that are not listed for now, because their server is down, by the name shown otherwise. */
  readonly absentTools: ReadonlyMap<string, ToolEntry>;
  /** The owner of a URI by list, then by template; `undefined` if neither knows it. */
  resourceOwner(uri: string): string | undefined;
  /** The items of a list as clients see them. */
  items(kind: ListKind): readonly JsonObject[];
}

/** What is known of an upstream's lists. `hidden`: it is down for too long to show them. */
export interface ShownLists {
  readonly lists: UpstreamLists;
  readonly hidden: boolean;
}

/** Merges the lists of a scope's upstreams. Of equal URIs the first upstream's counts. */
export function buildView(scope: Scope, listsOf: (upstream: string) => ShownLists | undefined): View {
  const tools = new Map<string, ToolEntry>();
  const prompts = new Map<string, ListedEntry>();
  const resources = new Map<string, ListedEntry>();
  const resourceTemplates = new Map<string, ListedEntry>();
  const absentTools = new Map<string, ToolEntry>();
  const shown = (upstream: string, name: string): string => (scope.prefixed ? exposedName(upstream, name) : name);

  for (const upstream of scope.upstreams) {
    const { lists, hidden } = listsOf(upstream) ?? NOTHING;
    if (hidden) {
      for (const tool of lists.tools) {
        if (scope.shows(upstream, tool.name)) addOnce(absentTools, shown(upstream, tool.name), tool);
      }
      continue;
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
    resourceOwner: (uri) => resources.get(uri)?.upstream ?? ownerByTemplate(uri),
    items,
  };
}

/** A tool as it stands in a list, under the name shown. */
export function listedTool(name: string, tool: ToolEntry): JsonObject {
  return { ...tool.listed, name };
}

const NOTHING: ShownLists = {
  lists: { tools: [], prompts: [], resources: [], resourceTemplates: [] },
  hidden: false,
};

function addOnce<Entry>(map: Map<string, Entry>, key: string, entry: Entry): void {
  if (!map.has(key)) map.set(key, entry);
}

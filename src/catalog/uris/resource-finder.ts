import type { ListedEntry } from "../entries.ts";
import { Steps } from "./uri-claims.ts";
import { costOfFit, fits, readTemplate, schemeOf, type UriTemplate } from "./uri-template.ts";

/** What is known of a resource of one upstream: what it lists, else the one template that could make its URI. */
export type FindResource = (upstream: string, uri: string) => ListedEntry | undefined;

interface Known {
  readonly resources: ReadonlyMap<string, ListedEntry>;
  /** By scheme, and under `""` those that could make any. */
  readonly templates: ReadonlyMap<string, readonly (readonly [UriTemplate, ListedEntry])[]>;
}

/** Makes it from what an endpoint shows. Templates are taken apart when a URI that is not listed is first asked for. */
export function createResourceFinder(resources: Iterable<ListedEntry>, templates: Iterable<ListedEntry>): FindResource {
  const listed = groupBy(resources, ({ upstream }) => upstream);
  const offered = groupBy(templates, ({ upstream }) => upstream);
  const known = new Map<string, Known>();
  const knownOf = (upstream: string): Known => {
    let found = known.get(upstream);
    if (found === undefined) {
      const own = (listed.get(upstream) ?? []).map((entry) => [entry.key, entry] as const);
      const read = (offered.get(upstream) ?? []).map((entry) => [readTemplate(entry.key), entry] as const);
      found = { resources: new Map(own), templates: groupBy(read, ([template]) => template.scheme) };
      known.set(upstream, found);
    }
    return found;
  };
  return (upstream, uri) => {
    const { resources, templates } = knownOf(upstream);
    const entry = resources.get(uri);
    if (entry !== undefined) return entry;
    const steps = new Steps();
    let found: ListedEntry | undefined;
    for (const scheme of ["", schemeOf(uri)]) {
      for (const [template, entry] of templates.get(scheme) ?? []) {
        if (!steps.take(costOfFit(template, uri))) return undefined;
        if (!fits(template, uri)) continue;
        // Which of several it was made of nobody can tell.
        if (found !== undefined) return undefined;
        found = entry;
      }
    }
    return found;
  };
}

function groupBy<T>(items: Iterable<T>, keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

import { createClaimKeeper } from "../../src/catalog/uris/claim-keeper.ts";
import { buildView, type View } from "../../src/catalog/view.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import type { Scope } from "../../src/core/scope.ts";
import { createLinks, type Links } from "../../src/gateway/steps/links.ts";
import type { StoredClaim } from "../../src/store/uris/uri-claims.ts";
import { recordingLog } from "./recording-log.ts";

/** Servers behind one merged endpoint, with what they list now, and who is told what. */
export interface LinkWorld {
  /** Has a server list these from now on. */
  list(server: string, uris: readonly string[], templates?: readonly string[]): void;
  /** Shows nothing of a server any more, as one that is down. */
  hide(server: string): void;
  view(): View;
  /** What of this URI reaches somebody in a result of `server`. */
  say(server: string, uri: string, holder?: string): string;
  /** `server uri` where it leads, else the code of the refusal. */
  lead(uri: string, holder?: string): string;
  result(server: string, result: JsonObject): RawJson;
  links(): Links;
  /** All that is only in memory is lost, and no server has been reached yet. */
  restart(): void;
}

/** `atHome`: one server alone has nothing to keep apart. */
export function linkWorld(servers: readonly string[], clock = { now: 0 }): LinkWorld {
  const scope: Scope = { endpoint: "", upstreams: servers, shows: () => true, prefixed: true };
  const stored = new Map<string, Map<string, StoredClaim>>();
  const store = {
    change: async (
      upstream: string,
      list: StoredClaim["list"],
      kept: readonly Omit<StoredClaim, "list">[],
      forgotten: readonly string[],
    ) => {
      const own = stored.get(upstream) ?? new Map<string, StoredClaim>();
      stored.set(upstream, own);
      for (const key of forgotten) own.delete(`${list} ${key}`);
      for (const claim of kept) own.set(`${list} ${claim.key}`, { ...claim, list });
    },
    forget: async (upstream: string) => void stored.delete(upstream),
  };
  const open = () => {
    const known = new Map([...stored].map(([upstream, own]) => [upstream, [...own.values()]]));
    // Written at once: when that is, is no matter here.
    const keeper = createClaimKeeper({ memory: undefined, log: recordingLog(), now: () => clock.now });
    for (const [upstream, claims] of known) keeper.claims.restore(upstream, claims);
    const lists = new Map<string, { readonly uris: readonly string[]; readonly templates: readonly string[] }>();
    const hidden = new Set<string>();
    const view = (): View =>
      buildView(
        scope,
        (name) => {
          const { uris = [], templates = [] } = lists.get(name) ?? {};
          const resources = uris.map((uri) => ({ upstream: name, key: uri, definition: { uri, name: uri } }));
          const resourceTemplates = templates.map((text) => {
            return { upstream: name, key: text, definition: { uriTemplate: text, name: text } };
          });
          return { lists: { tools: [], prompts: [], resources, resourceTemplates }, hidden: hidden.has(name) };
        },
        keeper.claims,
      );
    return { keeper, lists, hidden, view, links: createLinks({ catalog: { view } }) };
  };
  let now = open();

  return {
    list(server, uris, templates = []) {
      now.lists.set(server, { uris, templates });
      now.hidden.delete(server);
      for (const [list, keys] of [
        ["resources", uris],
        ["resourceTemplates", templates],
      ] as const) {
        const { kept, forgotten } = now.keeper.listed(server, list, keys);
        void store.change(server, list, kept, forgotten);
      }
    },
    hide: (server) => void now.hidden.add(server),
    view: () => now.view(),
    say(server, uri, holder = "ann") {
      const said = { content: [{ type: "resource_link", name: "x", uri }] };
      const value = now.links.from({ scope, holder }, server).result(RawJson.fromValue(said)).value();
      return (value as typeof said).content[0]?.uri ?? "";
    },
    lead(uri, holder = "ann") {
      const target = now.links.resolve({ scope, holder }, uri);
      return target.ok ? `${target.upstream} ${target.uri}` : target.code;
    },
    result: (server, result) => now.links.from({ scope, holder: "ann" }, server).result(RawJson.fromValue(result)),
    links: () => now.links,
    restart() {
      now = open();
    },
  };
}

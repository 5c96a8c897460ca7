import type { Log } from "../core/log.ts";
import type { Scope } from "../core/scope.ts";
import { createSharedUriLog } from "./uris/shared-uris.ts";
import type { UriClaims } from "./uris/uri-claims.ts";
import { buildView, type ShownLists, type View } from "./view.ts";

/** The views of endpoints, each made when it is asked for and kept until something in it changes. */
export interface ViewCache {
  /** What `scope` shows now. */
  of(scope: Scope): View;
  /** Something of this upstream is shown otherwise. */
  forget(upstream: string): void;
  /** Endpoints have come or gone. */
  clear(): void;
}

/** Makes it, over what each upstream lists now. */
export function createViewCache(deps: {
  readonly listsOf: (upstream: string) => ShownLists | undefined;
  readonly claims: UriClaims;
  readonly log: Log;
}): ViewCache {
  const views = new Map<string, { readonly scope: Scope; readonly view: View }>();
  const logSharedUris = createSharedUriLog(deps.log);
  return {
    of(scope) {
      const known = views.get(scope.endpoint);
      // A reload may give an endpoint a new scope under its old name.
      if (known !== undefined && known.scope === scope) return known.view;
      const view = buildView(scope, deps.listsOf, deps.claims);
      views.set(scope.endpoint, { scope, view });
      logSharedUris(scope, view);
      return view;
    },
    forget(upstream) {
      for (const [endpoint, { scope }] of views) {
        if (scope.upstreams.includes(upstream)) views.delete(endpoint);
      }
    },
    clear: () => views.clear(),
  };
}

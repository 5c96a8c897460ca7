import type { Catalog } from "../../catalog/catalog.ts";
import type { Log } from "../../core/log.ts";
import type { ListKind } from "../../mcp/messages.ts";
import type { PolicySet } from "../../policy/policy-set.ts";
import type { ListChange } from "../gateway.ts";
import type { Visibility } from "./visibility.ts";

/** Everything that changes lists: servers, and policies that show something else than before. */
export interface ListChanges {
  onChange(listener: (change: ListChange) => void): () => void;
  /** To be called when `after` has replaced `before`. @throws never: a listener's fault is logged and harms no other */
  policiesReplaced(before: PolicySet, after: PolicySet): void;
}

export function createListChanges(deps: {
  readonly catalog: Pick<Catalog, "onChange">;
  readonly visibility: Visibility;
  readonly log: Log;
}): ListChanges {
  const listeners = new Set<(change: ListChange) => void>();
  const notify = (change: ListChange): void => {
    for (const listener of [...listeners]) {
      try {
        listener(change);
      } catch (err) {
        deps.log.error({ list: change.list, err }, "A listener to changed lists failed.");
      }
    }
  };
  deps.catalog.onChange(({ list, upstream }) => {
    notify({ list, concerns: (scope) => scope.upstreams.includes(upstream) });
  });
  return {
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    policiesReplaced(before, after) {
      const differs = (kind: ListKind) => deps.visibility.difference(kind, before, after);
      notify({ list: "tools", concerns: differs("tools") });
      notify({ list: "prompts", concerns: differs("prompts") });
      // Templates have no notification of their own.
      const [resources, templates] = [differs("resources"), differs("resourceTemplates")];
      notify({ list: "resources", concerns: (...who) => resources(...who) || templates(...who) });
    },
  };
}

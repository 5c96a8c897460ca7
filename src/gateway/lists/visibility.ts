import { LRUCache } from "lru-cache";
import type { Catalog } from "../../catalog/catalog.ts";
import type { ListedEntry, ToolEntry } from "../../catalog/entries.ts";
import type { View } from "../../catalog/view.ts";
import { sha256 } from "../../core/digest.ts";
import type { JsonObject } from "../../core/json.ts";
import { principalKey } from "../../core/principal.ts";
import type { Scope } from "../../core/scope.ts";
import type { ListKind } from "../../mcp/messages.ts";
import type { PolicySet, PolicySubject, Viewer } from "../../policy/policy-set.ts";
import type { Caller } from "../gateway.ts";
import type { Listing } from "./encoded-lists.ts";
import type { InPieces } from "./in-pieces.ts";
import { SharedWork } from "./shared-work.ts";
import { wantsApproval } from "./status-tool.ts";

/** How many classes of viewers one endpoint remembers for each list, and how many different ones it keeps for them. */
const MAX_CLASSES = 4096;
const MAX_LISTINGS = 64;
/** How often policies are asked, in one go, who is concerned by other policies; who remains then is concerned. */
const MAX_LOOKS = 500;

/** What policies let a caller know of what there is. */
export interface Visibility {
  /** The items of a list that `caller` sees: the view itself where policies change nothing of it. */
  list(scope: Scope, kind: ListKind, caller: Caller): Promise<Listing>;
  /** Whether whoever asks for this subject is not to know of it. */
  hides(viewer: Caller & { readonly scope: Pick<Scope, "endpoint"> }, subject: PolicySubject): boolean;
  /** Whether something may be hidden from them at all. */
  hidesSome(viewer: Caller & { readonly scope: Pick<Scope, "endpoint"> }): boolean;
  /** Who sees another list under `after` than under `before`, or may: where it takes long to find out. */
  difference(kind: ListKind, before: PolicySet, after: PolicySet): (scope: Scope, caller: Caller) => boolean;
}

/** What is known of one list of a view under one set. */
interface ListMemo {
  /** What each class of viewers sees, as a shape: see `shapeOf`. */
  readonly shapes: LRUCache<string, string>;
  /** By shape: classes that see the same share it. */
  readonly listings: LRUCache<string, Listing>;
  /** By class: what is being worked out. */
  readonly underWay: SharedWork<string, Listing>;
}

/**
 * Makes it. Policies are asked once per list, set and class of viewers, in pieces; a list request of a known class costs
 * two look-ups. What was remembered of a view or a set goes with it.
 */
export function createVisibility(deps: {
  readonly catalog: Pick<Catalog, "view">;
  readonly policies: () => PolicySet;
  readonly inPieces: InPieces;
}): Visibility {
  const known = new WeakMap<PolicySet, WeakMap<View, Map<ListKind, ListMemo>>>();

  const memoOf = (set: PolicySet, view: View, kind: ListKind): ListMemo => {
    let views = known.get(set);
    if (views === undefined) {
      views = new WeakMap();
      known.set(set, views);
    }
    let memos = views.get(view);
    if (memos === undefined) {
      memos = new Map();
      views.set(view, memos);
    }
    let memo = memos.get(kind);
    if (memo === undefined) {
      memo = {
        shapes: new LRUCache({ max: MAX_CLASSES }),
        listings: new LRUCache({ max: MAX_LISTINGS }),
        underWay: new SharedWork(),
      };
      memos.set(kind, memo);
    }
    return memo;
  };

  const workOut = async (
    { set, view, kind }: { readonly set: PolicySet; readonly view: View; readonly kind: ListKind },
    viewer: Viewer,
    viewerClass: string,
  ): Promise<Listing> => {
    const { shapes, listings } = memoOf(set, view, kind);
    const holder = principalKey(viewer.principal);
    const visibilities = await deps.inPieces.map(holder, subjectsOf(view, kind), (it) => lookAt(set, viewer, it));
    const shape = shapeOf(visibilities);
    shapes.set(viewerClass, shape);
    if (shape === WHOLE) return view;
    const listing = listings.get(shape) ?? createListing(view, kind, visibilities);
    listings.set(shape, listing);
    return listing;
  };

  return {
    async list(scope, kind, caller) {
      const view = deps.catalog.view(scope);
      const set = deps.policies();
      const viewer = viewerAt(scope, caller);
      const viewerClass = classOf(set, viewer);
      const { shapes, listings, underWay } = memoOf(set, view, kind);
      const shape = shapes.get(viewerClass);
      if (shape === WHOLE) return view;
      const known = shape === undefined ? undefined : listings.get(shape);
      return known ?? underWay.do(viewerClass, () => workOut({ set, view, kind }, viewer, viewerClass));
    },
    hides: (viewer, subject) => deps.policies().hides(viewerAt(viewer.scope, viewer), subject),
    hidesSome: (viewer) => deps.policies().viewerClass(viewerAt(viewer.scope, viewer)) !== undefined,
    difference: (kind, before, after) => {
      let left = MAX_LOOKS;
      const shapeFor = (set: PolicySet, view: View, viewer: Viewer): string | undefined => {
        const { shapes } = memoOf(set, view, kind);
        const viewerClass = classOf(set, viewer);
        let shape = shapes.get(viewerClass);
        const size = sizeOf(view, kind);
        if (shape === undefined && size <= left) {
          left -= size;
          shape = shapeOf(Array.from(subjectsOf(view, kind), (it) => lookAt(set, viewer, it)));
          shapes.set(viewerClass, shape);
        }
        return shape;
      };
      return (scope, caller) => {
        if (kind === "tools" && wantsApproval(before) !== wantsApproval(after)) return true;
        const view = deps.catalog.view(scope);
        const viewer = viewerAt(scope, caller);
        const shape = shapeFor(before, view, viewer);
        return shape === undefined || shape !== shapeFor(after, view, viewer);
      };
    },
  };
}

/** A tool as the catalog has it, for policies. */
export function subjectOfTool({ upstream, name, definition }: ToolEntry): PolicySubject {
  return { kind: "tool", upstream, name, definition };
}

/** A prompt, a resource or a template as the catalog has it, for policies. */
export function subjectOfListed(
  kind: "prompt" | "resource",
  { upstream, key, definition }: ListedEntry,
): PolicySubject {
  return { kind, upstream, name: key, definition };
}

function* subjectsOf(view: View, list: ListKind): Generator<PolicySubject> {
  if (list === "tools") for (const tool of view.tools.values()) yield subjectOfTool(tool);
  else if (list === "prompts") for (const it of view.prompts.values()) yield subjectOfListed("prompt", it);
  else for (const it of view[list].values()) yield subjectOfListed("resource", it);
}

function sizeOf(view: View, list: ListKind): number {
  return view[list].size;
}

type ItemVisibility = "hidden" | "whole" | "without_output_schema";

const SIGN: Readonly<Record<ItemVisibility, string>> = { hidden: "-", whole: "+", without_output_schema: "r" };

/** The shape of a list of which nothing is changed. */
const WHOLE = "";

const MAX_SHAPE = 64;

// How a viewer sees an item.
function lookAt(set: PolicySet, viewer: Viewer, subject: PolicySubject): ItemVisibility {
  if (set.hides(viewer, subject)) return "hidden";
  // Clients check results against it, and what is taken out of a result need not fit any more.
  return subject.definition["outputSchema"] !== undefined && set.redacts(subject) ? "without_output_schema" : "whole";
}

// A short text, equal for equal lists of one view.
function shapeOf(visibilities: readonly ItemVisibility[]): string {
  if (visibilities.every((visibility) => visibility === "whole")) return WHOLE;
  const text = visibilities.map((visibility) => SIGN[visibility]).join("");
  return text.length <= MAX_SHAPE ? text : sha256(text);
}

function createListing(view: View, list: ListKind, visibilities: readonly ItemVisibility[]): Listing {
  return {
    ttlMs: (kind) => view.ttlMs(kind),
    items(kind) {
      if (kind !== list) return view.items(kind);
      // In the order in which they were looked at.
      return view.items(kind).flatMap((item, index) => {
        const visibility = visibilities[index];
        if (visibility === undefined || visibility === "hidden") return [];
        return [visibility === "whole" ? item : withoutOutputSchema(item)];
      });
    },
  };
}

function withoutOutputSchema({ outputSchema: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

function classOf(set: PolicySet, viewer: Viewer): string {
  return set.viewerClass(viewer) ?? "";
}

function viewerAt({ endpoint }: Pick<Scope, "endpoint">, { principal, client }: Caller): Viewer {
  return { principal, client, endpoint };
}

import { LRUCache } from "lru-cache";
import type { Catalog } from "../../catalog/catalog.ts";
import type { ToolEntry } from "../../catalog/entries.ts";
import type { View } from "../../catalog/view.ts";
import { sha256 } from "../../core/digest.ts";
import type { JsonObject } from "../../core/json.ts";
import { principalKey } from "../../core/principal.ts";
import type { Scope } from "../../core/scope.ts";
import type { PolicySet, Viewer } from "../../policy/policy-set.ts";
import type { Caller } from "../gateway.ts";
import type { Listing } from "./encoded-lists.ts";
import type { InPieces } from "./in-pieces.ts";
import { SharedWork } from "./shared-work.ts";
import { wantsApproval } from "./status-tool.ts";

/** How many classes of viewers one endpoint remembers, and how many different lists of tools it keeps for them. */
const MAX_CLASSES = 4096;
const MAX_LISTINGS = 64;
/** How often policies are asked, in one go, who is concerned by other policies; who remains then is concerned. */
const MAX_LOOKS = 500;

/** What policies let a caller know of the tools. */
export interface Visibility {
  /** The tools that `caller` sees: the view itself where policies change nothing of it. */
  tools(scope: Scope, caller: Caller): Promise<Listing>;
  /** Whether the caller is not to know of this tool. */
  hides(scope: Scope, caller: Caller, tool: ToolEntry): boolean;
  /** Who sees another list of tools under `after` than under `before`, or may: where it takes long to find out. */
  difference(before: PolicySet, after: PolicySet): (scope: Scope, caller: Caller) => boolean;
}

/** What is known of one view under one set. */
interface ViewMemo {
  /** What each class of viewers sees, as a shape: see `shapeOf`. */
  readonly shapes: LRUCache<string, string>;
  /** By shape: classes that see the same share it. */
  readonly listings: LRUCache<string, Listing>;
  /** By class: what is being worked out. */
  readonly underWay: SharedWork<string, Listing>;
}

/**
 * Makes it. Policies are asked once per view, set and class of viewers, in pieces; a list request of a known class costs
 * two look-ups. What was remembered of a view or a set goes with it.
 */
export function createVisibility(deps: {
  readonly catalog: Pick<Catalog, "view">;
  readonly policies: () => PolicySet;
  readonly inPieces: InPieces;
}): Visibility {
  const known = new WeakMap<PolicySet, WeakMap<View, ViewMemo>>();

  const memoOf = (set: PolicySet, view: View): ViewMemo => {
    let views = known.get(set);
    if (views === undefined) {
      views = new WeakMap();
      known.set(set, views);
    }
    let memo = views.get(view);
    if (memo === undefined) {
      memo = {
        shapes: new LRUCache({ max: MAX_CLASSES }),
        listings: new LRUCache({ max: MAX_LISTINGS }),
        underWay: new SharedWork(),
      };
      views.set(view, memo);
    }
    return memo;
  };

  const workOut = async (set: PolicySet, view: View, viewer: Viewer, viewerClass: string): Promise<Listing> => {
    const { shapes, listings } = memoOf(set, view);
    const holder = principalKey(viewer.principal);
    const visibilities = await deps.inPieces.map(holder, view.tools.values(), (tool) => lookAt(set, viewer, tool));
    const shape = shapeOf(visibilities);
    shapes.set(viewerClass, shape);
    if (shape === WHOLE) return view;
    const listing = listings.get(shape) ?? createListing(view, visibilities);
    listings.set(shape, listing);
    return listing;
  };

  return {
    async tools(scope, caller) {
      const view = deps.catalog.view(scope);
      const set = deps.policies();
      const viewer = viewerAt(scope, caller);
      const viewerClass = classOf(set, viewer);
      const { shapes, listings, underWay } = memoOf(set, view);
      const shape = shapes.get(viewerClass);
      if (shape === WHOLE) return view;
      const known = shape === undefined ? undefined : listings.get(shape);
      return known ?? underWay.do(viewerClass, () => workOut(set, view, viewer, viewerClass));
    },
    hides: (scope, caller, tool) => deps.policies().hides(viewerAt(scope, caller), tool),
    difference: (before, after) => {
      let left = MAX_LOOKS;
      const shapeFor = (set: PolicySet, view: View, viewer: Viewer): string | undefined => {
        const { shapes } = memoOf(set, view);
        const viewerClass = classOf(set, viewer);
        let shape = shapes.get(viewerClass);
        if (shape === undefined && view.tools.size <= left) {
          left -= view.tools.size;
          shape = shapeOf(Array.from(view.tools.values(), (tool) => lookAt(set, viewer, tool)));
          shapes.set(viewerClass, shape);
        }
        return shape;
      };
      return (scope, caller) => {
        if (wantsApproval(before) !== wantsApproval(after)) return true;
        const view = deps.catalog.view(scope);
        const viewer = viewerAt(scope, caller);
        const shape = shapeFor(before, view, viewer);
        return shape === undefined || shape !== shapeFor(after, view, viewer);
      };
    },
  };
}

type ToolVisibility = "hidden" | "whole" | "without_output_schema";

const SIGN: Readonly<Record<ToolVisibility, string>> = { hidden: "-", whole: "+", without_output_schema: "r" };

/** The shape of a view of which nothing is changed. */
const WHOLE = "";

const MAX_SHAPE = 64;

// How a viewer sees a tool.
function lookAt(set: PolicySet, viewer: Viewer, tool: ToolEntry): ToolVisibility {
  if (set.hides(viewer, tool)) return "hidden";
  // Clients check results against it, and what is taken out of a result need not fit any more.
  return tool.definition["outputSchema"] !== undefined && set.redacts(tool) ? "without_output_schema" : "whole";
}

// A short text, equal for equal lists of one view.
function shapeOf(visibilities: readonly ToolVisibility[]): string {
  if (visibilities.every((visibility) => visibility === "whole")) return WHOLE;
  const text = visibilities.map((visibility) => SIGN[visibility]).join("");
  return text.length <= MAX_SHAPE ? text : sha256(text);
}

function createListing(view: View, visibilities: readonly ToolVisibility[]): Listing {
  return {
    ttlMs: (kind) => view.ttlMs(kind),
    items(kind) {
      if (kind !== "tools") return view.items(kind);
      return Array.from(view.tools).flatMap(([name, tool], index) => {
        const visibility = visibilities[index];
        if (visibility === undefined || visibility === "hidden") return [];
        const listed = view.listedTool(name, tool);
        return [visibility === "whole" ? listed : withoutOutputSchema(listed)];
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

function viewerAt(scope: Scope, { principal, client }: Caller): Viewer {
  return { principal, client, endpoint: scope.endpoint };
}

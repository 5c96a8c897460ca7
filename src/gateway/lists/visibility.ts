import { LRUCache } from "lru-cache";
import type { Catalog } from "../../catalog/catalog.ts";
import type { ToolEntry } from "../../catalog/entries.ts";
import type { View } from "../../catalog/view.ts";
import { sha256 } from "../../core/digest.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Scope } from "../../core/scope.ts";
import type { PolicySet, Viewer } from "../../policy/policy-set.ts";
import type { Caller } from "../gateway.ts";
import type { Listing } from "./encoded-lists.ts";
import { asksForApproval } from "./status-tool.ts";

/** How many classes of viewers one endpoint remembers, and how many different lists of tools it keeps for them. */
const MAX_CLASSES = 4096;
const MAX_LISTINGS = 64;

/** What policies let a caller know of the tools. */
export interface Visibility {
  /** The tools that `caller` sees: the view itself where policies change nothing of it. */
  tools(scope: Scope, caller: Caller): Listing;
  /** Whether the caller is not to know of this tool. */
  hides(scope: Scope, caller: Caller, tool: ToolEntry): boolean;
  /** Who sees another list of tools under `after` than under `before`. */
  difference(before: PolicySet, after: PolicySet): (scope: Scope, caller: Caller) => boolean;
}

/** What is known of one view under one set. */
interface Sights {
  /** What each class of viewers sees, as a shape: see `shapeOf`. */
  readonly shapes: LRUCache<string, string>;
  /** By shape: classes that see the same share it. */
  readonly listings: LRUCache<string, Listing>;
}

/**
 * Makes it. Policies are asked once per view, set and class of viewers; a list request of a known class costs two
 * look-ups. What was remembered of a view or a set goes with it.
 */
export function createVisibility(deps: {
  readonly catalog: Pick<Catalog, "view">;
  readonly policies: () => PolicySet;
}): Visibility {
  const known = new WeakMap<PolicySet, WeakMap<View, Sights>>();

  const sightsOf = (set: PolicySet, view: View): Sights => {
    let views = known.get(set);
    if (views === undefined) {
      views = new WeakMap();
      known.set(set, views);
    }
    let sights = views.get(view);
    if (sights === undefined) {
      sights = { shapes: new LRUCache({ max: MAX_CLASSES }), listings: new LRUCache({ max: MAX_LISTINGS }) };
      views.set(view, sights);
    }
    return sights;
  };

  const shapeFor = (set: PolicySet, view: View, viewer: Viewer): string => {
    const { shapes } = sightsOf(set, view);
    const viewerClass = set.viewerClass(viewer) ?? "";
    let shape = shapes.get(viewerClass);
    if (shape === undefined) {
      shape = shapeOf(lookAt(set, view, viewer));
      shapes.set(viewerClass, shape);
    }
    return shape;
  };

  return {
    tools(scope, caller) {
      const view = deps.catalog.view(scope);
      const set = deps.policies();
      const viewer = viewerAt(scope, caller);
      const shape = shapeFor(set, view, viewer);
      if (shape === WHOLE) return view;
      const { listings } = sightsOf(set, view);
      let listing = listings.get(shape);
      if (listing === undefined) {
        listing = createListing(view, lookAt(set, view, viewer));
        listings.set(shape, listing);
      }
      return listing;
    },
    hides: (scope, caller, tool) => deps.policies().hides(viewerAt(scope, caller), tool),
    difference: (before, after) => (scope, caller) => {
      if (asksForApproval(before) !== asksForApproval(after)) return true;
      const view = deps.catalog.view(scope);
      const viewer = viewerAt(scope, caller);
      return shapeFor(before, view, viewer) !== shapeFor(after, view, viewer);
    },
  };
}

type Sight = "hidden" | "whole" | "without_output_schema";

const SIGN: Readonly<Record<Sight, string>> = { hidden: "-", whole: "+", without_output_schema: "r" };

/** The shape of a view of which nothing is changed. */
const WHOLE = "";

const MAX_SHAPE = 64;

// How a viewer sees each tool of the view, in its order.
function lookAt(set: PolicySet, view: View, viewer: Viewer): readonly Sight[] {
  return Array.from(view.tools.values(), (tool) => {
    if (set.hides(viewer, tool)) return "hidden";
    // Clients check results against it, and what is taken out of a result need not fit any more.
    return tool.definition["outputSchema"] !== undefined && set.redacts(tool) ? "without_output_schema" : "whole";
  });
}

// A short text, equal for equal lists of one view.
function shapeOf(sights: readonly Sight[]): string {
  if (sights.every((sight) => sight === "whole")) return WHOLE;
  const text = sights.map((sight) => SIGN[sight]).join("");
  return text.length <= MAX_SHAPE ? text : sha256(text);
}

function createListing(view: View, sights: readonly Sight[]): Listing {
  return {
    ttlMs: (kind) => view.ttlMs(kind),
    items(kind) {
      if (kind !== "tools") return view.items(kind);
      return Array.from(view.tools).flatMap(([name, tool], index) => {
        const sight = sights[index];
        if (sight === undefined || sight === "hidden") return [];
        const listed = view.listedTool(name, tool);
        return [sight === "whole" ? listed : withoutOutputSchema(listed)];
      });
    },
  };
}

function withoutOutputSchema({ outputSchema: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

function viewerAt(scope: Scope, { principal, client }: Caller): Viewer {
  return { principal, client, endpoint: scope.endpoint };
}

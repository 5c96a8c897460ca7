import { type Refusal, refuse } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { PolicySet } from "../../policy/policy-set.ts";
import { STATUS_TOOL } from "../approval-texts.ts";
import { readArguments } from "../requests/params.ts";
import type { Listing } from "./encoded-lists.ts";

/** Longer than this no client waits for one answer without a word. */
const MAX_WAIT_S = 25;

const DEFINITION: JsonObject = {
  name: STATUS_TOOL,
  title: "Approval status",
  description:
    "Tells what became of a tool call that waits for approval, by the request id that its answer named, and gives the " +
    "tool's own result once the call was approved and has run. It changes nothing about the decision.",
  inputSchema: {
    type: "object",
    properties: {
      id: { type: "string", description: "The request id, apr_…" },
      wait_seconds: {
        type: "integer",
        minimum: 0,
        maximum: MAX_WAIT_S,
        description: `How long to wait for a change, at most ${MAX_WAIT_S}. Default 0.`,
      },
    },
    required: ["id"],
    additionalProperties: false,
  },
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
};

/** Whether calls may have to wait for approval under this set: then the status tool is listed. */
export function wantsApproval(set: PolicySet): boolean {
  return set.policies.some(({ effect, enabled, shadow }) => effect === "request_approval" && enabled && !shadow);
}

/** Makes the function that adds the status tool at the end of a list of tools: the same object for the same list. */
export function createStatusListing(): (listing: Listing) => Listing {
  const known = new WeakMap<Listing, Listing>();
  return (listing) => {
    let more = known.get(listing);
    if (more === undefined) {
      const items: Listing["items"] = (kind) => {
        const all = listing.items(kind);
        return kind === "tools" ? [...all.filter(({ name }) => name !== STATUS_TOOL), DEFINITION] : all;
      };
      more = { items, ttlMs: (kind) => listing.ttlMs(kind) };
      known.set(listing, more);
    }
    return more;
  };
}

/** What a call of the status tool asks for. */
export interface StatusQuery {
  readonly ok: true;
  readonly id: string;
  readonly waitMs: number;
}

/** Reads the arguments of a call of the status tool. */
export function readStatusQuery(params: JsonObject): StatusQuery | Refusal {
  const args = readArguments(params);
  if (!args.ok) return args;
  const { id, wait_seconds: wait = 0 } = args.value;
  if (typeof id !== "string") return refuse("PARAMS_INVALID", "arguments.id must be the id of a request.");
  if (typeof wait !== "number" || !(wait >= 0 && wait <= MAX_WAIT_S)) {
    return refuse("PARAMS_INVALID", `arguments.wait_seconds must be from 0 to ${MAX_WAIT_S}.`);
  }
  return { ok: true, id, waitMs: wait * 1_000 };
}

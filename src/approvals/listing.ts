import type { ApprovalRequest } from "../core/approval.ts";
import type { Persons } from "../core/persons.ts";
import type { ApprovalQuery, ApprovalStore, StoredApproval } from "../store/approvals/approvals.ts";
import type { ApprovalFilter, Approvals } from "./approvals.ts";
import { cursorAfter, type ListOrder, positionOf, readApprovalCursor } from "./cursor.ts";
import { decidable, keysOf, refusalOf } from "./eligibility.ts";

const MAX_LIMIT = 500;

/** Makes what lists and counts approval requests. */
export function createListing(deps: {
  readonly store: Pick<ApprovalStore, "list" | "count">;
  readonly persons: Persons;
  readonly view: (stored: StoredApproval) => ApprovalRequest;
  readonly now: () => number;
}): Pick<Approvals, "list" | "count"> {
  const { store, persons, view, now } = deps;

  /** As many as there are, up to `limit`. What somebody may decide is looked for until so much of it is found. */
  async function look(
    filter: ApprovalFilter,
    limit: number,
    from: ApprovalQuery["after"],
  ): Promise<readonly StoredApproval[]> {
    const approver = filter.decidableBy;
    const found: StoredApproval[] = [];
    // Ends, because what is pending is bounded for each person, and each page begins behind the one before.
    for (let after = from; ; ) {
      const at = now();
      const page = await store.list(queryOf(filter, limit, at, after, persons));
      const fitting = page.filter(
        (stored) => approver === undefined || refusalOf(decidable(stored, at), approver, at, persons) === undefined,
      );
      found.push(...fitting.slice(0, limit - found.length));
      const last = page.at(-1)?.record;
      if (approver === undefined || last === undefined || page.length < limit || found.length >= limit) return found;
      after = positionOf(last, orderOf(filter));
    }
  }

  return {
    async list(filter, cursor) {
      const limit = limitOf(filter);
      const order = orderOf(filter);
      const found = await look(filter, limit + 1, cursor === undefined ? undefined : readApprovalCursor(cursor, order));
      const items = found.slice(0, limit).map(view);
      const last = items.at(-1);
      const more = found.length > limit && last !== undefined;
      return { items, nextCursor: more ? cursorAfter(positionOf(last, order), order) : undefined };
    },
    async count(filter) {
      const limit = limitOf(filter);
      // Whether somebody may decide is for the rules to say, and not for the store.
      if (filter.decidableBy !== undefined) return (await look(filter, limit, undefined)).length;
      return store.count(queryOf(filter, limit, now(), undefined, persons));
    },
  };
}

function limitOf({ limit }: ApprovalFilter): number {
  return Math.min(Math.max(Math.trunc(limit), 1), MAX_LIMIT);
}

// What somebody may decide comes by its end, so that nothing runs out of time on a page that nobody turned to.
function orderOf({ decidableBy }: ApprovalFilter): ListOrder {
  return decidableBy === undefined ? "newest" : "ending";
}

function queryOf(
  filter: ApprovalFilter,
  limit: number,
  now: number,
  after: ApprovalQuery["after"],
  persons: Persons,
): ApprovalQuery {
  const { decidableBy, visibleTo, requester, ...same } = filter;
  return {
    ...same,
    limit,
    ...(decidableBy === undefined ? {} : { decidableBy: { keys: keysOf(decidableBy, persons), now } }),
    ...(visibleTo === undefined ? {} : { visibleTo: keysOf(visibleTo, persons) }),
    ...(requester === undefined ? {} : { requester: persons.belongings(requester) }),
    ...(after === undefined ? {} : { after }),
  };
}

import type { PolicyView } from "../../operations/policies/policies.ts";
import { aboutWords } from "./words.ts";

/** Which policies to list. */
export interface OverviewQuery {
  /** Words that all stand in the id, the description, the file or the target, in any case. */
  readonly words: string;
  readonly show: PolicyFilter;
  /** From 1. */
  readonly page: number;
}

/** All, or those of one kind. */
export const POLICY_FILTERS = ["all", "active", "shadow", "disabled", "unmatched"] as const;
export type PolicyFilter = (typeof POLICY_FILTERS)[number];

/** The policies of one page, by file. */
export interface Overview {
  readonly files: readonly { readonly file: string; readonly policies: readonly PolicyView[] }[];
  /** How many fit the query, on all pages. */
  readonly found: number;
  readonly page: number;
  readonly pages: number;
}

/** So that a page of any set is quick to make and to read. */
const PER_PAGE = 100;

/** Reads the query of a link; what it does not know is left out. */
export function readOverviewQuery(get: (name: string) => string | undefined): OverviewQuery {
  const show = POLICY_FILTERS.find((name) => name === get("show")) ?? "all";
  const page = /^[1-9]\d{0,5}$/.exec(get("page") ?? "")?.[0];
  return { words: (get("q") ?? "").slice(0, 200).trim(), show, page: Number(page ?? 1) };
}

/** Chooses the policies of a page, in file order. A page beyond the last is the last. */
export function overviewOf(policies: readonly PolicyView[], query: OverviewQuery): Overview {
  const words = query.words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  const fitting = policies.filter((policy) => isShown(policy, query.show) && containsAll(policy, words));
  const pages = Math.max(1, Math.ceil(fitting.length / PER_PAGE));
  const page = Math.min(query.page, pages);
  const files = new Map<string, PolicyView[]>();
  for (const policy of fitting.slice((page - 1) * PER_PAGE, page * PER_PAGE)) {
    const before = files.get(policy.file);
    if (before === undefined) files.set(policy.file, [policy]);
    else before.push(policy);
  }
  return {
    files: Array.from(files, ([file, listed]) => ({ file, policies: listed })),
    found: fitting.length,
    page,
    pages,
  };
}

function isShown({ enabled, shadow, matches }: PolicyView, show: PolicyFilter): boolean {
  switch (show) {
    case "all":
      return true;
    case "active":
      return enabled && !shadow;
    case "shadow":
      return enabled && shadow;
    case "disabled":
      return !enabled;
    case "unmatched":
      return enabled && matches.applied + matches.shadow === 0;
    default:
      return show satisfies never;
  }
}

function containsAll(policy: PolicyView, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { id, description = "", file, effect } = policy;
  const text = [id, description, file, effect, aboutWords(policy)].join("\n").toLowerCase();
  return words.every((word) => text.includes(word));
}

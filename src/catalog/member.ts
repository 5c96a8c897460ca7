import { LIST_KINDS, type ListKind } from "../mcp/messages.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { Coalescer } from "./coalescer.ts";
import type { ReadingPace } from "./reading-pace.ts";
import type { ToolRules } from "./tool-rules.ts";
import type { UpstreamReader } from "./upstream-reader.ts";

/** An upstream of the catalog, and how far it has been read. */
export interface CatalogMember {
  readonly upstream: Upstream;
  rules: ToolRules;
  readonly reader: UpstreamReader;
  readonly pace: ReadingPace;
  readonly stale: Coalescer<ListKind>;
  readonly settled: Promise<void>;
  settle(): void;
  /** The reading of its lists since it last came up; `undefined` before. */
  reading: Promise<void> | undefined;
  /** Down for longer than the grace period: its lists are not shown. */
  hidden: boolean;
  graceTimer: NodeJS.Timeout | undefined;
}

/** The lists in which an upstream has anything at all. */
export function listsWithItems({ reader }: Pick<CatalogMember, "reader">): readonly ListKind[] {
  const lists = reader.lists();
  return LIST_KINDS.filter((kind) => lists[kind].length > 0);
}

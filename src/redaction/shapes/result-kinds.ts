import type { SubjectKind } from "../../core/subject.ts";
import { COMPLETION_RESULT, type OpenLevel, PROMPT_RESULT, RESOURCE_RESULT, TOOL_RESULT } from "./open-places.ts";

/** What a result is the answer of. */
export type ResultKind = SubjectKind | "completion";

/** Where binary data stands below a value: in blocks of content, in a resource's contents, or further down by a member. */
export type BinaryPlace = "blocks" | "resources" | "none" | { readonly member: string; readonly holds: BinaryPlace };

interface ResultShape {
  /** What the protocol names in it; all else is the server's own. */
  readonly level: OpenLevel;
  /** What is not a text to be read as it stands. */
  readonly binary: BinaryPlace;
}

/** The shapes of results (MCP, revisions 2025-11-25 and 2026-07-28). */
export const RESULT_KINDS: Readonly<Record<ResultKind, ResultShape>> = {
  tool: { level: TOOL_RESULT, binary: { member: "content", holds: "blocks" } },
  prompt: {
    level: PROMPT_RESULT,
    binary: { member: "messages", holds: { member: "content", holds: "blocks" } },
  },
  resource: { level: RESOURCE_RESULT, binary: { member: "contents", holds: "resources" } },
  completion: { level: COMPLETION_RESULT, binary: "none" },
};

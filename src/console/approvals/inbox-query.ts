import { APPROVAL_STATES, type ApprovalState, OPEN_STATES } from "../../core/approval.ts";
import type { OperatorApprovalQuery } from "../../operations/approvals/approvals.ts";

/** Whose requests a list shows. */
export const SHOWS = ["decide", "mine", "all"] as const;
export type Show = (typeof SHOWS)[number];

/** What somebody asked the list for. */
export interface InboxQuery {
  readonly show: Show;
  /** `open`: everything that has not come to its end. `""`: any. */
  readonly state: ApprovalState | "open" | "";
  readonly flow: string;
  readonly tool: string;
  readonly cursor: string | undefined;
}

/** Reads it off the address; what makes no sense asks for nothing. `undefined`: the overview is wanted. */
export function readInboxQuery(parameters: URLSearchParams): InboxQuery | undefined {
  const given = (name: string): string => parameters.get(name)?.trim().slice(0, 512) ?? "";
  const show = SHOWS.find((known) => known === given("show"));
  const state = (["open", ...APPROVAL_STATES] as const).find((known) => known === given("state")) ?? "";
  const [flow, tool] = [given("flow"), given("tool")];
  if (show === undefined && state + flow + tool === "") return undefined;
  return { show: show ?? "all", state, flow, tool, cursor: given("cursor") || undefined };
}

/** The same as an address. */
export function inboxUrl({ show, state, flow, tool }: Omit<InboxQuery, "cursor">, cursor?: string): string {
  const parameters = new URLSearchParams({ show });
  if (state !== "") parameters.set("state", state);
  if (flow !== "") parameters.set("flow", flow);
  if (tool !== "") parameters.set("tool", tool);
  if (cursor !== undefined) parameters.set("cursor", cursor);
  return `/console/approvals?${parameters.toString()}`;
}

/** The same for `operations/`. */
export function listQuery({ show, state, flow, tool }: InboxQuery, limit: number): OperatorApprovalQuery {
  return {
    limit,
    mine: show === "mine",
    decidable: show === "decide",
    ...(state === "" ? {} : { states: state === "open" ? OPEN_STATES : [state] }),
    ...(flow === "" ? {} : { flow }),
    ...(tool === "" ? {} : { tool }),
  };
}

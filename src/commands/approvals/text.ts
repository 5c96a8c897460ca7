import type { ApprovalBody, ApprovalDetailBody } from "../../admin/approvals/schema.ts";
import type { ApprovalState } from "../../core/approval.ts";
import { durationText } from "../../core/duration.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { calledAs } from "../../core/known-as.ts";
import { subjectPath, subjectTitle } from "../../core/subject.ts";
import { type Colour, clip } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";
import { type TreeLimits, valueTree, visible } from "./tree.ts";

/** How text is shown, and when. */
export interface TextOptions {
  readonly paint: (colour: Colour, text: string) => string;
  /** ms since the epoch. */
  readonly now: number;
  /** How this program was started. */
  readonly command: string;
}

const HEAD = ["ID", "STATE", "ASKED BY", "TOOL", "STAGE", "LEFT", ""] as const;
const MAX_CELL = 40;
const MAX_FACT = 1_000;

/** Requests as a table; those that the reader may decide now are marked. */
export function approvalTable(
  items: readonly ApprovalBody[],
  { paint, now }: Pick<TextOptions, "paint" | "now">,
): string {
  const head = HEAD.map((title) => (title === "TOOL" && items.some(({ tool }) => tool === null) ? "SUBJECT" : title));
  const rows = items.map((item) => [
    visible(item.id),
    item.state,
    clip(personText(item.requester), MAX_CELL),
    clip(subjectText(item), MAX_CELL),
    stageText(item),
    timeLeft(item, now) ?? "-",
    [...(item.may_decide ? ["yours to decide"] : []), ...(isMisfit(item) ? [MISFIT] : [])].join(", "),
  ]);
  return table(head, rows, paint, (row, column) => {
    const item = items[row];
    if (item === undefined) return undefined;
    return column === 1 ? stateColour(item.state) : column === 6 ? "yellow" : undefined;
  });
}

/** One line about a request, for announcements. */
export function approvalLine(item: ApprovalBody, { paint, now }: Pick<TextOptions, "paint" | "now">): string {
  const left = timeLeft(item, now);
  return [
    visible(item.id),
    paint(stateColour(item.state), item.state),
    `${clip(personText(item.requester), MAX_CELL)} asks for ${clip(subjectText(item), MAX_CELL)}`,
    ...(item.state === "pending" ? [`stage ${stageText(item)}`] : []),
    ...(left === undefined ? [] : [`${left} left`]),
    ...(isMisfit(item) ? [paint("yellow", MISFIT)] : []),
  ].join("  ");
}

/** Everything that somebody who decides should read. */
export function approvalText(item: ApprovalBody, options: TextOptions, limits: TreeLimits): string {
  const { paint, now } = options;
  const left = timeLeft(item, now);
  const facts: readonly (readonly [string, string])[] = [
    [subjectTitle(item.subject.kind), pathText(item)],
    ["Asked by", `${personText(item.requester)}, through ${clientText(item)}`],
    ["Asked", `${item.created_at} (${durationText(Math.max(0, now - Date.parse(item.created_at)))} ago)`],
    ...(item.message ?? "").split("\n").map((line, index) => [index === 0 ? "Because" : "", visible(line)] as const),
    ["Policies", item.policies.map(visible).join(", ")],
    ["Stage", presentStage(item)],
    ...(left === undefined ? [] : [[item.state === "approved" ? "Run within" : "Time left", left] as const]),
    ["Reason", REASONS[item.reason_required]],
  ];
  const head = `${paint("bold", visible(item.id))}  ${paint(stateColour(item.state), item.state)}`;
  return [
    head,
    "",
    ...facts.map(([name, text]) => `  ${name.padEnd(10)} ${clip(text, MAX_FACT)}`),
    "",
    ...argumentLines(item, options, limits),
    ...decisionLines(item, options),
    "",
  ].join("\n");
}

/** What happened to a request, one line each. */
export function historyText({ history }: ApprovalDetailBody, { paint }: TextOptions): string {
  const rows = history.map((event) => [
    event.at,
    event.act,
    event.to,
    event.actor === null ? "the gateway" : clip(personText(event.actor), MAX_CELL),
    visible(event.reason ?? ""),
  ]);
  return table(["TIME", "WHAT", "STATE", "BY", "REASON"], rows, paint);
}

const REASONS = {
  never: "not needed",
  on_reject: "needed to reject",
  always: "needed to approve and to reject",
} as const satisfies Record<ApprovalBody["reason_required"], string>;

function argumentLines(item: ApprovalBody, { paint, command }: TextOptions, limits: TreeLimits): readonly string[] {
  const value: unknown = item.arguments;
  const given: JsonObject = isObject(value) ? value : {};
  const tree = valueTree(given, limits, paint);
  const whole = item.arguments_form === "whole";
  const misfits = item.arguments_misfits ?? [];
  const warnings = [
    ...(misfits.length === 0
      ? []
      : [
          "They do not fit what the tool says it takes. Its server may refuse the call even if it is approved:",
          ...misfits.map((misfit) => `- ${clip(visible(misfit), MAX_FACT)}`),
        ]),
    ...(tree.hidden === 0
      ? []
      : [`Characters that cannot be seen or turn text around, shown as \\u{…}: ${tree.hidden}. Read twice.`]),
    ...(tree.cut + tree.omitted === 0
      ? []
      : [
          `Not everything is shown: ${notShown(tree.cut, tree.omitted)}. All of it: ${command} approvals show ${visible(item.id)} --full`,
        ]),
  ];
  return [
    paint("bold", whole ? "Arguments" : "Arguments, secrets taken out and long texts cut"),
    ...(tree.lines.length === 0 ? ["  none"] : tree.lines.map((line) => `  ${line}`)),
    ...warnings.map((warning) => paint("yellow", `  ! ${warning}`)),
  ];
}

const MISFIT = "does not fit its tool";

function isMisfit({ arguments_misfits: misfits }: ApprovalBody): boolean {
  return misfits !== null && misfits.length > 0;
}

function notShown(cut: number, omitted: number): string {
  return [
    ...(cut === 0 ? [] : [`${cut} ${cut === 1 ? "text is" : "texts are"} cut`]),
    ...(omitted === 0 ? [] : [`${omitted} ${omitted === 1 ? "line is" : "lines are"} left out`]),
  ].join(", ");
}

function decisionLines(item: ApprovalBody, { paint }: TextOptions): readonly string[] {
  if (item.decisions.length === 0) return [];
  const lines = item.decisions.map((decision) => {
    const colour = decision.decision === "approve" ? "green" : "red";
    const reason = decision.reason === null ? "" : `: ${visible(decision.reason)}`;
    const what = paint(colour, decision.decision === "approve" ? "approved" : "rejected");
    return `  ${decision.at}  ${what} by ${personText(decision.approver)}, stage ${decision.stage + 1}${reason}`;
  });
  return ["", paint("bold", "Decisions"), ...lines];
}

function personText(person: ApprovalBody["requester"] | ApprovalBody["decisions"][number]["approver"]) {
  return visible(calledAs(person));
}

// The client's own name proves nothing, so that it never stands alone where there is something better.
function clientText({ requester }: ApprovalBody): string {
  const { client_id: id, client_name: name } = requester;
  const called =
    name === "" ? "a client without a name" : `a client that calls itself ${visible(JSON.stringify(name))}`;
  return id === null ? called : `${visible(id)} (${called})`;
}

function subjectText({ upstream, subject }: ApprovalBody): string {
  return visible(subjectPath({ ...subject, upstream }));
}

function pathText({ upstream, subject }: ApprovalBody): string {
  return visible(`${upstream}/${subject.name}`);
}

function stageText({ stage, stages }: ApprovalBody): string {
  const now = stages[stage];
  const count = now === undefined ? "" : ` (${now.given}/${now.required})`;
  return `${stage + 1} of ${stages.length}${count}`;
}

function presentStage(item: ApprovalBody): string {
  const now = item.stages[item.stage];
  if (now === undefined) return stageText(item);
  const { roles, users } = now.approvers;
  const who = [...roles.map((role) => `role ${role}`), ...users].map(visible).join(", ");
  const widened = now.escalated ? ", escalated" : "";
  const given = `${now.given} of ${now.required} ${now.required === 1 ? "approval" : "approvals"}`;
  return `${item.stage + 1} of ${item.stages.length}, ${visible(now.flow)}${widened}: ${given}. May decide: ${who}`;
}

function timeLeft(item: ApprovalBody, now: number): string | undefined {
  const until = item.state === "pending" ? item.pending_until : item.state === "approved" ? item.execute_until : null;
  if (until === null) return undefined;
  const left = Date.parse(until) - now;
  return left <= 0 ? "none" : durationText(left);
}

function stateColour(state: ApprovalState): Colour {
  switch (state) {
    case "pending":
    case "approved":
    case "executing":
      return "yellow";
    case "succeeded":
      return "green";
    case "indeterminate":
    case "failed":
    case "rejected":
    case "expired":
    case "cancelled":
    case "invalidated":
      return "red";
    default:
      return state satisfies never;
  }
}

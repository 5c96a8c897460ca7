import { counted, grouped } from "../../core/counted.ts";
import { clip, type painter, plainText } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";
import type { ReplayShadow, ReplaySummary } from "./replay-summary.ts";

type Paint = ReturnType<typeof painter>;

/** A replay's summary for a terminal: how many, what would change and by what, why the rest cannot be told. */
export function summaryText(summary: ReplaySummary, paint: Paint): string {
  return [headline(summary, paint), changes(summary, paint), tools(summary, paint), examples(summary, paint)]
    .concat(losses(summary, paint), shadows(summary, paint), others(summary))
    .filter((part) => part !== "")
    .join("\n");
}

function headline({ calls, first, same, changed, otherPolicies, unknown }: ReplaySummary, paint: Paint): string {
  const since = first === undefined ? "" : ` since ${dayOf(first)}`;
  const parts = [
    `${grouped(same)} the same`,
    paint(changed === 0 ? "green" : "yellow", `${grouped(changed)} would change`),
    `${grouped(otherPolicies)} other policies`,
    `${grouped(unknown)} cannot be told`,
  ];
  return `${counted(calls, "call")}${since}: ${parts.join(", ")}\n`;
}

function changes({ changes }: ReplaySummary, paint: Paint): string {
  const rows = changes.map(({ before, after, policy, calls }) =>
    [before, after, policy, grouped(calls)].map(plainText),
  );
  return section("Would change", ["BEFORE", "AFTER", "POLICY", "CALLS"], rows, paint);
}

function tools({ tools }: ReplaySummary, paint: Paint): string {
  const rows = tools.map(({ tool, calls, changed, otherPolicies, unknown }) =>
    [clip(tool, MAX_CELL), ...[calls, changed, otherPolicies, unknown].map(grouped)].map(plainText),
  );
  const head = ["TOOL", "CALLS", "WOULD CHANGE", "OTHER POLICIES", "CANNOT BE TOLD"];
  return section("By tool", head, rows, paint);
}

function examples({ changes }: ReplaySummary, paint: Paint): string {
  const rows = changes.flatMap(({ before, after, policy, examples }) =>
    examples.map(({ at, user, tool, callId }) =>
      [timeOf(at), clip(user, MAX_CELL), clip(tool, MAX_CELL), `${before} → ${after}`, policy, callId].map(plainText),
    ),
  );
  return section("Examples", ["TIME", "USER", "TOOL", "CHANGE", "POLICY", "CALL"], rows, paint);
}

function losses({ losses }: ReplaySummary, paint: Paint): string {
  const rows = losses.map(({ policy, why, calls }) =>
    [grouped(calls), policy ?? "-", clip(why, MAX_CELL)].map(plainText),
  );
  return section("Cannot be told", ["CALLS", "POLICY", "WHY"], rows, paint);
}

function shadows({ shadows }: ReplaySummary, paint: Paint): string {
  if (shadows.length === 0) return "";
  return `${paint("bold", "In shadow")}\n${shadows.map((shadow) => `${shadowText(shadow)}\n`).join("")}`;
}

function shadowText({ policy, effect, matched, unknown, changes }: ReplayShadow): string {
  const name = `${plainText(policy)} (${effect})`;
  if (matched === 0) return `${name}: matched no call`;
  const done = changes.map(({ before, after, calls }) => `${actionOf(after)} ${calledNow(calls, before)}`);
  const open = unknown === 0 ? "" : `; of ${counted(unknown, "call")} that cannot be told`;
  const what = done.length === 0 ? "enforcing it would change nothing" : `enforcing it would ${done.join(", ")}`;
  return `${name}: matched ${counted(matched, "call")}; ${what}${open}`;
}

function others({ others }: ReplaySummary): string {
  if (others === 0) return "";
  return `Not replayed: ${counted(others, "request")} about prompts and resources. Only calls of tools are.\n`;
}

function actionOf(effect: string): string {
  switch (effect) {
    case "step_up":
      return "ask for a sign-in for";
    case "request_approval":
      return "ask for an approval of";
    case "hide":
      return "hide the tools of";
    default:
      return effect;
  }
}

function calledNow(calls: number, effect: string): string {
  return `${counted(calls, "call")} that ${calls === 1 ? "is" : "are"} ${stateOf(effect)} now`;
}

function stateOf(effect: string): string {
  switch (effect) {
    case "allow":
      return "allowed";
    case "deny":
      return "denied";
    case "hide":
      return "hidden";
    case "step_up":
      return "asked for a sign-in";
    default:
      return "waiting for an approval";
  }
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  return rows.length === 0 ? "" : `${paint("bold", title)}\n${table(head, rows, paint)}`;
}

const MAX_CELL = 60;

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}

function timeOf(at: number): string {
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}

/** The summary as `--json` prints it: snake_case, times in RFC 3339. */
export function summaryJson(summary: ReplaySummary): Readonly<Record<string, unknown>> {
  return {
    calls: summary.calls,
    first: summary.first === undefined ? null : new Date(summary.first).toISOString(),
    last: summary.last === undefined ? null : new Date(summary.last).toISOString(),
    same: summary.same,
    changed: summary.changed,
    other_policies: summary.otherPolicies,
    unknown: summary.unknown,
    changes: summary.changes.map(({ examples, ...change }) => ({
      ...change,
      examples: examples.map(({ callId, at, user, tool }) => {
        return { call_id: callId, at: new Date(at).toISOString(), user, tool };
      }),
    })),
    tools: summary.tools.map(({ otherPolicies, ...tool }) => ({ ...tool, other_policies: otherPolicies })),
    unknown_because: summary.losses,
    shadow: summary.shadows,
    not_replayed: summary.others,
  };
}

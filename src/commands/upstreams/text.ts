import type { UpstreamBody, UpstreamTestBody } from "../../admin/upstreams/schema.ts";
import { counted, grouped } from "../../core/counted.ts";
import { knownAs } from "../../core/known-as.ts";
import { LIST_NOUNS } from "../../mcp/messages.ts";
import { type Colour, clip, plainText } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";

type Paint = (colour: Colour, text: string) => string;

const MAX_CELL = 60;

/** Upstreams as a table; below it, why those that are not ready are not, and what of their lists clients do not see. */
export function upstreamTable(items: readonly UpstreamBody[], paint: Paint): string {
  const rows = items.map((item) => [
    plainText(item.name),
    item.state,
    item.era ?? "-",
    String(item.tools),
    item.registered === null ? "file" : `registered by ${clip(plainText(knownAs(item.registered.by)), MAX_CELL)}`,
    clip(plainText(item.address), MAX_CELL),
  ]);
  const shown = table(["NAME", "STATE", "ERA", "TOOLS", "FROM", "WHERE"], rows, paint, (row, column) =>
    column === 1 ? stateColour(items[row]?.state) : undefined,
  );
  const troubled = items.filter((item) => item.last_error !== null);
  return (
    shown +
    troubled
      .map((item) => `\n${plainText(item.name)}: ${reasonText(item.last_error ?? "")}${nextText(item)}`)
      .join("") +
    items
      .flatMap(({ name, list_faults }) => list_faults.map((faults) => `\n${plainText(name)}: ${faultsText(faults)}`))
      .join("") +
    items
      .filter(({ unseen_lists }) => unseen_lists.length > 0)
      .map(({ name, unseen_lists }) => `\n${plainText(name)}: ${unseenText(unseen_lists)}`)
      .join("")
  );
}

function faultsText({ list, count, items }: UpstreamBody["list_faults"][number]): string {
  const lines = items.map(({ name, left_out, why }) => {
    const shown = name === "" ? "one without a name" : `"${clip(plainText(name), MAX_CELL)}"`;
    return `\n  ${shown} was ${left_out ? "left out" : "repaired"}: ${plainText(why)}`;
  });
  const more = count > items.length ? `\n  and ${grouped(count - items.length)} more` : "";
  const noun = counted(count, LIST_NOUNS[list]);
  return `Clients could not read ${noun} as ${count === 1 ? "it is" : "they are"} listed.${lines.join("")}${more}`;
}

function unseenText(lists: UpstreamBody["unseen_lists"]): string {
  const what = lists.map((list) => `${LIST_NOUNS[list]}s`).join(", ");
  return `Changed in a client's session alone, which is shown to nobody: ${what}.\n  If they depend on the session, set isolation: shared.`;
}

function nextText({ next_attempt: next }: UpstreamBody): string {
  return next === null ? "" : `\n  The next attempt is at ${plainText(next)}.`;
}

/** What failed, and below it what a program wrote last. */
function reasonText(reason: string): string {
  return reason.split("\n").map(plainText).join("\n  ");
}

/** What came of connecting to an upstream, and its tools. */
export function testText(name: string, test: UpstreamTestBody, paint: Paint): string {
  const ms = `${Math.round(test.ms)} ms`;
  if (!test.ok) return `${plainText(name)}: ${paint("red", "failed")} after ${ms}. ${reasonText(test.why ?? "")}`;
  const how = [test.era, test.transport].filter((part) => part !== null).join(" over ");
  const head = `${plainText(name)}: ${paint("green", "ok")} in ${ms}, ${how}, ${counted(test.tools.length, "tool")}`;
  if (test.tools.length === 0) return head;
  const rows = test.tools.map((tool) => [
    clip(plainText(tool.name), MAX_CELL),
    clip(plainText(firstLine(tool.description ?? "")), MAX_CELL),
  ]);
  return `${head}\n\n${table(["TOOL", "DESCRIPTION"], rows, paint)}`.trimEnd();
}

function stateColour(state: UpstreamBody["state"] | undefined): Colour | undefined {
  switch (state) {
    case "ready":
      return "green";
    case "connecting":
      return "yellow";
    case "down":
      return "red";
    case undefined:
      return undefined;
    default:
      return state satisfies never;
  }
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}

import { DEFINITION_OUTCOMES } from "../../core/call-outcome.ts";
import { isObject } from "../../core/json.ts";
import { outcomeWords } from "../outcome-words.ts";

/** Whether an outcome on record is something that a server did to its own tools. */
export function isOfServer(outcome: string | null): boolean {
  return DEFINITION_OUTCOMES.some((word) => word === outcome);
}

/** What a server did to its tools, and what differs: `{ text, differs: ["description", "readOnlyHint: false → true"] }`. */
export function definitionWords(
  outcome: string | null,
  difference: unknown,
): { readonly text: string; readonly differs: readonly string[] } | undefined {
  if (!isOfServer(outcome)) return undefined;
  const { fields, annotations, ...counts } = isObject(difference) ? difference : {};
  const hints = isObject(annotations) ? annotations : {};
  const differs = [
    ...(Array.isArray(fields) ? fields.map(String) : []),
    ...Object.entries(hints).map(([name, values]) => `${name}: ${sides(values)}`),
    ...Object.entries(counts).map(([what, number]) => `${Number(number)} ${what}`),
  ];
  return { text: outcomeWords(outcome).text, differs };
}

function sides(values: unknown): string {
  const [before, now] = Array.isArray(values) ? values : [];
  const said = (value: unknown): string => (typeof value === "boolean" ? String(value) : "not said");
  return `${said(before)} → ${said(now)}`;
}

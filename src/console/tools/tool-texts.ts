import { isObject, type JsonObject } from "../../core/json.ts";
import { harmless } from "../harmless.ts";

/** What a tool's own definition calls it; `undefined` where it has no title. 2025-11-25 schema, `Tool` */
export function titleOf({ title, annotations }: JsonObject): string | undefined {
  if (typeof title === "string" && title !== "") return title;
  const other = isObject(annotations) ? annotations["title"] : undefined;
  return typeof other === "string" && other !== "" ? other : undefined;
}

/** The tool's description; `undefined` where it has none. */
export function descriptionOf({ description }: JsonObject): string | undefined {
  return typeof description === "string" && description !== "" ? description : undefined;
}

/** A text on one line, harmless, in at most `max` characters. */
export function onOneLine(text: string, max: number): string {
  // Line feeds are no attack, but would stand there as codes.
  return harmless(text.slice(0, max + 1).replaceAll(/\s+/g, " "), max).text;
}

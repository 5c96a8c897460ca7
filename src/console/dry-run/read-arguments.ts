import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import { type JsonProblem, parseJson } from "../../core/parse-json.ts";
import type { ArgumentField } from "./argument-fields.ts";

/** Where a form's values come from. `""`: nothing was written. */
export interface FormValues {
  text(name: string): string;
}

/** The field in which arguments are written as JSON. */
export const JSON_FIELD = "args_json";

export type ReadArguments =
  | { readonly ok: true; readonly args: JsonObject }
  /** What is wrong, by the name of the field. */
  | { readonly ok: false; readonly errors: ReadonlyMap<string, string> };

/**
 * The arguments that a form says. Fields left empty are left out; what is written as JSON is laid over the rest, member
 * by member, so that it can say what no field can. @throws never
 */
export function readFormArguments(fields: readonly ArgumentField[], values: FormValues): ReadArguments {
  const errors = new Map<string, string>();
  const named = readFields(fields, values, errors);
  const written = readJson(values.text(JSON_FIELD));
  if (!written.ok) errors.set(JSON_FIELD, written.error);
  else if (written.value !== undefined && !isObject(written.value)) errors.set(JSON_FIELD, "Write an object, like {}.");
  if (errors.size > 0) return { ok: false, errors };
  return { ok: true, args: { ...named, ...(written.ok && isObject(written.value) ? written.value : {}) } };
}

function readFields(fields: readonly ArgumentField[], values: FormValues, errors: Map<string, string>): JsonObject {
  return Object.fromEntries(
    fields.flatMap((field): readonly (readonly [string, Json])[] => {
      const read = readField(field, values, errors);
      if (!read.ok) errors.set(field.name, read.error);
      return read.ok && read.value !== undefined ? [[field.key, read.value]] : [];
    }),
  );
}

type Read = { readonly ok: true; readonly value: Json | undefined } | { readonly ok: false; readonly error: string };

function readField({ input, name, required }: ArgumentField, values: FormValues, errors: Map<string, string>): Read {
  if (input.kind === "group") {
    const group = readFields(input.fields, values, errors);
    return { ok: true, value: required || Object.keys(group).length > 0 ? group : undefined };
  }
  const text = values.text(name);
  if (text === "") return { ok: true, value: undefined };
  switch (input.kind) {
    case "text":
      return { ok: true, value: text };
    case "number":
      return readNumber(text, input.integer);
    case "boolean":
      return text === "true" || text === "false"
        ? { ok: true, value: text === "true" }
        : { ok: false, error: "Choose one of these." };
    case "choice": {
      const option = /^\d{1,3}$/.test(text) ? input.options[Number(text)] : undefined;
      return option === undefined ? { ok: false, error: "Choose one of these." } : { ok: true, value: option };
    }
    case "list":
      return readList(text, input.item);
    case "json":
      return readJson(text);
    default:
      return input satisfies never;
  }
}

function readList(text: string, item: "text" | "number" | "integer"): Read {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const items: Json[] = [];
  for (const line of lines) {
    const read: Read = item === "text" ? { ok: true, value: line } : readNumber(line, item === "integer");
    if (!read.ok) return { ok: false, error: `One on each line. ${read.error}` };
    if (read.value !== undefined) items.push(read.value);
  }
  return { ok: true, value: items };
}

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function readNumber(text: string, integer: boolean): Read {
  const trimmed = text.trim();
  if (!NUMBER.test(trimmed))
    return { ok: false, error: `Write a ${integer ? "whole " : ""}number, like ${integer ? "12" : "12.5"}.` };
  const read = readJson(trimmed);
  if (read.ok && integer && !Number.isInteger(read.value))
    return { ok: false, error: "Write a whole number, like 12." };
  return read;
}

function readJson(text: string): Read {
  if (text.trim() === "") return { ok: true, value: undefined };
  const parsed = parseJson(text, JSON_LIMITS);
  return parsed.ok ? parsed : { ok: false, error: PROBLEMS[parsed.problem.code] };
}

const PROBLEMS: Readonly<Record<JsonProblem["code"], string>> = {
  JSON_MALFORMED: 'This is not JSON. Texts and names stand in double quotes: {"amount": 12}.',
  JSON_TOO_DEEP: "This is nested more deeply than a call may be.",
  JSON_TOO_MANY: "This holds more values than a call may hold.",
  JSON_UNSAFE_NUMBER: "A number in it is too large to be exact. Write it as a text.",
  JSON_FORBIDDEN_KEY: "No call may have a member __proto__.",
};

import type { EntryMistake } from "../../config/checks/upstream-entry.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { JSON_LIMITS } from "../../core/limits.ts";
import { parseJson } from "../../core/parse-json.ts";
import type { ConsoleForm } from "../read-form.ts";

/** How many headers the form has room for; the entry as JSON takes any number. */
export const HEADER_ROWS = 3;

/** What was written into the form, to be shown again. Header values are secrets and not among it. */
export interface RegistrationFields {
  readonly name: string;
  readonly url: string;
  readonly type: string;
  readonly headerNames: readonly string[];
  readonly timeout: string;
  readonly isolation: string;
  readonly allow: string;
  readonly deny: string;
  /** The rest, as JSON. */
  readonly entry: string;
}

/** The form before anybody wrote anything. */
export const EMPTY_REGISTRATION: RegistrationFields = {
  ...{ name: "", url: "", type: "http", headerNames: [], timeout: "60s", isolation: "session" },
  ...{ allow: "*", deny: "", entry: "" },
};

export type ReadRegistration =
  | { readonly ok: true; readonly entry: JsonObject }
  | { readonly ok: false; readonly mistakes: readonly EntryMistake[] };

/** What the form holds, for showing it again. */
export function fieldsOf(form: ConsoleForm): RegistrationFields {
  const [name, url, type, timeout, isolation] = ["name", "url", "type", "timeout", "isolation"].map((field) =>
    form.text(field).trim(),
  );
  return {
    ...{ name: name ?? "", url: url ?? "", type: type ?? "", timeout: timeout ?? "", isolation: isolation ?? "" },
    ...{ headerNames: form.all("header_name"), allow: form.text("allow"), deny: form.text("deny") },
    entry: form.text("entry"),
  };
}

/** Makes an entry of `upstreams:` of the form. What the JSON says counts; the fields fill in what it leaves out. */
export function readRegistration(form: ConsoleForm): ReadRegistration {
  const fields = fieldsOf(form);
  const headers = headersIn(form);
  if (headers === undefined) {
    return {
      ok: false,
      mistakes: [{ at: "headers", message: "A header needs both a name and a value, and no name twice." }],
    };
  }
  const rest = restIn(fields.entry);
  if (rest === undefined) return { ok: false, mistakes: [{ at: "entry", message: "This is not a JSON object." }] };
  const remote: JsonObject = {
    ...(fields.url === "" ? {} : { url: fields.url, type: fields.type }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  };
  const entry: JsonObject = {
    // A program has no URL, type or headers.
    ...(rest["command"] === undefined ? remote : {}),
    ...(fields.timeout === "" ? {} : { timeout: fields.timeout }),
    ...(fields.isolation === "" ? {} : { isolation: fields.isolation }),
    tools: { allow: globsIn(fields.allow), deny: globsIn(fields.deny) },
    ...rest,
  };
  return { ok: true, entry };
}

function headersIn(form: ConsoleForm): Readonly<Record<string, string>> | undefined {
  const names = form.all("header_name").map((name) => name.trim());
  const values = form.all("header_value");
  const written = names
    .map((name, index) => [name, values[index] ?? ""] as const)
    .filter(([name, value]) => name !== "" || value !== "");
  const distinct = new Set(written.map(([name]) => name.toLowerCase()));
  if (distinct.size < written.length || written.some(([name, value]) => name === "" || value === "")) return undefined;
  return Object.fromEntries(written);
}

function restIn(text: string): JsonObject | undefined {
  if (text.trim() === "") return {};
  const parsed = parseJson(text, JSON_LIMITS);
  return parsed.ok && isObject(parsed.value) ? parsed.value : undefined;
}

// One a line, or with commas.
function globsIn(text: string): readonly string[] {
  return text
    .split(/[\n,]/)
    .map((glob) => glob.trim())
    .filter((glob) => glob !== "");
}

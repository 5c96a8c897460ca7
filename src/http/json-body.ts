import { type Refusal, refuse } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { parseJson, whereInJson } from "../core/parse-json.ts";
import type { JsonLimits } from "../core/scan-json.ts";

/** Whether a `Content-Type` says JSON. Forms of foreign pages can send three other types without being asked first. */
export function isJsonType(contentType: string | undefined): boolean {
  // As nearly everybody writes it.
  if (contentType === "application/json") return true;
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() === "application/json";
}

/** The value of a body, or the refusal that names where the JSON rules are broken. @throws never */
export function parseJsonBody(text: string, limits: JsonLimits): { readonly ok: true; readonly value: Json } | Refusal {
  const parsed = parseJson(text, limits);
  if (parsed.ok) return parsed;
  return refuse(parsed.problem.code, whereInJson(parsed.problem));
}

import { type Refusal, refuse } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { type ParsedJson, parseJson, parseJsonInSlices, whereInJson } from "../core/parse-json.ts";
import type { JsonLimits } from "../core/scan-json.ts";
import type { Slices } from "../core/slices.ts";
import type { Body } from "./body.ts";

/** Whether a `Content-Type` says JSON. Forms of foreign pages can send three other types without being asked first. */
export function isJsonType(contentType: string | undefined): boolean {
  // As nearly everybody writes it.
  if (contentType === "application/json") return true;
  return contentType?.split(";", 1)[0]?.trim().toLowerCase() === "application/json";
}

export type JsonBody = { readonly ok: true; readonly value: Json } | Refusal;

/** The value of a body, or the refusal that names where the JSON rules are broken. @throws never */
export function parseJsonBody(text: string, limits: JsonLimits): JsonBody {
  return orRefusal(parseJson(text, limits));
}

/** As `parseJsonBody`, for bodies that may be long: in `slices` between which everybody else has their turn. @throws never */
export async function parseLongJsonBody(
  body: Extract<Body, { ok: true }>,
  limits: JsonLimits,
  slices: Slices,
): Promise<JsonBody> {
  return orRefusal(await parseJsonInSlices(body, limits, slices));
}

function orRefusal(parsed: ParsedJson): JsonBody {
  return parsed.ok ? parsed : refuse(parsed.problem.code, whereInJson(parsed.problem));
}

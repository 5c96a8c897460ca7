import type { JsonObject } from "../core/json.ts";
import { doubtsOfAddress } from "./address-parts.ts";
import type { Domain } from "./domain.ts";
import { parseTimestamp } from "./timestamps.ts";

/*
 * A schema's `format` is what its author meant, and binds nobody: another form is doubtful, and not ruled out.
 */

/** The `format` on which all alternatives agree. JSON Schema 2020-12, validation §7.3 */
export function formatOf(alternatives: readonly (readonly JsonObject[])[]): string | undefined {
  const formats = alternatives.map((schemas) =>
    schemas.map(({ format }) => format).find((it) => typeof it === "string"),
  );
  const [format] = formats;
  return formats.every((it) => it === format) && typeof format === "string" ? format : undefined;
}

/** What speaks against comparing a text of this format with another one. */
export function doubtsOf(format: string | undefined): Domain["doubts"] {
  if (format === "email" || format === "idn-email") return doubtsOfAddress;
  const form = format === "date" ? DATE : format === "date-time" ? DATE_TIME : undefined;
  if (form === undefined) return () => undefined;
  return (text, where) => (where === "whole" && !form.fits(text) ? form.says : undefined);
}

const DATE = {
  fits: (text: string) => parseTimestamp(`${text}T00:00:00Z`) !== undefined,
  says: 'By the tool\'s schema it is a date, as "2026-01-31".',
};
const DATE_TIME = {
  fits: (text: string) => parseTimestamp(text) !== undefined,
  says: 'By the tool\'s schema it is a time, as "2026-01-31T09:00:00Z".',
};

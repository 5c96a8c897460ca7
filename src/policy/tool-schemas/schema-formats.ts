import { isIPv4, isIPv6 } from "node:net";
import type { JsonObject } from "../../core/json.ts";
import { parseTimestamp } from "../syntax/timestamps.ts";
import { doubtsOfAddress } from "./address-parts.ts";
import type { Domain } from "./domain.ts";

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

/** What texts of this format are read as. */
export function readsAs(format: string | undefined): Domain["reads"] {
  if (format === "email" || format === "idn-email") return "address";
  return format !== undefined && URLS.has(format) ? "url" : undefined;
}

const URLS: ReadonlySet<string> = new Set(["uri", "iri", "url", "uri-reference", "iri-reference"]);

/** What speaks against comparing a text of this format with another one. */
export function doubtsOf(format: string | undefined): Domain["doubts"] {
  if (format === "email" || format === "idn-email")
    return (text, where) => doubtsOfAddress(text, where) ?? capitalsIn(text);
  const form = format !== undefined && Object.hasOwn(FORMS, format) ? FORMS[format] : undefined;
  if (form === undefined) return () => undefined;
  return (text, where) =>
    where === "whole" && !form.fits(text) ? `By the tool's schema it is ${form.is}.` : undefined;
}

// To write it in small letters fits more calls, so that it is nothing to propose where they are allowed by it.
function capitalsIn(text: string): string | undefined {
  return /\p{Lu}/u.test(text)
    ? "In an address capitals mean nothing, and whoever calls chooses them: bob@acme.com is Bob@acme.com."
    : undefined;
}

/** A form of texts, wide rather than narrow: what a reader could take for one is no doubt. */
interface Form {
  fits(text: string): boolean;
  readonly is: string;
}

/** JSON Schema 2020-12, validation §7.3 */
const FORMS: Readonly<Record<string, Form>> = {
  date: { fits: (text) => parseTimestamp(`${text}T00:00:00Z`) !== undefined, is: 'a date, as "2026-01-31"' },
  "date-time": { fits: (text) => parseTimestamp(text) !== undefined, is: 'a time, as "2026-01-31T09:00:00Z"' },
  time: { fits: (text) => /^\d\d:\d\d:\d\d/.test(text), is: 'a time of day, as "09:00:00Z"' },
  uuid: { fits: (text) => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text), is: "a uuid, of 36 characters" },
  uri: { fits: (text) => /^[a-z][a-z\d+.-]*:/i.test(text), is: 'a whole URI, as "https://acme.com"' },
  iri: { fits: (text) => /^[a-z][a-z\d+.-]*:/i.test(text), is: 'a whole URI, as "https://acme.com"' },
  ipv4: { fits: (text) => isIPv4(text), is: 'an IPv4 address, as "192.0.2.1"' },
  ipv6: { fits: (text) => isIPv6(text), is: 'an IPv6 address, as "2001:db8::1"' },
  hostname: { fits: (text) => /^[^\s/:@?#]+$/.test(text), is: 'the name of a host, as "acme.com"' },
  "idn-hostname": { fits: (text) => /^[^\s/:@?#]+$/.test(text), is: 'the name of a host, as "acme.com"' },
};

import type { ClientFacts } from "../core/call.ts";
import type { JsonObject } from "../core/json.ts";
import { REDACTED } from "./secrets/redact.ts";
import { scrubText } from "./secrets/secrets.ts";

/** What is kept of a client's name, and of its version. */
const MAX_TEXT = 128;

/** Clients come again: what is written for so many of them is kept. */
const MAX_KNOWN = 1_000;

/**
 * What is kept or shown of a text in which a client names itself. It may write anything there, and it stands in clear: what looks
 * like a credential is taken out. @throws never
 */
export function clientText(text: string): string {
  return scrubText(text, MAX_TEXT, REDACTED);
}

/** `clientText` of all in which a client names itself. @throws never */
export function clientInfoTexts(info: JsonObject): JsonObject {
  const texts = Object.entries(info).map(([key, value]) => [
    key,
    typeof value === "string" ? clientText(value) : value,
  ]);
  return Object.fromEntries(texts);
}

/** Makes the function that writes what a client calls itself for the record, `name/version`. */
export function createClientTexts(): (client: Pick<ClientFacts, "name" | "version">) => string {
  const known = new Map<string, string>();
  return ({ name, version }) => {
    const key = `${name}\n${version}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const text = `${clientText(name)}/${clientText(version)}`;
    if (known.size >= MAX_KNOWN) known.clear();
    if (key.length <= 2 * MAX_TEXT) known.set(key, text);
    return text;
  };
}

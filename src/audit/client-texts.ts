import type { ClientFacts } from "../core/call.ts";
import { REDACTED } from "./secrets/redact.ts";
import { scrubText } from "./secrets/secrets.ts";

/** What is kept of a client's name, and of its version. */
const MAX_TEXT = 128;

/** Clients come again: what is written for so many of them is kept. */
const MAX_KNOWN = 1_000;

/**
 * Makes the function that writes what a client calls itself, `name/version`. A client may write anything there, and it stands in
 * clear: what looks like a credential is taken out.
 */
export function createClientTexts(): (client: Pick<ClientFacts, "name" | "version">) => string {
  const known = new Map<string, string>();
  return ({ name, version }) => {
    const key = `${name}\n${version}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const text = `${scrubText(name, MAX_TEXT, REDACTED)}/${scrubText(version, MAX_TEXT, REDACTED)}`;
    if (known.size >= MAX_KNOWN) known.clear();
    if (key.length <= 2 * MAX_TEXT) known.set(key, text);
    return text;
  };
}

import { recordedRefusal } from "../../audit/read/recorded-refusal.ts";
import { grouped } from "../../core/counted.ts";
import type { AuditEntry } from "../../store/audit/audit-rows.ts";
import { outcomeWords } from "../outcome-words.ts";

const PLACES: ReadonlyMap<string | undefined, string> = new Map([
  ["mcp", "MCP"],
  ["stdio", "MCP over stdio"],
  ["api", "the API"],
  ["console", "the console"],
  ["sign_in", "the console’s sign-in"],
]);

const CREDENTIALS: ReadonlyMap<string | undefined, string> = new Map([
  ["none", "Without a credential"],
  ["bearer", "With a token"],
  ["key", "With a key"],
  ["basic", "With a name and a password"],
  ["cookie", "With a session of the console"],
  ["other", "With another kind of credential"],
]);

/** Where refused requests came from. */
export function addressWords({ clientIp }: Pick<AuditEntry, "clientIp">): string {
  if (clientIp === "") return "A local client";
  return clientIp ?? "Many addresses";
}

/** What was asked for, as a list names it: `prompts/get at MCP, 41 times`. `undefined`: the entry is no refusal. */
export function refusedName(entry: AuditEntry): string | undefined {
  const refusal = recordedRefusal(entry);
  if (refusal === undefined) return undefined;
  const times =
    refusal.count === 1 ? "" : `, ${grouped(refusal.count)} ${refusal.since === undefined ? "" : "more "}times`;
  return `${entry.method ?? "a request"} at ${PLACES.get(refusal.at) ?? "the gateway"}${times}`;
}

/** What such a row says, to follow an address or a name, and what else there is to say. None of it is escaped. */
export function refusedWords(entry: AuditEntry): { readonly text: string; readonly more: readonly string[] } {
  const refusal = recordedRefusal(entry);
  const { count = 1, since, at, credential, claimedIssuer, reason } = refusal ?? {};
  const place = PLACES.get(at) ?? "the gateway";
  const times = since === undefined ? "" : count === 1 ? " once more" : ` ${grouped(count)} more times`;
  const kind = CREDENTIALS.get(credential);
  const issuer =
    claimedIssuer === undefined ? "" : ` that names ${claimedIssuer} as its issuer, which nobody has verified`;
  return {
    text: `was refused at ${place}${times}.`,
    more: [
      ...(reason === undefined ? [outcomeWords(entry.outcome).text] : [`The sign-in ended with ${reason}.`]),
      ...(kind === undefined ? [] : [`${kind}${issuer}.`]),
      ...(entry.method === null ? [] : [`Method: ${entry.method}.`]),
      ...(since === undefined ? [] : [`The first came at ${since}.`]),
    ],
  };
}

import type { Principal } from "../core/principal.ts";
import { REDACTED } from "./secrets/redact.ts";
import { scrubText } from "./secrets/secrets.ts";

/** Bounds of what is kept. A name or a group that is longer says nothing more; a token does not hold so many. */
const MAX_TEXT = 256;
const MAX_ITEMS = 200;

/**
 * Makes the function that writes what a condition can see of the caller and has no column of its own, as JSON: `kind`,
 * `home` (`false` for who comes from
 * another issuer than the first), `acted_by` (who acts for them by the token, the last one first, as `issuer|subject`),
 * `name`, `roles`, `groups`, `scopes`, `acr`, `amr`, `auth_time` (ms) and `user_agent`, each where there is one. No
 * claims and no other headers. `cut: true` says that something was too long, so that a replay knows.
 *
 * This runs for every call, and callers come again: the text is kept for as long as the principal is.
 */
export function createFacts(): (principal: Principal, userAgent: string) => string {
  const known = new WeakMap<Principal, { readonly userAgent: string; readonly text: string }>();
  return (principal, userAgent) => {
    const before = known.get(principal);
    if (before?.userAgent === userAgent) return before.text;
    const text = factsText(principal, userAgent);
    known.set(principal, { userAgent, text });
    return text;
  };
}

function factsText(principal: Principal, userAgent: string): string {
  let cut = false;
  const short = (text: string): string => {
    if (text.length <= MAX_TEXT) return text;
    cut = true;
    // Never half a surrogate pair.
    return `${text.slice(0, MAX_TEXT).replace(/[\ud800-\udbff]$/, "")}…`;
  };
  const list = (items: readonly string[]): readonly string[] | undefined => {
    cut ||= items.length > MAX_ITEMS;
    return items.length === 0 ? undefined : items.slice(0, MAX_ITEMS).map(short);
  };
  const optional = (text: string | undefined) => (text === undefined ? undefined : short(text));
  // The only one of these that nobody vouches for: whatever a client writes there stands in clear for ever.
  const agent = scrubText(userAgent, MAX_TEXT, REDACTED);
  cut ||= agent !== userAgent;
  const facts = {
    kind: principal.kind,
    home: principal.home ? undefined : false,
    acted_by: list(principal.actors.map(({ issuer, subject }) => `${issuer}|${subject}`)),
    name: optional(principal.name),
    // What nobody could read is not on record, for a replay neither.
    roles: principal.unread?.includes("roles") === true ? false : list(principal.roles),
    groups: principal.unread?.includes("groups") === true ? false : list(principal.groups),
    scopes: list(principal.scopes),
    acr: optional(principal.acr),
    amr: list(principal.amr),
    auth_time: principal.authTime,
    user_agent: agent === "" ? undefined : agent,
  };
  // JSON leaves out what is undefined.
  return JSON.stringify({ ...facts, ...(cut ? { cut } : {}) });
}

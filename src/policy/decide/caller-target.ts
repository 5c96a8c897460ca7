import { namesWithin, readMailbox, withoutZeros } from "../../core/mailbox.ts";
import { clientIdOf } from "../../core/policy-names.ts";
import { hasOddName, isBare, type Principal } from "../../core/principal.ts";
import type { PolicyTarget } from "../file/schema.ts";
import type { Viewer } from "../policy-set.ts";
import { compileGlobSelection, isExclusion, isGlob } from "./glob-selection.ts";

/** The part of a target that is about who calls; `undefined` where every caller will do. */
export function compileCaller(target: PolicyTarget, widens: boolean): ((caller: Viewer) => boolean) | undefined {
  const checks: ((caller: Viewer) => boolean)[] = [];
  const { users, roles, groups, clients, endpoints } = target;
  if (users !== undefined) {
    checks.push(compileUsers(users, widens));
  }
  if (roles !== undefined) {
    checks.push(compileGrants("roles", roles, widens));
  }
  if (groups !== undefined) {
    checks.push(compileGrants("groups", groups, widens));
  }
  if (clients !== undefined) {
    checks.push(compileClients(clients, widens));
  }
  if (endpoints !== undefined) {
    const choice = compileGlobSelection(endpoints);
    checks.push(({ endpoint }) => choice.one(endpoint));
  }
  const [first, ...others] = checks;
  if (first === undefined || others.length === 0) return first;
  return (caller) => first(caller) && others.every((check) => check(caller));
}

/** Roles or groups. Who may have others that nobody could read is restricted, and is let in by no lack of one. */
function compileGrants(fact: "roles" | "groups", patterns: readonly string[], widens: boolean) {
  const choice = compileGlobSelection(patterns);
  const excludes = patterns.some(isExclusion);
  return ({ principal }: Viewer): boolean =>
    principal.unread?.includes(fact) === true && (!widens || excludes) ? !widens : choice.any(principal[fact]);
}

/**
 * Clients by the name that they give themselves, or by id: bare it means a key or a client of the first issuer,
 * `issuer|client` any. As with users, a restriction also fits the bare id of a client of another issuer, whichever claim
 * it stands in, and that of whoever acts for the user; where nobody can read which it is, any restriction does.
 */
function compileClients(clients: readonly string[], widens: boolean): (caller: Viewer) => boolean {
  const choice = compileGlobSelection(clients);
  const all = clients.every(isExclusion);
  const excludes = clients.some(isExclusion);
  return ({ client, principal }) => {
    if (principal.unread?.includes("clients") === true && (!widens || excludes)) return !widens;
    const { name, id } = client;
    const qualified = id === undefined ? undefined : `${principal.issuer}|${id}`;
    const sure = [name, clientIdOf(client, principal), qualified].filter((text) => text !== undefined);
    const any = [...sure, ...(id === undefined ? [] : [id]), ...otherClientsOf(principal)];
    const [included, excluded] = widens ? [sure, any] : [any, sure];
    return (all || included.some(choice.matches)) && !excluded.some(choice.excludes);
  };
}

function otherClientsOf({ issuer, otherClients = [], actors }: Principal): readonly string[] {
  const acting = actors.flatMap((actor) => actor.names.flatMap((name) => [name, `${actor.issuer}|${name}`]));
  return [...otherClients.flatMap((id) => [id, `${issuer}|${id}`]), ...acting];
}

/**
 * Users by e-mail address in any case, or by subject: bare it means a key or the first issuer, `issuer|subject` any. Who
 * widens access has to be sure of whom it names, and who restricts it must not miss anybody: there a name that nobody
 * vouched for is enough to be included, and here it is enough to be excluded. So is an address that may be another
 * spelling of the same mailbox; one that is not plain may be of any.
 */
function compileUsers(users: readonly string[], widens: boolean): (caller: Viewer) => boolean {
  const qualified = compileGlobSelection(users.filter(isQualified));
  // Some issuers have the sign in their subjects (`auth0|3f2c`).
  const ids = compileGlobSelection(users);
  // The same mailbox however it is spelt; a different spelling must not be a way around a refusal.
  const emails = compileGlobSelection(users.map((user) => user.toLowerCase()));
  const spelt = compileGlobSelection(users.flatMap(spellingsOf));
  const names = { matches: !users.every(isExclusion), excludes: users.some(isExclusion) };
  const all = users.every(isExclusion) || users.includes("*");
  const matches = (principal: Principal, sure: boolean, side: "matches" | "excludes"): boolean => {
    const { issuer, subject, email, actors } = principal;
    // Whoever acts for somebody is in it with them.
    const acting = sure ? [] : actors;
    return (
      ((!sure || isBare(subject, principal)) && ids[side](subject)) ||
      qualified[side](`${issuer}|${subject}`) ||
      (email !== undefined && emails[side](email.toLowerCase())) ||
      (!sure && mayBe(principal, side)) ||
      acting.some((actor) => ids[side](actor.subject) || qualified[side](`${actor.issuer}|${actor.subject}`))
    );
  };
  const mayBe = (principal: Principal, side: "matches" | "excludes") => {
    const { odd, others, spellings } = othersOf(principal);
    return (odd && names[side]) || others.some(emails[side]) || spellings.some(spelt[side]);
  };
  return ({ principal }) => (all || matches(principal, widens, "matches")) && !matches(principal, !widens, "excludes");
}

/** What a name that can be written in several ways is compared by: a mailbox, a number. */
function spellingsOfName(name: string): readonly string[] {
  const box = readMailbox(name);
  if (box !== undefined) return [box.address, box.bare];
  return /^\d+$/.test(name) ? [withoutZeros(name)] : [];
}

/** A pattern of users, and the mailbox or the number where it names one. */
function spellingsOf(pattern: string): readonly string[] {
  const not = isExclusion(pattern) ? "!" : "";
  const found = isGlob(pattern) ? [] : spellingsOfName(pattern.slice(not.length));
  return found.length === 0 ? [pattern.toLowerCase()] : found.map((one) => not + one);
}

interface Others {
  /** Whether one of their names may be any address. */
  readonly odd: boolean;
  /** What they and whoever acts for them are called besides, and what stands within that, in lower case. */
  readonly others: readonly string[];
  /** What the plain addresses and the numbers among all that may be. */
  readonly spellings: readonly string[];
}

// A credential is kept for a while, and many policies may ask.
const known = new WeakMap<Principal, Others>();

function othersOf(principal: Principal): Others {
  const before = known.get(principal);
  if (before !== undefined) return before;
  const { subject, email, aliases, actors } = principal;
  const said = [...aliases, ...actors.flatMap(({ names }) => names)];
  const own = email === undefined ? [subject] : [subject, email];
  const others = [...said, ...[...own, ...said].flatMap(namesWithin)];
  const spellings = [...new Set([...own, ...others].flatMap(spellingsOfName))];
  const lower = [...new Set(others.map((name) => name.toLowerCase()))];
  const found = { odd: hasOddName(principal), others: lower, spellings };
  known.set(principal, found);
  return found;
}

/** Whether a pattern of users names the issuer, too. No address has the sign, and no URL of an issuer. */
function isQualified(pattern: string): boolean {
  return pattern.includes("|");
}

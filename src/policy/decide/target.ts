import { fold } from "../../core/fold.ts";
import { compileGlob, compileGlobs, compileLooseGlobs } from "../../core/glob.ts";
import { isObject, type Json } from "../../core/json.ts";
import { namesWithin, readMailbox } from "../../core/mailbox.ts";
import { clientIdOf } from "../../core/policy-names.ts";
import { hasOddName, isBare, type Principal } from "../../core/principal.ts";
import type { PolicyTarget } from "../file/schema.ts";
import type { PolicyInput, Viewer } from "../policy-set.ts";

/** A target, ready to be matched. All of its keys must match, and within a key one entry is enough. */
export interface CompiledTarget {
  /** Where to look the policy up by the folded path `upstream/tool`. */
  readonly places: readonly TargetBucket[];
  /** The part that depends on the tool alone. */
  matchesTool(tool: PolicyInput["tool"], path: string): boolean;
  /** The part that depends on the caller, `undefined` where every caller will do. */
  readonly matchesCaller: ((caller: Viewer) => boolean) | undefined;
  /** Names of which the caller has one wherever the target fits; `undefined` if that cannot be told. */
  readonly anchor: { readonly fact: "roles" | "groups"; readonly names: readonly string[] } | undefined;
}

/** A policy can be about one tool, about tools of one upstream, or about any. */
export type TargetBucket =
  | { readonly kind: "tool"; readonly path: string }
  | { readonly kind: "upstream"; readonly upstream: string }
  | { readonly kind: "any" };

/** Compiles a target; none is about every call. `widens`: its policy allows what would be refused without it. */
export function compileTarget(target: PolicyTarget | undefined, widens: boolean): CompiledTarget {
  const { tools, upstreams, annotations } = target ?? {};
  const fitsTools = tools && compileTools(tools, widens);
  const upstreamChoice = upstreams && compileChoice(upstreams);
  return {
    places: placesOf(tools, placeOfTools) ?? placesOf(upstreams, placeOfUpstream) ?? [{ kind: "any" }],
    matchesTool: (tool, path) =>
      (fitsTools === undefined || fitsTools(path)) &&
      (upstreamChoice === undefined || upstreamChoice.one(tool.upstream)) &&
      (annotations === undefined || hasAnnotations(tool.definition["annotations"], annotations)),
    matchesCaller: compileCaller(target ?? {}, widens),
    anchor: anchorOf(target ?? {}),
  };
}

/**
 * Tools by path. Servers choose their tools' names: a policy that restricts is also about names that read like those of its
 * target, and excepts none but the very ones; one that widens the other way round.
 */
function compileTools(tools: readonly string[], widens: boolean): (path: string) => boolean {
  const unwanted = tools.filter(isExclusion).map((pattern) => pattern.slice(1));
  const wanted = tools.filter((pattern) => !isExclusion(pattern));
  const includes = wanted.length === 0 ? () => true : (widens ? compileAny : compileLooseGlobs)(wanted);
  const excludes = (widens ? compileLooseGlobs : compileGlobs)(unwanted);
  return (path) => includes(path) && !excludes(path);
}

function compileCaller(target: PolicyTarget, widens: boolean): CompiledTarget["matchesCaller"] {
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
    const choice = compileChoice(endpoints);
    checks.push(({ endpoint }) => choice.one(endpoint));
  }
  const [first, ...others] = checks;
  if (first === undefined || others.length === 0) return first;
  return (caller) => first(caller) && others.every((check) => check(caller));
}

/** Roles or groups. Who may have others that nobody could read is restricted, and is let in by no lack of one. */
function compileGrants(fact: "roles" | "groups", patterns: readonly string[], widens: boolean) {
  const choice = compileChoice(patterns);
  const excludes = patterns.some(isExclusion);
  return ({ principal }: Viewer): boolean =>
    principal.unread?.includes(fact) === true && (!widens || excludes) ? !widens : choice.any(principal[fact]);
}

/**
 * Clients by the name that they give themselves, or by id: bare it means a key or a client of the first issuer,
 * `issuer|client` any. As with users, a restriction also fits the bare id of a client of another issuer, whichever claim
 * it stands in, and that of whoever acts for the user.
 */
function compileClients(clients: readonly string[], widens: boolean): (caller: Viewer) => boolean {
  const choice = compileChoice(clients);
  const all = clients.every(isExclusion);
  return ({ client, principal }) => {
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
  const qualified = compileChoice(users.filter(isQualified));
  // Some issuers have the sign in their subjects (`auth0|3f2c`).
  const ids = compileChoice(users);
  // The same mailbox however it is spelt; a different spelling must not be a way around a refusal.
  const emails = compileChoice(users.map((user) => user.toLowerCase()));
  const spelt = compileChoice(users.flatMap(spellingsOf));
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
    const { odd, others, addresses } = othersOf(principal);
    return (odd && names[side]) || others.some(emails[side]) || addresses.some(spelt[side]);
  };
  return ({ principal }) => (all || matches(principal, widens, "matches")) && !matches(principal, !widens, "excludes");
}

/** A pattern of users, and the mailbox where it names one. */
function spellingsOf(pattern: string): readonly string[] {
  const not = isExclusion(pattern) ? "!" : "";
  const box = isGlob(pattern) ? undefined : readMailbox(pattern.slice(not.length));
  return box === undefined ? [pattern.toLowerCase()] : [not + box.address, not + box.bare];
}

interface Others {
  /** Whether one of their names may be any address. */
  readonly odd: boolean;
  /** What they and whoever acts for them are called besides, and what stands within that, in lower case. */
  readonly others: readonly string[];
  /** What the plain addresses among all that may be. */
  readonly addresses: readonly string[];
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
  const boxes = [...own, ...others].flatMap((name) => readMailbox(name) ?? []);
  const addresses = [...new Set(boxes.flatMap(({ address, bare }) => [address, bare]))];
  const lower = [...new Set(others.map((name) => name.toLowerCase()))];
  const found = { odd: hasOddName(principal), others: lower, addresses };
  known.set(principal, found);
  return found;
}

/** Whether a pattern of users names the issuer, too. No address has the sign, and no URL of an issuer. */
function isQualified(pattern: string): boolean {
  return pattern.includes("|");
}

/** A list of globs, some of which exclude. */
interface Choice {
  /** Whether a glob that does not exclude matches. */
  matches(text: string): boolean;
  /** Whether a glob that excludes matches. */
  excludes(text: string): boolean;
  /** Included and not excluded. */
  one(text: string): boolean;
  /** One of the texts is included and none is excluded; without texts whether everything is included. */
  any(texts: readonly string[]): boolean;
}

function compileChoice(patterns: readonly string[]): Choice {
  const wanted = patterns.filter((pattern) => !isExclusion(pattern));
  const unwanted = patterns.filter(isExclusion).map((pattern) => pattern.slice(1));
  const matches = wanted.length === 0 ? () => false : compileAny(wanted);
  const includes = wanted.length === 0 ? () => true : matches;
  const excludes = unwanted.length === 0 ? () => false : compileAny(unwanted);
  return {
    matches,
    excludes,
    one: (text) => includes(text) && !excludes(text),
    any(texts) {
      let included = wanted.length === 0;
      for (const text of texts) {
        if (excludes(text)) return false;
        included ||= includes(text);
      }
      return included;
    },
  };
}

function isExclusion(pattern: string): boolean {
  return pattern.startsWith("!");
}

// Most targets name one role, group or client outright, and a call may meet a thousand of them.
function compileAny(patterns: readonly string[]): (text: string) => boolean {
  const [only = "", ...others] = patterns;
  return others.length === 0 ? compileGlob(only) : compileGlobs(patterns);
}

function anchorOf({ roles, groups }: PolicyTarget): CompiledTarget["anchor"] {
  for (const [fact, patterns] of [["roles", roles] as const, ["groups", groups] as const]) {
    const names = patterns?.filter((pattern) => !isExclusion(pattern)) ?? [];
    if (names.length > 0 && !names.some(isGlob)) return { fact, names };
  }
  return undefined;
}

/** What a tool is taken for where it does not say. MCP 2025-11-25, schema, ToolAnnotations */
export const ANNOTATION_DEFAULTS: Readonly<Record<string, boolean>> = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
};

function hasAnnotations(given: Json | undefined, wanted: NonNullable<PolicyTarget["annotations"]>): boolean {
  const hints = isObject(given) ? given : {};
  return Object.entries(wanted).every(([name, value]) => {
    const hint = Object.hasOwn(hints, name) ? hints[name] : undefined;
    return (typeof hint === typeof value ? hint : ANNOTATION_DEFAULTS[name]) === value;
  });
}

/** The part of a path that names the upstream. */
export function upstreamOfPath(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash);
}

// A list that only excludes is about everything else.
function placesOf(
  patterns: readonly string[] | undefined,
  placeOf: (glob: string) => TargetBucket,
): TargetBucket[] | undefined {
  const wanted = patterns?.filter((pattern) => !isExclusion(pattern)) ?? [];
  return wanted.length === 0 ? undefined : wanted.map(placeOf);
}

function placeOfTools(given: string): TargetBucket {
  const glob = fold(given);
  if (!isGlob(glob)) return { kind: "tool", path: glob };
  const upstream = upstreamOfPath(glob);
  return isGlob(upstream) || upstream === glob ? { kind: "any" } : { kind: "upstream", upstream };
}

function placeOfUpstream(glob: string): TargetBucket {
  return isGlob(glob) || glob.includes("/") ? { kind: "any" } : { kind: "upstream", upstream: glob };
}

function isGlob(pattern: string): boolean {
  return pattern.includes("*") || pattern.includes("?");
}

import { type ClaimedNames, namesInClaims } from "./claimed-names.ts";
import type { Json, JsonObject } from "./json.ts";
import { isOddAddress, nameForms, readMailbox } from "./mailbox.ts";
import type { People, PersonOptions } from "./people.ts";
import {
  ANONYMOUS_ISSUER,
  hasOddName,
  KEYS_ISSUER,
  LOCAL_ISSUER,
  type Principal,
  personKey,
  personKeys,
  principalKey,
} from "./principal.ts";
import { mailDomainOf } from "./standing.ts";

/**
 * Whether a request is this principal's own: theirs to see and to take back. Only what is certain counts, the same subject
 * of the same issuer, or one person under `people:`; an address alone does not. The client does not matter: people look
 * after what their agents asked for from wherever they sign in.
 */
export function isRequester(requester: Who, principal: Principal, persons: Pick<Persons, "who" | "sameness">): boolean {
  return persons.sameness(persons.who(principal), requester) === "same";
}

/**
 * The same for agents, who are told what came of a call: it is for the credential and the client that made it, because
 * that is what the approval was given for.
 */
export function isMadeBy(
  requester: Pick<Who, "issuer" | "subject"> & { readonly clientId: string | undefined },
  principal: Principal,
): boolean {
  return principalKey(requester) === principalKey(principal) && requester.clientId === principal.clientId;
}

/** What is kept of somebody who asked or decided, to tell later whether somebody else is the same person. */
export interface Who {
  readonly issuer: string;
  readonly subject: string;
  /** Counts as theirs where `traces` says that it was vouched for. */
  readonly email: string | undefined;
  readonly traces: Traces | undefined;
}

/** What somebody may be; `agent`: a machine whose credential names somebody besides itself, who is behind it then. */
export const TRACE_KINDS = ["person", "machine", "agent", "anonymous"] as const;

/** The part that is no name of theirs in clear. `undefined` where nobody wrote it down: nothing tells them apart then. */
export interface Traces {
  readonly kind: (typeof TRACE_KINDS)[number];
  /** Whether the address that stands beside this was vouched for. */
  readonly vouched: boolean;
  /** Keyed hashes of everything that their credential called them, verified or not. */
  readonly names: readonly string[];
  /** The same of whoever acted for them by it, or for whom they acted. */
  readonly actors: readonly string[];
  /** The same of whoever it names without saying that it is them: they may be. */
  readonly mentions: readonly string[];
  /** Whether one of the names cannot be read, or was meant as an address and is no plain one: it may be anybody's. */
  readonly odd: boolean;
}

/**
 * `same` and `different` are certain. Anything else is `unknown`: whoever must not be somebody is refused, and whoever
 * must be somebody is, too.
 */
export type Sameness = "same" | "different" | "unknown";

/** Tells people apart. */
export interface Persons {
  /** What is to be kept of them. */
  traces(principal: Principal): Traces;
  who(principal: Principal): Who;
  /** Somebody of whom only this was written down, before there were traces. */
  recalled(person: Pick<Who, "issuer" | "subject" | "email">): Who;
  sameness(one: Who, other: Who): Sameness;
  /** What the rows of this principal's person have. */
  belongings(principal: Principal): Belongings;
  /** A hash that the rows of one person share, as far as it was known when they were written. */
  personHash(principal: Principal): string;
  /** `personKey` of somebody who is not there. */
  personKey(who: Who): string;
}

/** By what rows are found that are one person's. */
export interface Belongings {
  readonly subjects: PersonOptions["subjects"];
  /** Only of somebody under `people:`. */
  readonly personHash: string | undefined;
}

/** Whoever comes without a credential is anybody who can reach the gateway that way, its approvers too. */
const NOBODY: ReadonlySet<string> = new Set([ANONYMOUS_ISSUER, LOCAL_ISSUER]);

/** Makes it. `hash` is of a purpose of its own. */
export function createPersons({
  people,
  hash,
}: {
  readonly people: People;
  readonly hash: (text: string) => string;
}): Persons {
  const marks = (names: readonly (string | undefined)[]): string[] => [
    ...new Set(names.flatMap((name) => (name === undefined ? [] : nameForms(name).map(hash)))),
  ];
  const byName = new Map(
    people.all.map((person) => [
      person.name,
      { ...person, names: marks([...person.subjects.map(({ subject }) => subject), ...person.emails]) },
    ]),
  );
  const traces = (principal: Principal): Traces => {
    const { behind, mentioned } = othersIn(principal);
    return {
      kind: kindOf(principal),
      // Whoever starts a program over stdio says whatever address they like.
      vouched: principal.email !== undefined && principal.issuer !== LOCAL_ISSUER,
      names: marks([...namesOf(principal), ...mentionedBy(principal)]),
      actors: marks([...principal.actors.flatMap(({ names }) => names), ...behind]),
      // Of an address no account, which somebody else may have.
      mentions: [...new Set(mentioned.flatMap((name) => readMailbox(name)?.bare ?? nameForms(name)).map(hash))],
      odd: hasOddName(principal),
    };
  };
  const who = (principal: Principal): Who => {
    const { issuer, subject, email } = principal;
    return { issuer, subject, email, traces: traces(principal) };
  };

  function sameness(one: Who, other: Who): Sameness {
    if (principalKey(one) === principalKey(other)) return "same";
    const [first, second] = [people.of(vouched(one)), people.of(vouched(other))];
    const [its, theirs] = [namesFor(one, first), namesFor(other, second)];
    // Whoever acted for somebody is in it with them, whatever stands under `people:`.
    if (one.traces?.actors.some((name) => theirs.has(name)) || other.traces?.actors.some((name) => its.has(name)))
      return "unknown";
    if (first !== undefined && second !== undefined) return first === second ? "same" : "different";
    if (one.traces === undefined || other.traces === undefined) return "unknown";
    // The same name may be one human's, or somebody may call himself that: neither is certain.
    if ([...its, ...one.traces.mentions].some((name) => theirs.has(name))) return "unknown";
    if (other.traces.mentions.some((name) => its.has(name))) return "unknown";
    if (one.traces.odd || other.traces.odd) return "unknown";
    // Nobody stands behind a machine who could be the other one.
    if (one.traces.kind === "machine" || other.traces.kind === "machine") return "different";
    if (NOBODY.has(one.issuer) || NOBODY.has(other.issuer)) return "unknown";
    // Whoever issues credentials gives each of its people one subject, and each person of a domain one address.
    const isAgents = one.traces.kind === "agent" || other.traces.kind === "agent";
    if (one.issuer === other.issuer && !isAgents) return "different";
    const domains = domainsOf(mailsOf(vouched(one), first));
    return domainsOf(mailsOf(vouched(other), second)).some((domain) => domains.includes(domain))
      ? "different"
      : "unknown";
  }

  function namesFor({ traces }: Who, person: string | undefined): ReadonlySet<string> {
    return new Set([...(traces?.names ?? []), ...(byName.get(person ?? "")?.names ?? [])]);
  }

  function mailsOf({ email }: Pick<Who, "email">, person: string | undefined): readonly string[] {
    return [...(email === undefined ? [] : [email]), ...(byName.get(person ?? "")?.emails ?? [])];
  }

  return {
    traces,
    who,
    recalled: ({ issuer, subject, email }) => ({
      ...{ issuer, subject, email },
      // Nobody wrote down whether it was verified.
      traces: {
        kind: "person",
        vouched: false,
        names: marks([subject, email]),
        actors: [],
        mentions: [],
        odd: isOddAddress(email ?? ""),
      },
    }),
    sameness,
    personHash: (principal) => hash(personKey(principal)),
    personKey(who) {
      const known = vouched(who);
      return personKey({ ...known, person: people.of(known) });
    },
    belongings(principal) {
      const { issuer, subject } = principal;
      const mine = byName.get(people.of(principal) ?? "");
      return {
        subjects: [{ issuer, subject }, ...(mine?.subjects ?? [])],
        personHash: mine === undefined ? undefined : hash(personKeys({ ...principal, person: mine.name }).join()),
      };
    },
  };
}

/** Everything that a credential calls its owner; a key is often named after whose it is. */
function namesOf({ issuer, subject, email, aliases, clientId }: Principal): readonly (string | undefined)[] {
  return [subject, email, ...aliases, issuer === KEYS_ISSUER ? clientId : undefined];
}

/**
 * An agent with a key of somebody's acts for them: there is a human behind it. So there is behind a machine whose credential
 * names somebody, under a subject that is not theirs, and may be behind one of a further issuer: only the company says of
 * its own that there is none.
 */
function kindOf(principal: Principal): Traces["kind"] {
  const { issuer, kind, machineByName, name, home } = principal;
  if (kind !== "machine") return kind;
  if (issuer === KEYS_ISSUER && name !== undefined) return "person";
  if (namesSomebody(principal)) return "agent";
  return !home || machineByName === true ? "person" : kind;
}

// What Keycloak and Auth0 make of the name of a client is the client's.
function namesSomebody({ subject, clientId, email = subject, aliases }: Principal): boolean {
  const own = new Set([subject, clientId ?? subject, `service-account-${clientId}`].flatMap(nameForms));
  return [email, ...aliases].some((alias) => !nameForms(alias).some((form) => own.has(form)));
}

/**
 * All that stands in a machine's token: whoever is called so may be its owner, however the claim is called that says it.
 * Of a person's it would be others, too: a manager approves.
 */
function mentionedBy({ kind, claims }: Principal): readonly string[] {
  return kind === "machine" ? [...textsWithin(claims)] : [];
}

/** Of a person: a machine is in it with everybody whom its token names. */
function othersIn({ kind, claims }: Principal): Pick<ClaimedNames, "behind" | "mentioned"> {
  return kind === "machine" ? { behind: [], mentioned: [] } : namesInClaims(claims);
}

function* textsWithin(claims: JsonObject): Iterable<string> {
  const waiting: (Json | undefined)[] = [claims];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === "string" || typeof value === "number") yield String(value);
    else if (typeof value === "object" && value !== null) waiting.push(...Object.values(value));
  }
}

function vouched(who: Who): Who {
  return who.traces?.vouched === true ? who : { ...who, email: undefined };
}

function domainsOf(addresses: readonly string[]): readonly string[] {
  return addresses.flatMap((address) => mailDomainOf(address) ?? []);
}

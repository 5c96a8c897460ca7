import { isIP } from "node:net";
import { fold } from "../../core/fold.ts";
import type { Standing } from "../../core/standing.ts";
import { DECIDED_METHODS } from "../../core/subject.ts";
import type { KnownTool } from "../known-tool.ts";
import { isAddressAsSeen } from "../syntax/address-spelling.ts";
import { doubtsOfAddress } from "../tool-schemas/address-parts.ts";
import { ANYTHING, between, type Domain, oneOf, textsThat } from "../tool-schemas/domain.ts";
import { doubtsOfIp } from "../tool-schemas/ip-parts.ts";
import { few, joined, literalShape, repeated } from "../tool-schemas/text-shape.ts";
import type { Kind, Value } from "./values.ts";

/** An issuer that does not speak for the company, with the names that it may give. */
export interface FurtherIssuer extends Pick<Standing, "roles" | "groups" | "scopes"> {
  readonly issuer: string;
}

/** What an endpoint shows. */
export interface ShownThere {
  readonly upstreams: readonly string[];
  /** Whether it shows a tool of these, by its path. */
  tool(path: string): boolean;
}

/** What the configuration says of the facts of calls; `undefined` where nobody knows. */
export interface KnownFacts {
  /** Names after `/mcp/`; `/mcp` itself, which has none, counts besides. */
  readonly endpoints: readonly string[] | undefined;
  /** What each endpoint shows, by its name; that of `/mcp` is empty. */
  readonly shown?: ReadonlyMap<string, ShownThere>;
  readonly issuers: readonly string[] | undefined;
  /** Roles that the configuration names; issuers may say others. */
  readonly roles?: readonly string[];
  /** Names of the API keys, which are their clients' ids; issuers may say others. */
  readonly keys?: readonly string[];
  /** Domains in which the configuration says that somebody has an address, or issuers are. */
  readonly domains?: readonly string[];
  /** Names of the request headers that conditions see, in lower case. */
  readonly headers: readonly string[] | undefined;
  /** Those of the issuers that do not speak for the company. */
  readonly further?: readonly FurtherIssuer[];
}

/** Nothing is known but what holds of every gateway. */
export const NO_KNOWN_FACTS: KnownFacts = { endpoints: undefined, issuers: undefined, headers: undefined };

/**
 * What a field of a call can be, by its name in conditions: `request.method`. Of two times what lies between them, in
 * seconds, by both names.
 */
export type FactTable = ReadonlyMap<string, Domain>;

const isOfLocalPart = (character: string): boolean =>
  character !== "@" && character.trim() !== "" && fold(character) === character;
const isOfDomain = (character: string): boolean => /[a-z0-9._-]/.test(character);

/** Only plain addresses count (`core/mailbox.ts`), and conditions see them in one spelling (`address-spelling.ts`). */
const EMAIL: Domain = {
  ...textsThat(isAddressAsSeen, 'It is an address in lower case, its domain in ASCII, as "ann@acme.com", or absent.'),
  shapes: few([joined(repeated(isOfLocalPart, 1), literalShape("@"), repeated(isOfDomain, 1))]),
  doubts: doubtsOfAddress,
  reads: "address",
};

const NEVER_EMPTY = textsThat((text) => text !== "", "It is never empty: where there is none it is absent.");

const NAMED = textsThat((text) => text !== "", "It is never empty.");

/** Servers and clients may write one that is none. RFC 3986 §3.1 */
const URI: Domain = {
  ...NAMED,
  doubts: (text, where) =>
    where === "whole" && !/^[a-z][a-z0-9+.-]*:/i.test(text)
      ? 'URIs begin with their scheme, as in "file:///hr/a.txt"; paths of a target have the upstream before it.'
      : undefined,
};

/** One spelling of each: RFC 5952, and of an IPv4 address in an IPv6 one the former. */
function isAddressOfClient(text: string): boolean {
  if (isIP(text) === 4) return true;
  const url = `http://[${text}]/`;
  return isIP(text) === 6 && URL.canParse(url) && new URL(url).hostname === `[${text}]` && !text.startsWith("::ffff:");
}

const CLIENT_IP: Domain = {
  ...textsThat(
    isAddressOfClient,
    'It is an address, as "10.0.0.7" or "2001:db8::1", in lower case and as short as it goes.',
  ),
  shapes: few([repeated((character) => /[0-9a-f.:]/.test(character), 2)]),
  // From `::` to eight parts of four.
  size: between(2, 39).range,
  doubts: doubtsOfIp,
  reads: "ip",
};

const SCOPE: Domain = {
  ...textsThat((text) => text !== "" && !text.includes(" "), "It is one scope, without blanks."),
  shapes: few([repeated((character) => character !== " ", 1)]),
};

/** What claims are that every token has, or that are checked where it has them. RFC 7519 §4.1 */
const CLAIMS: Readonly<Record<string, Kind>> = {
  "user.claims.iss": "string",
  "user.claims.sub": "string",
  "user.claims.exp": "double",
  "user.claims.nbf": "double",
  "user.claims.iat": "double",
};

/** A member of a fact, or an item of it, with what is known of that by itself. */
export function partOfFact(value: Value, fact: string, facts: FactTable): Value {
  const kind = Object.hasOwn(CLAIMS, fact) ? CLAIMS[fact] : undefined;
  const kinds = kind === undefined ? value.kinds : new Set([kind]);
  return { ...value, kinds, fact, domain: facts.get(fact) ?? value.domain };
}

/** What facts of a call can be that do not depend on the tool. */
export function factsOfCalls({ endpoints, issuers, headers }: KnownFacts): FactTable {
  const facts = new Map<string, Domain>([
    [
      "request.method",
      oneOf(Object.keys(DECIDED_METHODS), `Policies decide on ${listed(Object.keys(DECIDED_METHODS))}.`),
    ],
    ["user.email", EMAIL],
    [
      "request.time - user.auth_time",
      { ...between(0, Number.POSITIVE_INFINITY), says: "Nobody signs in after the call." },
    ],
    ["client.ip", CLIENT_IP],
    ["user.id", NEVER_EMPTY],
    ["user.acr", NEVER_EMPTY],
    ["request.session", NEVER_EMPTY],
    ["user.scopes[]", SCOPE],
    ["prompt.name", NAMED],
    ["resource.uri", URI],
  ]);
  if (endpoints !== undefined) {
    const says = `It is ${[...endpoints].sort().map(quoted).join(", ")}${endpoints.length > 0 ? ", or" : ""} empty for /mcp itself.`;
    facts.set("request.endpoint", oneOf(["", ...endpoints], says));
  }
  if (issuers !== undefined) {
    facts.set("user.issuer", oneOf(issuers));
    facts.set("user.claims.iss", oneOf(issuers));
  }
  if (headers !== undefined) {
    facts.set("request.headers", { ...ANYTHING, keys: headers, says: `Conditions see ${headers.join(", ")}.` });
  }
  return facts;
}

/** What facts of the tool can be, where a policy is about these tools and no others. */
export function factsOfTools(tools: readonly KnownTool[]): FactTable {
  const names = distinct(tools.map(({ name }) => name));
  const upstreams = distinct(tools.map(({ upstream }) => upstream));
  const facts = new Map<string, Domain>([
    [
      "tool.name",
      oneOf(names, `It is the upstream's own name of the tool, and of those in the target: ${listed(names)}.`),
    ],
    ["tool.upstream", oneOf(upstreams, `Of those in the target it is ${listed(upstreams)}.`)],
  ]);
  const titles = tools.map(({ definition: { title } }) => title).filter((title) => typeof title === "string");
  if (titles.length === tools.length) facts.set("tool.title", oneOf(distinct(titles)));
  return facts;
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)].sort();
}

const MAX_LISTED = 12;

/** Names in a message: at most twelve, and how many more. */
export function listed(names: readonly string[]): string {
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  return `${names.slice(0, MAX_LISTED).map(quoted).join(", ")}${more}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

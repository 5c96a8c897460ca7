import { isIP } from "node:net";
import { fold } from "../../core/fold.ts";
import type { Standing } from "../../core/standing.ts";
import type { KnownTool } from "../known-tool.ts";
import { doubtsOfAddress } from "../schemas/address-parts.ts";
import { ANYTHING, between, type Domain, oneOf, textsThat } from "../schemas/domain.ts";
import { few, joined, literalShape, repeated } from "../schemas/text-shape.ts";
import { isAddressAsSeen } from "../syntax/address-spelling.ts";

/** An issuer that does not speak for the company, with the names that it may give. */
export interface FurtherIssuer extends Pick<Standing, "roles" | "groups" | "scopes"> {
  readonly issuer: string;
}

/** What the configuration says of the facts of calls; `undefined` where nobody knows. */
export interface KnownFacts {
  /** Names after `/mcp/`; `/mcp` itself, which has none, counts besides. */
  readonly endpoints: readonly string[] | undefined;
  readonly issuers: readonly string[] | undefined;
  /** Roles that the configuration names; issuers may say others. */
  readonly roles?: readonly string[];
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

/** What facts of a call can be that do not depend on the tool. */
export function factsOfCalls({ endpoints, issuers, headers }: KnownFacts): FactTable {
  const facts = new Map<string, Domain>([
    ["request.method", oneOf(["tools/call"], 'Policies decide calls of tools: it is always "tools/call".')],
    ["user.email", EMAIL],
    [
      "request.time - user.auth_time",
      { ...between(0, Number.POSITIVE_INFINITY), says: "Nobody signs in after the call." },
    ],
    ["client.ip", textsThat((text) => isIP(text) !== 0, 'It is an address, as "10.0.0.7".')],
  ]);
  if (endpoints !== undefined) {
    const says = `It is ${[...endpoints].sort().map(quoted).join(", ")}${endpoints.length > 0 ? ", or" : ""} empty for /mcp itself.`;
    facts.set("request.endpoint", oneOf(["", ...endpoints], says));
  }
  if (issuers !== undefined) facts.set("user.issuer", oneOf(issuers));
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

function listed(names: readonly string[]): string {
  const more = names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : "";
  return `${names.slice(0, MAX_LISTED).map(quoted).join(", ")}${more}`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

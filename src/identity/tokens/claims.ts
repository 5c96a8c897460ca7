import { nameOfNumber, namesInClaims, namesInIdentity } from "../../core/claimed-names.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { claimsSeenOf } from "../../core/policy-names.ts";
import { type Principal, UNREAD, type Unread } from "../../core/principal.ts";
import { allowedNames, vouchedAddress } from "../../core/standing.ts";
import type { ClaimsMapping, IssuerOptions } from "../options.ts";
import { type ReadActors, readActors } from "./actors.ts";
import { authTimeOf, type TokenClock } from "./times.ts";

/** Makes a principal of verified claims. `iss` and `sub` were checked to be strings. */
export function principalFromClaims(
  issuer: Pick<IssuerOptions, "issuer" | "claims" | "standing">,
  subject: string,
  claims: JsonObject,
  clock: TokenClock,
): Principal {
  const { clientId, clients } = clientsIn(claims);
  const kind = machineMark(subject, clients, claims, issuer.claims.machine);
  return {
    issuer: issuer.issuer,
    subject,
    kind: kind === undefined ? "person" : "machine",
    ...(kind === "by_name" ? { machineByName: true } : {}),
    clientId,
    claims,
    acr: text(claims["acr"]),
    amr: texts(claims["amr"]),
    authTime: authTimeOf(claims, clock),
    person: undefined,
    ...saidIn(claims, issuer, kind !== undefined),
  };
}

/** What claims say that counts, by what their issuer may say: as the configuration has it now. */
export function saidIn(
  claims: JsonObject,
  { issuer, claims: mapping, standing }: Pick<IssuerOptions, "issuer" | "claims" | "standing">,
  isMachine: boolean,
): Said {
  const seen = claimsSeenOf({ claims, userClaims: standing.userClaims });
  const address = text(claimAt(claims, mapping.email));
  const acting = actorsIn(claims, issuer);
  const actors = acting.ok ? acting.actors : [{ issuer, subject: "", names: [] }];
  const names = namesInClaims(claims, isMachine);
  // Whatever its form, what stands where the address should is theirs.
  const addressed = namesInClaims({ email: claimAt(claims, mapping.email) });
  const identified = (mapping.identity ?? []).map((path) => namesInIdentity(path, claimAt(claims, path)));
  const ofActors = acting.ok ? acting.unread : UNREAD;
  const isUnread: Readonly<Record<Unread, boolean>> = {
    roles: standing.roles.length > 0 && !isReadable(claims, mapping.roles),
    groups: standing.groups.length > 0 && !isReadable(claims, mapping.groups),
    clients: clientsIn(claims).unread || ofActors.includes("clients"),
    users: [names, addressed, ...identified].some((read) => read.unread) || ofActors.includes("users"),
  };
  const unread = UNREAD.filter((one) => isUnread[one]);
  return {
    // An address that nobody verified could be anybody's, and policies and approvers go by it.
    email: vouchedAddress(address, isVerified(claims), standing),
    roles: allowedNames(texts(claimAt(claims, mapping.roles)), standing.roles),
    groups: allowedNames(texts(claimAt(claims, mapping.groups)), standing.groups),
    unread: unread.length === 0 ? undefined : unread,
    otherClients: clientsIn(claims).clients,
    scopes: allowedNames(scopesOf(claims), standing.scopes),
    // Approvers read it, too: whoever may not say it could call himself anything.
    name: text(claimAt(seen, mapping.name)),
    userClaims: standing.userClaims,
    aliases: [
      ...new Set([
        ...(address === undefined ? [] : [address]),
        ...[addressed, names, ...identified].flatMap(({ own }) => own),
      ]),
    ],
    actors,
    // What a person has to say nobody says for them.
    may: actors.length === 0 ? standing.may : standing.may.filter((one) => one !== "approve" && one !== "administer"),
    home: standing.home,
  };
}

type Said = Pick<
  Principal,
  | "email"
  | "name"
  | "roles"
  | "groups"
  | "unread"
  | "otherClients"
  | "scopes"
  | "userClaims"
  | "aliases"
  | "actors"
  | "may"
  | "home"
>;

/**
 * Whether the claim at a path is a list of texts, one text, or not there at all. Otherwise somebody has a role or a group that
 * is not known here. Several behind commas are one text that nobody is called, unless it is a distinguished name; and one
 * that must be fetched elsewhere (`_claim_names`, Entra ID for people with many groups) is not there. OpenID Connect Core §5.6.2
 */
function isReadable(claims: JsonObject, path: string): boolean {
  const value = claimAt(claims, path);
  const elsewhere = claims["_claim_names"];
  if (value === undefined || value === null) return !(isObject(elsewhere) && Object.hasOwn(elsewhere, path));
  if (typeof value === "string") return !/[,;]/.test(value) || value.includes("=");
  return Array.isArray(value) && value.every((item) => typeof item === "string" || item === null);
}

/** Who acts by these claims for their subject. */
export function actorsIn(claims: JsonObject, issuer: string): ReadActors {
  return readActors(claims, issuer, (act) => {
    const [{ clientId, clients, unread }, names] = [clientsIn(act), namesInClaims(act)];
    const unreadable: readonly Unread[] = [
      ...(unread ? ["clients" as const] : []),
      ...(names.unread ? ["users" as const] : []),
    ];
    return { clientId, names: [...names.own, ...clients], unread: unreadable };
  });
}

/** Where issuers say which client a token was given to: RFC 9068 §2.2, OpenID Connect, Okta, Entra ID v1. */
const CLIENT_CLAIMS = ["client_id", "azp", "cid", "appid"] as const;

interface Clients {
  /** Only a text, which is how OAuth has them. */
  readonly clientId: string | undefined;
  /** All that stands where a client may, numbers as their text. */
  readonly clients: readonly string[];
  /** Whether something else stands there. */
  readonly unread: boolean;
}

/** Which clients claims name. */
function clientsIn(claims: JsonObject): Clients {
  const said = CLIENT_CLAIMS.flatMap((name) => claims[name] ?? []);
  const names = said.map(nameOf);
  const clientId = CLIENT_CLAIMS.map((name) => text(claims[name])).find((id) => id !== undefined);
  const clients = [...new Set(names.flatMap((name) => name || []))];
  return { clientId, clients, unread: said.some((value, index) => value !== null && names[index] === undefined) };
}

/**
 * Whether the issuer says that somebody verified the e-mail address: many leave it out, and then nobody says so. Some
 * write the truth value as a text, Cognito at UserInfo say.
 */
export function isVerified(claims: JsonObject): boolean {
  return claims["email_verified"] === true || claims["email_verified"] === "true";
}

/** The scopes of a token: `scope` (RFC 9068 §2.2.3), else `scp`; a list, or one text with spaces. */
export function scopesOf(claims: JsonObject): readonly string[] {
  return texts(claims["scope"] ?? claims["scp"]).flatMap((scope) => scope.split(" ").filter((part) => part !== ""));
}

/**
 * The claim at a dotted path. The longest name wins, so that `https://acme.com/roles` and `resource_access.my.app.roles`
 * are found although their names hold dots. Looks at own keys only.
 */
export function claimAt(claims: JsonObject, path: string): Json | undefined {
  if (Object.hasOwn(claims, path)) return claims[path];
  for (let dot = path.lastIndexOf("."); dot > 0; dot = path.lastIndexOf(".", dot - 1)) {
    const head = path.slice(0, dot);
    const inner = Object.hasOwn(claims, head) ? claims[head] : undefined;
    if (!isObject(inner)) continue;
    const found = claimAt(inner, path.slice(dot + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

// Only people approve, so that a token that no person stands behind must not pass for one where nobody has configured
// its mark: what the widespread issuers write into it is known. OpenID Connect Core §5.1: people may choose their
// `preferred_username`, so that it proves nothing in their favour.
function machineMark(
  subject: string,
  clients: readonly string[],
  claims: JsonObject,
  mark: ClaimsMapping["machine"],
): "certain" | "by_name" | undefined {
  if (clients.includes(subject)) return "certain";
  // Auth0, Entra ID.
  if (claims["gty"] === "client-credentials" || claims["idtyp"] === "app") return "certain";
  const value = mark === undefined ? undefined : claimAt(claims, mark.claim);
  const values = Array.isArray(value) ? value : [value];
  const isMarked = (item: unknown): boolean =>
    typeof item !== "object" && item !== undefined && mark?.values.includes(String(item)) === true;
  if (values.some(isMarked)) return "certain";
  // Keycloak.
  const accounts = clients.map((client) => `service-account-${client.toLowerCase()}`);
  return accounts.some((account) => claims["preferred_username"] === account) ? "by_name" : undefined;
}

/** A text, or a number as one; `undefined`: anything else. */
function nameOf(value: Json): string | undefined {
  if (typeof value === "number") return nameOfNumber(value);
  return typeof value === "string" ? value : undefined;
}

/** The texts of a claim that is one or a list of them. */
function texts(value: Json | undefined): readonly string[] {
  const items = Array.isArray(value) ? value : [value];
  return items.flatMap((item) => text(item) ?? []);
}

/** As it is stored and sent: half a character, where a name was cut in its middle, is in neither. */
function text(value: Json | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value.toWellFormed() : undefined;
}

import type { Json, JsonObject } from "../../core/json.ts";
import { suggest } from "../../core/suggest.ts";
import { type ConfigIssue, MAX_ISSUES } from "../file/issues.ts";
import type { YamlPath } from "../file/yaml-source.ts";
import { isLoopbackHost, parseUrl } from "../schema/schema-parts.ts";
import { warnOfAudiences } from "./audiences.ts";
import { checkAnonymous, checkApiKeys, checkBasic, waysIn } from "./credentials.ts";
import { checkPeople } from "./people.ts";
import { warnOfPlainConnections } from "./plain-connections.ts";
import { listOf, objectOf, repeatedNames, textOf } from "./raw-values.ts";
import { warnOfScopes } from "./scopes.ts";
import { warnOfDeadlines, warnOfRetries } from "./ways.ts";

/**
 * Names that no upstream and no endpoint may have: the gateway's own tools and records carry the first, the second
 * would read /mcp/mcp, the last is a member of every JavaScript object.
 */
export const RESERVED_NAMES: readonly string[] = ["portcullis", "mcp", "constructor"];

/**
 * Checks what one key says against another. Looks at the file's values before the schema has turned them, and takes
 * nothing for granted about their shape, so that these mistakes are told together with the schema's.
 */
export function crossCheck(root: Json): readonly ConfigIssue[] {
  const config = objectOf(root);
  return [
    ...checkNames(config),
    ...checkEndpoints(config),
    ...checkAnonymous(config),
    ...checkBasic(config),
    ...checkApiKeys(config),
    ...checkIssuers(config),
    ...checkPeople(config),
    ...checkFlows(config),
    ...checkGuards(config),
  ];
}

/** Things that are allowed, but seldom meant. */
export function crossWarnings(root: Json): readonly ConfigIssue[] {
  const config = objectOf(root);
  const auth = objectOf(config["auth"]);
  const server = objectOf(config["server"]);
  const warnings: ConfigIssue[] = [];
  const warn = (path: YamlPath, message: string, hint: string) => warnings.push({ path, at: "key", message, hint });
  if (
    listOf(auth["jwt"]).length + listOf(auth["api_keys"]).length === 0 &&
    auth["basic"] === undefined &&
    auth["anonymous"] !== true
  ) {
    warn(["auth"], "Nobody can call this gateway: auth has no issuer and no key.", "Run `portcullis keys create`.");
  }
  if (Object.keys(objectOf(config["upstreams"])).length === 0) {
    warn(["upstreams"], "There are no upstreams, so there are no tools.", "Add one under upstreams.");
  }
  const host = textOf(server["host"]) ?? "127.0.0.1";
  const publicUrl = parseUrl(textOf(server["public_url"]) ?? "");
  if (publicUrl === undefined && !isLoopbackHost(host)) {
    warn(["server", "host"], "Other machines can connect, but public_url is not set.", "Set server.public_url.");
  }
  if (publicUrl?.protocol === "http:" && !isLoopbackHost(publicUrl.hostname)) {
    const message = "Credentials travel unencrypted to this URL.";
    warn(["server", "public_url"], message, "Put TLS in front and write https://.");
  }
  if (publicUrl?.protocol === "https:" && listOf(server["trusted_proxies"]).length === 0) {
    const message =
      "TLS ends at a proxy that is not named, so that every client has the proxy's address in records and limits.";
    warn(["server", "public_url"], message, "Name it in server.trusted_proxies; docs/proxy.md says more.");
  }
  listOf(auth["jwt"]).forEach((issuer, index) => {
    // Without a jwks_url the keys come the way that the issuer's own URL says.
    const field = objectOf(issuer)["jwks_url"] === undefined ? "issuer" : "jwks_url";
    const url = parseUrl(textOf(objectOf(issuer)[field]) ?? "");
    if (url?.protocol !== "http:" || isLoopbackHost(url.hostname)) return;
    const message = "Keys travel unencrypted from this URL, so whoever is on the way can make tokens.";
    warn(["auth", "jwt", index, field], message, "Use https:// outside a network that you trust.");
  });
  for (const index of keysThatMayDecide(config)) {
    const message = "Whoever holds this key can decide on approvals or administer, an agent too.";
    const hint = "Write kind: person if only a person has it, kind: machine if an agent does.";
    warn(["auth", "api_keys", index], message, hint);
  }
  listOf(auth["jwt"]).forEach((issuer, index) => {
    const silent = STANDING_KEYS.filter((key) => objectOf(issuer)[key] === undefined);
    if (index === 0 || silent.length === 0) return;
    const message = `Another issuer stands before this one, so that its people ${MEANING}. Not said here: ${silent.join(", ")}.`;
    warn(["auth", "jwt", index], message, "Say what this issuer may say, or [] for nothing.");
  });
  const stepUpIssuer = textOf(objectOf(objectOf(config["step_up"])["oidc"])["issuer"]);
  const issuers = listOf(auth["jwt"]).map((issuer) => textOf(objectOf(issuer)["issuer"]));
  if (stepUpIssuer !== undefined && !issuers.includes(stepUpIssuer)) {
    const message = "Nobody can step up here: no caller's token comes from this issuer.";
    warn(["step_up", "oidc", "issuer"], message, "Write it as in auth.jwt, character by character.");
  }
  warnings.push(
    ...warnOfScopes(config),
    ...warnOfAudiences(config),
    ...warnOfDeadlines(config),
    ...warnOfRetries(config),
    ...warnOfPlainConnections(config),
  );
  return warnings;
}

function checkNames(config: JsonObject): ConfigIssue[] {
  const upstreams = Object.keys(objectOf(config["upstreams"]));
  const endpoints = Object.keys(objectOf(config["endpoints"]));
  const reserved = (section: string, names: readonly string[]) =>
    names
      .filter((name) => RESERVED_NAMES.includes(name))
      .map((name) => key([section, name], "This name is reserved.", "Choose another one."));
  const twice = endpoints
    .filter((name) => upstreams.includes(name))
    .map((name) => key(["endpoints", name], "An upstream has this name, and both would be served at the same URL."));
  return [...reserved("upstreams", upstreams), ...reserved("endpoints", endpoints), ...twice];
}

function checkEndpoints(config: JsonObject): ConfigIssue[] {
  const known = Object.keys(objectOf(config["upstreams"]));
  const ways = waysIn(objectOf(config["auth"]));
  return Object.entries(objectOf(config["endpoints"])).flatMap(([name, endpoint]) => [
    ...unknownNames(["endpoints", name, "upstreams"], objectOf(endpoint)["upstreams"], known, "upstream"),
    ...unknownNames(["endpoints", name, "auth"], objectOf(endpoint)["auth"], ways, "way in"),
  ]);
}

/** Keys of users by which more can be done than calling, where nobody has said in whose hands they are. */
function keysThatMayDecide(config: JsonObject): readonly number[] {
  const auth = objectOf(config["auth"]);
  const circles = Object.values(objectOf(config["approval_flows"])).flatMap((flow) =>
    listOf(objectOf(flow)["stages"]).flatMap((stage) => [
      objectOf(objectOf(stage)["approvers"]),
      objectOf(objectOf(objectOf(stage)["escalate"])["to"]),
    ]),
  );
  const roles = new Set([...listOf(objectOf(auth["admin"])["roles"]), ...circles.flatMap((it) => listOf(it["roles"]))]);
  const users = new Set(circles.flatMap((it) => listOf(it["users"])));
  return listOf(auth["api_keys"]).flatMap((entry, index) => {
    const { kind, user, email, ...key } = objectOf(entry);
    if (kind !== undefined || user === undefined) return [];
    const named = users.has(user) || (email !== undefined && users.has(email));
    return named || listOf(key["roles"]).some((role) => roles.has(role)) ? [index] : [];
  });
}

function checkIssuers(config: JsonObject): ConfigIssue[] {
  return repeatedNames(listOf(objectOf(config["auth"])["jwt"]), "issuer").map((index) => ({
    path: ["auth", "jwt", index, "issuer"],
    at: "value",
    message: "Another entry has the same issuer.",
    hint: "One entry can have a list of audiences.",
  }));
}

/** What a further issuer may say only where the file says so. */
const STANDING_KEYS = ["may", "roles", "groups", "scopes", "user_claims", "email_domains"] as const;
const MEANING =
  "may call tools and nothing else, and its roles, groups, scopes, claims, e-mail addresses and what it says of sign-ins do not count unless the file says so";

function checkFlows(config: JsonObject): ConfigIssue[] {
  const known = Object.keys(objectOf(config["notifiers"]));
  return Object.entries(objectOf(config["approval_flows"])).flatMap(([name, flow]) =>
    unknownNames(["approval_flows", name, "notify"], objectOf(flow)["notify"], known, "notifier"),
  );
}

function checkGuards(config: JsonObject): ConfigIssue[] {
  const guards = objectOf(config["guards"]);
  const known = Object.keys(objectOf(config["upstreams"]));
  const builtIn = Object.keys(guards)
    .filter((name) => name === "arguments")
    .map((name) => key(["guards", name], "The guard of this name is built in.", "Choose another one."));
  const unknown = Object.entries(guards).flatMap(([name, guard]): ConfigIssue[] => {
    const upstream = textOf(objectOf(objectOf(guard)["mcp"])["upstream"]);
    if (upstream === undefined || known.includes(upstream)) return [];
    const meant = suggest(upstream, known);
    const hint = meant === undefined ? undefined : `Did you mean ${meant}?`;
    return [{ path: ["guards", name, "mcp", "upstream"], at: "value", message: "There is no such upstream.", hint }];
  });
  return [...builtIn, ...unknown];
}

function unknownNames(path: YamlPath, names: Json | undefined, known: readonly string[], noun: string): ConfigIssue[] {
  const there = new Set(known);
  const unknown = [...listOf(names).entries()].filter(([, name]) => typeof name === "string" && !there.has(name));
  return unknown.slice(0, MAX_ISSUES + 1).flatMap(([index, name]) => {
    if (typeof name !== "string") return [];
    const meant = suggest(name, known);
    const list = known.length === 0 ? `There is no ${noun} yet.` : `There are: ${known.slice(0, 100).join(", ")}.`;
    const hint = meant === undefined ? list : `Did you mean ${meant}?`;
    return [{ path: [...path, index], at: "value" as const, message: `There is no ${noun} of this name.`, hint }];
  });
}

function key(path: YamlPath, message: string, hint?: string): ConfigIssue {
  return { path, at: "key", message, hint };
}

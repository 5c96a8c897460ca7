import { compileGlob } from "../../core/glob.ts";
import { isPlainAddress } from "../../core/mailbox.ts";
import { ANONYMOUS_ISSUER, BASIC_ISSUER, KEYS_ISSUER, LOCAL_ISSUER, withIssuer } from "../../core/principal.ts";
import { suggest } from "../../core/suggest.ts";
import { didYouMean } from "../syntax/expression-rules.ts";
import type { KnownFacts } from "../values/facts.ts";
import type { CheckedPolicy } from "./policies.ts";
import type { TargetProblem } from "./targets.ts";

/** What is wrong with one name; `sure` where nobody can be called so. */
interface Doubt {
  readonly message: string;
  readonly hint: string | undefined;
  readonly sure: boolean;
}

type NameKey = "users" | "roles" | "groups" | "clients";

const NAME_KEYS: readonly NameKey[] = ["users", "roles", "groups", "clients"];

/** Entries of a target that fit nobody, as errors, or that most likely fit nobody, as warnings. */
export function checkCallerNames(
  { entry, path }: Pick<CheckedPolicy, "entry" | "path">,
  known: KnownFacts,
): readonly TargetProblem[] {
  return NAME_KEYS.flatMap((key) =>
    (entry.target?.[key] ?? []).flatMap((written, index): TargetProblem[] => {
      const doubt = doubtOf(key, written, known);
      if (doubt === undefined) return [];
      const { sure, message, hint } = doubt;
      return [{ severity: sure ? "error" : "warning", path: [...path, "target", key, index], message, hint }];
    }),
  );
}

function doubtOf(key: NameKey, written: string, known: KnownFacts): Doubt | undefined {
  const excludes = written.startsWith("!");
  const name = excludes ? written.slice(1) : written;
  if (key === "users" && written === "!*") {
    return { sure: true, message: "`!*` leaves nobody over: everybody has an id.", hint: undefined };
  }
  const doubt = key === "users" || key === "clients" ? doubtOfIssuer(key, name, known.issuers) : undefined;
  const own = { users: doubtOfUser, clients: doubtOfClient, roles: undefined, groups: undefined }[key];
  const found = doubt ?? own?.(name, known) ?? doubtOfList(name);
  if (found !== undefined) return { ...found, message: `\`${written}\` ${found.message}` };
  if (key !== "roles") return undefined;
  const role = knownRole(name, known.roles ?? []);
  if (role === undefined) return undefined;
  const message = `\`${written}\` is not the role \`${role}\` of the configuration: roles are compared letter by letter.`;
  return { sure: false, message, hint: didYouMean(excludes ? `!${role}` : role) };
}

/** Names with an issuer that there is not, and issuers that stand where a name should. */
function doubtOfIssuer(key: NameKey, name: string, issuers: KnownFacts["issuers"]): Doubt | undefined {
  const said = withIssuer(name);
  if (said?.name === "") {
    const hint = `Write \`${said.issuer}|*\` for all of that issuer.`;
    return { sure: true, message: "names nobody: nothing stands behind the issuer.", hint };
  }
  if (issuers === undefined) return undefined;
  if (said !== undefined) {
    if ([...issuers, ...OUR_ISSUERS].some(compileGlob(said.issuer))) return undefined;
    const hint = didYouMean(suggest(said.issuer, issuers)) ?? `Known are ${issuers.join(", ")}.`;
    return { sure: true, message: `names nobody: there is no issuer \`${said.issuer}\`.`, hint };
  }
  const issuer = issuers.find((it) => {
    const rest = name.toLowerCase().startsWith(it.toLowerCase()) ? name.slice(it.length) : undefined;
    return rest !== undefined && /^(?:[/*?#]|$)/.test(rest);
  });
  // Clients are also compared with their issuer before them, whatever the pattern.
  if (issuer === undefined || (key === "clients" && compileGlob(name)(`${issuer}|any`))) return undefined;
  // Some issuers give ids that begin with their own address.
  const message = `fits only ids that are written so: the issuer \`${issuer}\` and a name are joined by \`|\`.`;
  return { sure: false, message, hint: `Write \`${issuer}|*\` for all of that issuer.` };
}

const OUR_ISSUERS = [KEYS_ISSUER, BASIC_ISSUER, ANONYMOUS_ISSUER, LOCAL_ISSUER];

/** What is meant as an address, or as all of a domain, and is none that anybody has. Ids with the sign in them are possible. */
function doubtOfUser(name: string, { domains = [] }: KnownFacts): Doubt | undefined {
  if (isDomain(name, domains)) {
    const hint = `Write \`*@${name}\` for everybody of that domain.`;
    return { sure: false, message: "fits only an id that is written so: it is a domain, and no address.", hint };
  }
  if (name.startsWith("@") && !name.slice(1).includes("@")) {
    const hint = `Write \`*${name}\` for everybody of that domain.`;
    return { sure: true, message: "names nobody: no address begins with @.", hint };
  }
  if (!name.includes("@") || /[*?|]/.test(name) || isPlainAddress(name)) return undefined;
  const inner = name.split(/[\s,;<>]+|^[a-z]+:/i).filter(isPlainAddress);
  const hint =
    inner.length === 0
      ? undefined
      : `Write ${inner.length > 1 ? "an entry for each: " : ""}${inner.map(quoted).join(", ")}.`;
  return { sure: /[\s,;<>]/.test(name), message: "is no e-mail address as the gateway reads them.", hint };
}

/** Endings that ids do not have. Of the others (`ann.de`) only what the configuration knows is a domain. */
const TOP_LEVEL_DOMAINS = new Set("com org net edu gov mil int io dev app info biz example test".split(" "));

function isDomain(name: string, domains: readonly string[]): boolean {
  if (!/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i.test(name)) return false;
  const lower = name.toLowerCase();
  return (
    TOP_LEVEL_DOMAINS.has(lower.replace(/^.*\./, "")) || domains.some((it) => it === lower || it.endsWith(`.${lower}`))
  );
}

/** A key of the configuration in another spelling; or no key, where nothing else gives clients an id. */
function doubtOfClient(name: string, { keys, issuers }: KnownFacts): Doubt | undefined {
  if (keys === undefined || /[*?|]/.test(name) || keys.includes(name)) return undefined;
  const close = suggest(name, keys);
  if (close !== undefined) {
    const message = `is not the key \`${close}\` of the configuration: names are compared letter by letter.`;
    return { sure: false, message, hint: undefined };
  }
  if (issuers === undefined || issuers.some((issuer) => !OUR_ISSUERS.includes(issuer))) return undefined;
  const message = "is no key of the configuration: it fits clients that call themselves so, and those alone.";
  return { sure: false, message, hint: "What a client calls itself proves nothing." };
}

/** Several names in one. Names of directories have commas between their parts (`cn=fin,dc=acme`). */
function doubtOfList(name: string): Doubt | undefined {
  const parts = name.split(/[,;]/).map((part) => part.trim());
  if (parts.length < 2 || name.includes("=") || parts.some((part) => part === "" || /\s/.test(part))) return undefined;
  return {
    sure: false,
    message: "is one name, not several.",
    hint: `Write an entry for each: ${parts.map(quoted).join(", ")}.`,
  };
}

/** A role of the configuration that is meant, most likely: of other letters' case, or after a word for what it is. */
function knownRole(name: string, roles: readonly string[]): string | undefined {
  if (roles.some(compileGlob(name))) return undefined;
  const plain = name
    .trim()
    .replace(/^roles?[:=/]/i, "")
    .toLowerCase();
  return roles.find((role) => role.toLowerCase() === plain);
}

function quoted(text: string): string {
  return `\`${text}\``;
}

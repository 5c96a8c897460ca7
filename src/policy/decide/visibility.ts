import { digestOf } from "../../core/digest.ts";
import type { Json } from "../../core/json.ts";
import { claimsSeenOf, clientIdOf, userIdOf } from "../../core/policy-names.ts";
import { SUBJECT_KINDS } from "../../core/subject.ts";
import type { PolicyEntry } from "../file/schema.ts";
import type { Viewer } from "../policy-set.ts";
import type { CompiledPolicy } from "./compiled-policy.ts";
import type { LevelDefaults } from "./level-defaults.ts";

/** What a list can depend on besides the tools: facts of whoever looks at it. */
const VIEWER_FACTS: Readonly<Record<string, (viewer: Viewer) => Json | undefined>> = {
  "user.id": ({ principal }) => userIdOf(principal),
  "user.email": ({ principal }) => principal.email,
  "user.name": ({ principal }) => principal.name,
  "user.roles": ({ principal }) => [principal.roles, principal.unread ?? null],
  "user.groups": ({ principal }) => [principal.groups, principal.unread ?? null],
  "user.scopes": ({ principal }) => principal.scopes,
  "user.issuer": ({ principal }) => principal.issuer,
  "user.claims": ({ principal }) => claimsSeenOf(principal),
  "user.acr": ({ principal }) => principal.acr,
  "user.amr": ({ principal }) => principal.amr,
  "user.auth_time": ({ principal }) => principal.authTime,
  "client.id": ({ client, principal }) => clientIdOf(client, principal),
  "client.name": ({ client }) => client.name,
  "client.version": ({ client }) => client.version,
  "client.ip": ({ client }) => client.ip,
  "client.user_agent": ({ client }) => client.userAgent,
  "request.endpoint": ({ endpoint }) => endpoint,
};

/** The variables that say what a request is about. */
const SUBJECTS: ReadonlySet<string> = new Set(SUBJECT_KINDS);

/** What only targets look at. */
const HIDDEN_FACTS: Readonly<Record<string, (viewer: Viewer) => Json | undefined>> = {
  "user.aliases": ({ principal }) => [principal.aliases, principal.unread ?? null],
  "user.actors": ({ principal }) => principal.actors.map(({ issuer, subject, names }) => [issuer, subject, ...names]),
  "client.others": ({ principal }) => [principal.otherClients ?? null, principal.unread ?? null],
};

const TARGET_FACTS = {
  users: ["user.id", "user.email", "user.issuer", "user.aliases", "user.actors"],
  roles: ["user.roles"],
  groups: ["user.groups"],
  clients: ["client.id", "client.name", "user.issuer", "client.others", "user.actors"],
  endpoints: ["request.endpoint"],
} as const satisfies Partial<Record<keyof NonNullable<PolicyEntry["target"]>, readonly string[]>>;

/**
 * Whether a condition that names these can be decided before there is a request: it reads the caller and the subject, and
 * neither the arguments nor the time nor anything else that is new with each call.
 */
export function isAboutViewer(reads: ReadonlySet<string>): boolean {
  for (const name of reads)
    if (!SUBJECTS.has(name.split(".")[0] ?? "") && !Object.hasOwn(VIEWER_FACTS, name)) return false;
  return true;
}

/** The facts of a viewer that a policy's target and condition look at. */
export function viewerFactsOf(target: PolicyEntry["target"], reads: ReadonlySet<string>): readonly string[] {
  const fromTarget = Object.entries(TARGET_FACTS).flatMap(([key, facts]) =>
    target !== undefined && Object.hasOwn(target, key) ? facts : [],
  );
  return [...fromTarget, ...[...reads].filter((name) => Object.hasOwn(VIEWER_FACTS, name))];
}

/** Whether a policy that is not in shadow has a say in what is listed. */
export function shapesLists(policy: CompiledPolicy, defaults: LevelDefaults): boolean {
  if (policy.shadow) return false;
  switch (policy.effect) {
    case "hide":
      return true;
    case "deny":
      return policy.aboutViewer;
    case "allow":
      return defaults.denies(policy.level);
    default:
      return false;
  }
}

/** Makes the function that puts viewers into classes, by the facts named. */
export function classifyBy(facts: ReadonlySet<string>): (viewer: Viewer) => string {
  const reading = [...facts].sort().flatMap((name) => VIEWER_FACTS[name] ?? HIDDEN_FACTS[name] ?? []);
  if (reading.length === 0) return () => "";
  return (viewer) => {
    const values = reading.map((read) => read(viewer) ?? null);
    const text = JSON.stringify(values);
    return text.length <= 256 ? text : digestOf(values);
  };
}

import { compileGlobs } from "../../core/glob.ts";
import { isPlainAddress, nameForms } from "../../core/mailbox.ts";
import { BASIC_ISSUER, KEYS_ISSUER, withIssuer } from "../../core/principal.ts";
import { mailDomainOf } from "../../core/standing.ts";
import type { ConfigIssue } from "../file/issues.ts";
import type { YamlPath } from "../file/yaml-source.ts";
import type { Config } from "../schema/schema.ts";
import { firstUnmet } from "./enough-people.ts";

type Flow = Config["approvalFlows"][number];
type Circle = Flow["stages"][number]["approvers"];
type Known = Pick<Config, "auth" | "approvalFlows" | "notifiers">;

/**
 * Warns of flows that nobody can get through, of escalations that never come, and of approvers and notifiers that stand
 * there for nothing. Warnings, because such a flow approves nothing. Where somebody's identity provider could give the
 * role or the name, it says nothing.
 */
export function warnOfFlows(config: Known): readonly ConfigIssue[] {
  const used = new Set(config.approvalFlows.flatMap(({ notify }) => notify));
  return [
    ...config.approvalFlows.flatMap((flow) => [
      ...circlesOf(flow).flatMap(({ circle, path }) => oddNames(circle, path, config)),
      ...escalations(flow),
      ...unmet(flow, config),
    ]),
    ...config.notifiers
      .filter(({ name }) => !used.has(name))
      .map(({ name }) => warning(["notifiers", name], "No flow names this notifier, so it tells nobody.", undefined)),
  ];
}

function stagePath(flow: Flow, index: number): YamlPath {
  return ["approval_flows", flow.name, "stages", index];
}

function circlesOf(flow: Flow): readonly { readonly circle: Circle; readonly path: YamlPath }[] {
  return flow.stages.flatMap(({ approvers, escalate }, index) => {
    const path = stagePath(flow, index);
    const own = { circle: approvers, path: [...path, "approvers"] };
    return escalate === undefined ? [own] : [own, { circle: escalate.to, path: [...path, "escalate", "to"] }];
  });
}

/** Names that are written as they are in targets of policies, where there are patterns. */
function oddNames({ roles, users }: Circle, path: YamlPath, { auth }: Known): ConfigIssue[] {
  const issuers = [...auth.jwt.map(({ issuer }) => issuer), KEYS_ISSUER, BASIC_ISSUER];
  return [
    ...roles.flatMap((role, index) => {
      const doubt = doubtOfPattern(role) ?? (role.trim() === role ? undefined : "Blanks at an end are part of a role.");
      return doubt === undefined ? [] : [warning([...path, "roles", index], doubt, undefined)];
    }),
    ...users.flatMap((user, index) => {
      const doubt = doubtOfPattern(user) ?? doubtOfUser(user, issuers);
      return doubt === undefined ? [] : [warning([...path, "users", index], doubt, undefined)];
    }),
  ];
}

function doubtOfPattern(name: string): string | undefined {
  if (name.startsWith("!")) return "Nobody is excluded here: this names who is called so, with the exclamation mark.";
  return /[*?]/.test(name.replace(/^https?:[^|]*/, ""))
    ? "There are no patterns here: names are compared whole."
    : undefined;
}

function doubtOfUser(user: string, issuers: readonly string[]): string | undefined {
  const said = withIssuer(user);
  if (said !== undefined)
    return issuers.includes(said.issuer) ? undefined : "There is no such issuer, so nobody is called so.";
  if (!user.includes("@") || user.includes("|") || isPlainAddress(user)) return undefined;
  return "This is no plain e-mail address (ann@acme.com), and only such a one is anybody's.";
}

function escalations(flow: Flow): ConfigIssue[] {
  return flow.stages.flatMap(({ approvers, escalate }, index): ConfigIssue[] => {
    if (escalate === undefined) return [];
    const path = [...stagePath(flow, index), "escalate"];
    if (escalate.afterMs >= flow.pendingTtlMs) {
      return [warning([...path, "after"], "This never comes: a request expires before, after pending_ttl.", undefined)];
    }
    const { roles, users } = escalate.to;
    const widens =
      roles.some((role) => !approvers.roles.includes(role)) || users.some((user) => !approvers.users.includes(user));
    return widens ? [] : [warning([...path, "to"], "These may approve from the beginning.", undefined)];
  });
}

function unmet(flow: Flow, { auth }: Known): ConfigIssue[] {
  const stages = flow.stages.map(({ approvers, required, escalate }) => {
    const comes = escalate !== undefined && escalate.afterMs < flow.pendingTtlMs;
    return { required, people: peopleOf(comes ? [approvers, escalate.to] : [approvers], auth) };
  });
  const at = firstUnmet(stages);
  const stage = at === undefined ? undefined : stages[at];
  if (at !== undefined && stage !== undefined) {
    const count = stage.people?.size ?? 0;
    const alone = count < stage.required;
    const message =
      count === 0
        ? "Nobody can approve this: no key and no issuer gives one of these names or roles to a person who may."
        : alone
          ? `Nobody gets past this stage: it takes ${stage.required} people, and at most ${count} can be among its approvers.`
          : "Nobody gets past this stage: everybody decides on a request once, and those before leave too few of its approvers.";
    return [warning(stagePath(flow, at), message, undefined)];
  }
  // Who else could ask is known only where there are keys alone.
  if (flow.requesterMayApprove || auth.jwt.length > 0 || auth.anonymous || auth.people.length > 0) return [];
  const callers = auth.apiKeys.map(({ user }) => (user === undefined ? undefined : keyOf(user)));
  const without = (caller: string | undefined) =>
    firstUnmet(
      stages.map(({ required, people }) => ({
        required,
        people: people && new Set([...people].filter((it) => it !== caller)),
      })),
    );
  const failures = callers.map(without);
  const [first] = failures;
  if (first === undefined || failures.includes(undefined)) return [];
  const message =
    "Nobody gets past this stage: nobody approves their own request, and whichever key asks, too few others are left.";
  return [warning(stagePath(flow, first), message, undefined)];
}

/**
 * Different people who can at most be found in these circles; `undefined` where an issuer could have any number of them.
 * Two whose name is one do not both count, unless `people` tells them apart.
 */
function peopleOf(circles: readonly Circle[], auth: Config["auth"]): ReadonlySet<string> | undefined {
  const roles = circles.flatMap((circle) => circle.roles);
  const users = circles.flatMap((circle) => circle.users);
  const issuers = auth.jwt.filter(({ standing }) => standing.may.includes("approve"));
  if (issuers.some(({ standing }) => roles.some(compileGlobs(standing.roles)))) return undefined;
  const ofIssuers = users.filter((user) => issuers.some((issuer) => canBe(user, issuer)));
  // Those who share a mailbox are told apart there.
  if (ofIssuers.length > 0 && auth.people.length > 1) return undefined;
  const holders = auth.apiKeys.flatMap(({ user, kind, email, roles: its }) => {
    if (user === undefined || kind === "machine") return [];
    const names = [user, `${KEYS_ISSUER}|${user}`, ...(email === undefined ? [] : [email.toLowerCase()])];
    const entries = users.filter((it) => names.includes(it) || names.includes(it.toLowerCase()));
    // Whoever else is called so by an issuer may be the same person, and the two have one voice.
    if (entries.some((it) => ofIssuers.includes(it))) return [];
    return entries.length > 0 || its.some((role) => roles.includes(role)) ? [keyOf(user)] : [];
  });
  return new Set([...ofIssuers.map(keyOf), ...holders]);
}

/** Whether somebody who comes with this issuer's tokens can be called so, by subject or e-mail address. */
function canBe(user: string, { issuer, standing }: Config["auth"]["jwt"][number]): boolean {
  const said = withIssuer(user);
  if (said !== undefined) return said.issuer === issuer;
  if (standing.home) return true;
  const domain = isPlainAddress(user) ? mailDomainOf(user) : undefined;
  return domain !== undefined && compileGlobs(standing.emailDomains)(domain);
}

function keyOf(name: string): string {
  return nameForms(name)[0] ?? name;
}

function warning(path: YamlPath, message: string, hint: string | undefined): ConfigIssue {
  return { path, at: "key", message, hint };
}

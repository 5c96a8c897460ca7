import type { Effect, StepUpRequirement } from "../../core/decision.ts";
import { durationText } from "../../core/duration.ts";
import { SUBJECT_KINDS } from "../../core/subject.ts";
import type { PolicyView } from "../../operations/policies/policies.ts";
import type { GivenCall } from "../../policy/tests/given-call.ts";
import type { StepUpLack } from "../../step-up/step-up.ts";
import type { BadgeTone } from "../components/badge.tsx";

type Target = NonNullable<PolicyView["target"]>;

/** An effect as a word, and its colour. */
export const EFFECT_WORDS: Readonly<Record<Effect, { readonly word: string; readonly tone: BadgeTone }>> = {
  hide: { word: "hide", tone: "bad" },
  deny: { word: "deny", tone: "bad" },
  step_up: { word: "step up", tone: "wait" },
  request_approval: { word: "approval", tone: "wait" },
  allow: { word: "allow", tone: "good" },
  rate_limit: { word: "limit", tone: "warn" },
  redact: { word: "redact", tone: "warn" },
  authorize: { word: "ask", tone: "warn" },
  guard: { word: "guard", tone: "warn" },
  transform: { word: "transform", tone: "warn" },
};

/** Names shown of a list; a target may have a thousand. */
const MAX_NAMES = 6;

/** `a, b or c`, with what is left out. */
export function oneOfWords(names: readonly string[]): string {
  return listed(names, "or");
}

function allOf(names: readonly string[]): string {
  return listed(names, "and");
}

function listed(names: readonly string[], last: "and" | "or"): string {
  const more = names.length - MAX_NAMES;
  if (more > 0) return `${names.slice(0, MAX_NAMES).join(", ")} ${last} ${more} more`;
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} ${last} ${names.at(-1)}`;
}

/** Whom a tried call is decided for, in a sentence: it depends on them as much as on the arguments. */
export function callerWords({ user = {} }: Pick<GivenCall, "user">): string {
  const { id, email, roles = [], groups = [] } = user;
  const having = [...namedWords("role", roles), ...namedWords("group", groups)];
  const who = email ?? id ?? "nobody in particular";
  return `As ${who}, ${having.length === 0 ? "without roles" : `with the ${having.join(" and the ")}`}.`;
}

function namedWords(noun: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`${noun}${names.length === 1 ? "" : "s"} ${allOf(names)}`];
}

/** Which requests a policy is about, in a sentence without its end. */
export function aboutWords({ target = {}, scope }: Pick<PolicyView, "target" | "scope">): string {
  const { upstreams, annotations, users, roles, groups, clients, endpoints } = target;
  const what = [
    subjectWords(target, scope),
    ...(upstreams === undefined ? [] : [chosen(upstreams, (names) => `of ${names}`, "of any server")]),
    ...(annotations === undefined ? [] : [annotationWords(annotations)]),
    ...(target.methods === undefined ? [] : [`for ${oneOfWords(target.methods)}`]),
  ];
  const who = [
    ...(users === undefined ? [] : [chosen(users, (names) => `by ${names}`, "by anybody")]),
    ...(roles === undefined ? [] : [chosen(roles, (names) => `by role ${names}`, "by any role")]),
    ...(groups === undefined ? [] : [chosen(groups, (names) => `by group ${names}`, "by any group")]),
    ...(clients === undefined ? [] : [chosen(clients, (names) => `from client ${names}`, "from any client")]),
    ...(endpoints === undefined
      ? []
      : [chosen(endpoints.map(endpointName), (names) => `at ${names}`, "at any endpoint")]),
  ];
  return [...what, ...who].join(", ").replace(/^(Any[a-z ]+), of /, "$1 of ");
}

const PATTERNS = { tool: "tools", prompt: "prompts", resource: "resources" } as const;

function subjectWords(target: Partial<Target>, { kinds }: PolicyView["scope"]): string {
  const named = [...kinds].some((kind) => target[PATTERNS[kind]] !== undefined);
  const words =
    kinds.size === SUBJECT_KINDS.length && !named
      ? "Anything"
      : Array.from(kinds, (kind) =>
          chosen(
            target[PATTERNS[kind]] ?? [],
            (names) => (kind === "tool" ? names : `${kind} ${names}`),
            `any ${kind}`,
          ),
        ).join(" or ");
  return words.replace(/^any/, "Any");
}

function chosen(patterns: readonly string[], say: (names: string) => string, any: string): string {
  const wanted = patterns.filter((pattern) => !pattern.startsWith("!"));
  const unwanted = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
  const words = wanted.length === 0 ? any : say(oneOfWords(wanted));
  return unwanted.length === 0 ? words : `${words} but not ${oneOfWords(unwanted)}`;
}

function endpointName(pattern: string): string {
  const [, not = "", name = ""] = /^(!?)(.*)$/s.exec(pattern) ?? [];
  return `${not}/mcp${name === "" ? "" : `/${name}`}`;
}

const HINTS: Readonly<Record<string, readonly [yes: string, no: string]>> = {
  readOnlyHint: ["that only reads", "that may write"],
  destructiveHint: ["that may destroy", "that destroys nothing"],
  idempotentHint: ["that may be repeated", "that may not be repeated"],
  openWorldHint: ["that reaches outside", "that stays inside"],
};

function annotationWords(annotations: NonNullable<Target["annotations"]>): string {
  return Object.entries(annotations)
    .map(([name, value]) => (typeof value === "string" ? `titled “${value}”` : HINTS[name]?.[value === false ? 1 : 0]))
    .join(" and ");
}

/** What is asked of a sign-in, each part a phrase. */
export function signInWords({ acr, amr, maxAgeMs, scopes, per }: StepUpRequirement): readonly string[] {
  return [
    ...acr.map((values) => `with the context ${oneOfWords(values)}`),
    ...amr.map((methods) => `by the method ${oneOfWords(methods)}`),
    ...(maxAgeMs === undefined ? [] : [`no longer than ${durationText(maxAgeMs)} ago`]),
    ...(scopes.length === 0 ? [] : [`for the scopes ${scopes.join(" ")}`]),
    ...(per === "session" ? [] : [`for this very ${per}`]),
  ];
}

/** How what the caller's own token says of its sign-in compares with that. */
export const SIGN_IN_LACKS: Readonly<Record<StepUpLack | "token", string>> = {
  token: "The caller’s own sign-in, as written here, is enough: nobody is asked.",
  machine: "A machine has nobody who could sign in: the call would be refused.",
  not_configured: "No identity provider of this gateway knows the caller.",
  scope: "The caller’s token lacks a scope.",
  acr: "The caller’s sign-in, as written here, has another context.",
  amr: "The caller’s sign-in, as written here, used another method.",
  max_age: "The caller’s sign-in, as written here, is too old or does not say when it was.",
  call: "What the caller signed in with before does not count: it was not for this.",
};

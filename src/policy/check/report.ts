import { suggest } from "../../core/suggest.ts";
import type { Finding, MissingArgument } from "../expressions/findings.ts";
import { didYouMean } from "../syntax/expression-rules.ts";
import {
  type Advice,
  type AdvisedCondition,
  adviseMissing,
  adviseUncounted,
  type Fix,
  proposed,
  tightens,
} from "./advice.ts";

/** What was found in a text for tools that it comes out the same for. */
export interface ToolFindings {
  /** Paths, `upstream/tool`. */
  readonly tools: readonly string[];
  readonly findings: readonly Finding[];
}

/** A mistake of one text, for all tools together. */
export interface Problem {
  /** Offset into the text. */
  readonly start: number;
  /** `value`: of a comparison that has one outcome only. */
  readonly kind?: "value" | undefined;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly hint: string | undefined;
  /** The change that `hint` proposes, where there is one that can be made just so. */
  readonly fix?: Fix | undefined;
}

/** The text that findings are about. */
export interface ReportedText extends AdvisedCondition {
  /** In a message, where a value that cannot be had is only not shown. */
  readonly shown: boolean;
  readonly isCondition: boolean;
}

type Of<Kind extends Finding["kind"]> = Extract<Finding, { kind: Kind }>;

const MAX_TOOLS = 3;
const MAX_NAMES = 12;

/**
 * Puts together what was found for each tool, one problem per mistake. What evaluates to an error for any of the tools is
 * one. A comparison that never holds is one only if it holds for none of them: other tools may be what it is there for.
 */
export function reportFindings(groups: readonly ToolFindings[], text: ReportedText): readonly Problem[] {
  const unknown = unknownArguments(groups);
  return [
    ...unknownProblems(groups, unknown, text),
    ...missingProblems(groups, unknown, text),
    ...typeProblems(groups, text),
    ...outcomeProblems(groups, text),
  ];
}

// An argument that none of the tools has; one that some have may be missing at the others.
function unknownArguments(groups: readonly ToolFindings[]): ReadonlySet<string> {
  const absent = new Set<string>();
  const present = new Set<string>();
  for (const { place, presence } of groups.flatMap(({ findings }) => only(findings, "named"))) {
    (presence === "absent" ? absent : present).add(place);
  }
  return new Set([...absent].filter((place) => !present.has(place)));
}

/** Names of several schemas, each once. Every policy may have some that is unknown, and schemas 100,000 that are not. */
function namesIn([first = [], ...others]: readonly (readonly string[])[]): readonly string[] {
  if (others.length === 0) return first;
  const names = new Set<string>();
  for (const list of [first, ...others]) {
    for (const name of list) {
      if (names.size >= MAX_JOINED) return [...names];
      names.add(name);
    }
  }
  return [...names];
}

const MAX_JOINED = 5_000;

function unknownProblems(
  groups: readonly ToolFindings[],
  unknown: ReadonlySet<string>,
  text: ReportedText,
): readonly Problem[] {
  return [...unknown].map((place) => {
    const tools: string[] = [];
    const lists = new Set<readonly string[]>();
    let first: Of<"named"> | undefined;
    for (const group of groups) {
      const found = only(group.findings, "named").filter((finding) => finding.place === place);
      if (found.length > 0) tools.push(...group.tools);
      for (const finding of found) {
        lists.add(finding.names);
        if (first === undefined || finding.start < first.start) first = finding;
      }
    }
    const { start = 0, written = "", name = "" } = first ?? {};
    const names = namesIn([...lists]);
    const close = suggest(name, names);
    const listed = names.slice(0, MAX_NAMES).join(", ");
    const atLeast = lists.size > 1 && names.length >= MAX_JOINED ? "at least " : "";
    const more = names.length > MAX_NAMES ? ` and ${atLeast}${names.length - MAX_NAMES} more` : "";
    const has = names.length === 0 ? "It has none." : `Known are ${listed}${more}.`;
    if (first?.origin === "result") {
      // A result may hold more than its schema names.
      const message = `\`${written}\` is nothing that ${toolList(tools)} gives by its output schema.`;
      return { start, severity: "warning", message, hint: has };
    }
    const message = `\`${written}\` is not an argument of ${toolList(tools)}.`;
    const meant = close && didYouMean(written.replace(lastOf(name), () => close));
    const hint = meant === undefined ? has : mending(meant, text);
    return { start, severity: "error", message, hint };
  });
}

// In a message nothing depends on it.
function mending(hint: string, { shown, effect }: ReportedText): string {
  return shown ? hint : proposed(hint, effect);
}

/** The last place of a name in a text. */
function lastOf(name: string): RegExp {
  return new RegExp(`${name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?=\\W*$)`);
}

function missingProblems(
  groups: readonly ToolFindings[],
  unknown: ReadonlySet<string>,
  text: ReportedText,
): readonly Problem[] {
  const places = new Map<
    number,
    { readonly end: number; readonly tools: string[]; readonly missing: Map<string, MissingArgument> }
  >();
  for (const { tools, findings } of groups) {
    for (const { start, end, arguments: all } of only(findings, "missing")) {
      // Below an argument that does not exist nothing is worth telling.
      if (all.some(({ place }) => unknown.has(place))) continue;
      const found = places.get(start) ?? { end, tools: [], missing: new Map<string, MissingArgument>() };
      places.set(start, found);
      found.tools.push(...tools);
      for (const one of all) {
        const known = found.missing.get(one.place);
        found.missing.set(one.place, { ...one, absent: one.absent || known?.absent === true });
      }
    }
  }
  return [...places].map(([start, { end, tools, missing }]) => {
    const all = [...missing.values()].sort((a, b) => a.place.length - b.place.length);
    const names = all.map(({ written }) => `\`${written}\``).join(" and ");
    const optional = all.length > 1 ? "are optional in" : "is optional in";
    const verb = all.some(({ absent }) => absent) ? "may be missing in" : optional;
    const { hint, fix } = adviceFor(text, { start, end }, all);
    // What is refused where it is missing, and can be had no other way that is as strict, is no mistake.
    const severity = text.isCondition && text.effect !== "rate_limit" ? "error" : "warning";
    return { start, severity, message: `${names} ${verb} ${toolList(tools)}.`, hint, fix };
  });
}

function adviceFor(
  text: ReportedText,
  at: { readonly start: number; readonly end: number },
  missing: readonly MissingArgument[],
): Advice {
  if (text.shown) return { hint: "Where it is missing, [not available] is shown.", fix: undefined };
  return text.isCondition ? adviseMissing(text, at, missing) : adviseUncounted(missing);
}

function typeProblems(groups: readonly ToolFindings[], text: ReportedText): readonly Problem[] {
  return merge(groups, "type").map(({ finding, tools }) => problem(finding, text, tools));
}

function outcomeProblems(groups: readonly ToolFindings[], text: ReportedText): readonly Problem[] {
  const compared = new Map<number, number>();
  for (const { tools, findings } of groups) {
    for (const start of new Set(only(findings, "compared").map((finding) => finding.start))) {
      compared.set(start, (compared.get(start) ?? 0) + tools.length);
    }
  }
  const outcomes = [...merge(groups, "never"), ...merge(groups, "decided"), ...merge(groups, "doubtful")];
  const wrong = new Map<number, number>();
  for (const { finding, tools } of outcomes) wrong.set(finding.start, (wrong.get(finding.start) ?? 0) + tools.length);
  return outcomes
    .filter(({ finding: { start } }) => wrong.get(start) === compared.get(start))
    .map(({ finding, tools }) => problem(finding, text, tools));
}

function problem(finding: Of<"mistake">, text: ReportedText, tools: readonly string[]): Problem {
  const { start, what, message, closer, hint, proposes } = finding;
  const severity = text.shown || what === "decided" || what === "doubtful" ? "warning" : "error";
  const meant = closer !== undefined && text.isCondition && tightens(text, closer) ? closer.text : undefined;
  const where = tools.length === 0 ? "" : ` (${toolList(tools)})`;
  const kind = what === "type" ? undefined : "value";
  return {
    start,
    kind,
    severity,
    message: `${message.slice(0, -1)}${where}.`,
    hint: didYouMean(meant) ?? (hint !== undefined && proposes === true ? mending(hint, text) : hint),
  };
}

/** Equal findings of several tools as one. */
function merge(
  groups: readonly ToolFindings[],
  what: Of<"mistake">["what"],
): readonly { readonly finding: Of<"mistake">; readonly tools: readonly string[] }[] {
  const merged = new Map<string, { readonly finding: Of<"mistake">; readonly tools: Set<string> }>();
  for (const { tools, findings } of groups) {
    for (const finding of only(findings, "mistake").filter((it) => it.what === what)) {
      const key = `${finding.start} ${finding.message}`;
      const known = merged.get(key) ?? { finding, tools: new Set() };
      merged.set(key, known);
      for (const tool of tools) known.tools.add(tool);
    }
  }
  return [...merged.values()].map(({ finding, tools }) => ({ finding, tools: [...tools] }));
}

function only<Kind extends Finding["kind"]>(findings: readonly Finding[], kind: Kind): readonly Of<Kind>[] {
  return findings.filter((finding): finding is Of<Kind> => finding.kind === kind);
}

/** Tools in a message: at most three, and how many more. */
export function toolList(tools: readonly string[]): string {
  const sorted = [...new Set(tools)].sort();
  const more = sorted.length - MAX_TOOLS;
  const named = (more === 1 ? sorted : sorted.slice(0, MAX_TOOLS)).map((tool) => `\`${tool}\``);
  return more > 1 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}

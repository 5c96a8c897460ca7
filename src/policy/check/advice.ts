import type { Effect } from "../../core/decision.ts";
import type { Closer, MissingArgument } from "../expressions/findings.ts";
import { type AstNode, childrenOf, readCall } from "../syntax/ast.ts";
import { balancedRange } from "../tool-schemas/balanced-range.ts";

/** A part of a text and what is proposed in its place. Offsets into the text. */
export interface Fix {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What an author is told to do, and the very change where there is one. */
export interface Advice {
  readonly hint: string;
  readonly fix: Fix | undefined;
}

/** A condition, and the policy's effect that hangs on it. */
export interface AdvisedCondition {
  readonly root: AstNode;
  readonly text: string;
  readonly effect: Effect;
  /** Whether a text is a condition: what is proposed must be one, too. */
  compiles(text: string): boolean;
}

/** Which way a part of a condition pulls: the condition is the sooner true where it is true, or where it is false. */
export type Polarity = "same" | "opposite";

/**
 * What to write around a read of arguments that may be missing. Where a condition cannot be evaluated, a policy that
 * restricts counts, and an `allow` does not: what is proposed comes out just so for a call that leaves them out, so that
 * no call gets further by it. Never `has(x) && …` for what restricts, unless it stands below a negation.
 */
export function adviseMissing(
  subject: AdvisedCondition,
  at: { readonly start: number; readonly end: number },
  missing: readonly MissingArgument[],
): Advice {
  const { text, effect } = subject;
  const guards = missing.map(({ guard }) => guard);
  const there = guards.join(" && ");
  // A call is refused where nobody can tell whether it counts, and no condition says that.
  if (effect === "rate_limit") {
    const hint = `Calls without it are refused. \`${absent(guards)} || …\` counts them, and \`${there} && …\` lets them pass uncounted.`;
    return { hint, fix: undefined };
  }
  const found = guardedPart(subject, at, guards);
  const fix = found !== undefined && subject.compiles(applied(found, text)) ? found : undefined;
  const without = missing.length > 1 ? "without them" : "without it";
  if (effect === "allow") {
    const hint = `\`${there} && …\` keeps not allowing calls ${without}.`;
    return { hint: fix === undefined ? hint : `${write(fix, text)} ${hint}`, fix };
  }
  const ways = `\`${absent(guards)} || …\` keeps ${KEEPS[effect]} calls ${without}, \`${there} && …\` lets them pass.`;
  return { hint: fix === undefined ? ways : `${write(fix, text)} ${ways}`, fix };
}

function applied({ start, end, text: by }: Fix, text: string): string {
  return text.slice(0, start) + by + text.slice(end);
}

const KEEPS: Readonly<Record<Exclude<Effect, "allow" | "rate_limit">, string>> = {
  hide: "hiding the tool from",
  deny: "refusing",
  step_up: "asking for the sign-in of",
  request_approval: "asking for the approval of",
  redact: "redacting the results of",
  authorize: "asking about",
  guard: "having a look at",
  transform: "refusing",
};

/** What to say where a key or a cost of a limit may be missing: such calls are refused. */
export function adviseUncounted(missing: readonly MissingArgument[]): Advice {
  const there = missing.map(({ guard }) => guard).join(" && ");
  const hint = `Calls without it are refused. \`${there} ? … : …\` counts them as its last part says.`;
  return { hint, fix: undefined };
}

/**
 * A text to write in place of one that does not do what was meant. Where a condition has failed for every call, whatever
 * mends it lets calls further, and the author is told which; a proposal never stands alone.
 */
export function proposed(text: string, effect: Effect): string {
  return `${text} ${MENDED[effect]}`;
}

const PASSES = "Mended, it lets calls pass for which it is false.";
const MENDED: Readonly<Record<Effect, string>> = {
  hide: PASSES,
  deny: PASSES,
  step_up: PASSES,
  request_approval: PASSES,
  redact: PASSES,
  authorize: PASSES,
  guard: PASSES,
  transform: PASSES,
  allow: "Mended, it allows calls for which it is true.",
  rate_limit: "Mended, it lets calls pass that it refuses now.",
};

const MAX_SHOWN = 120;

function write({ start, end, text: by }: Fix, text: string): string {
  const part = text.slice(start, end).replaceAll(/\s+/g, " ");
  const whole = by.replaceAll(/\s+/g, " ");
  return whole.length > MAX_SHOWN ? "" : `In place of \`${part}\` write \`${whole}\`.`;
}

// `has(a)` needs no parentheses behind a `!`; `"a" in args` does.
function absent(guards: readonly string[]): string {
  return guards.map((guard) => (/^has\([^()]*\)$/.test(guard) ? `!${guard}` : `!(${guard})`)).join(" || ");
}

const BODIES_THAT_PULL = new Set(["all", "exists"]);
const BODIES = new Set(["all", "exists", "exists_one", "filter", "map", "bind"]);

interface Step {
  readonly node: AstNode;
  /** Of `node` in the whole condition; `undefined` where it pulls no single way. */
  readonly polarity: Polarity | undefined;
}

/** The nodes around a place, from the root down to the smallest, each with the way it pulls. */
function stepsTo(root: AstNode, at: { readonly start: number; readonly end: number }): readonly Step[] {
  const steps: Step[] = [];
  let polarity: Polarity | undefined = "same";
  for (let node: AstNode | undefined = root; node !== undefined; ) {
    steps.push({ node, polarity });
    const below: AstNode | undefined = childrenOf(node).find(({ start, end }) => start <= at.start && at.end <= end);
    if (below !== undefined) polarity = polarityOf(below, node, polarity);
    node = below;
  }
  return steps;
}

function polarityOf(child: AstNode, parent: AstNode, polarity: Polarity | undefined): Polarity | undefined {
  if (polarity === undefined) return undefined;
  switch (parent.op) {
    case "&&":
    case "||":
      return polarity;
    case "!_":
      return polarity === "same" ? "opposite" : "same";
    case "?:":
      return childrenOf(parent)[0] === child ? undefined : polarity;
    default: {
      const call = readCall(parent);
      const inBody = call?.args.at(-1) === child && call.receiver !== undefined;
      const pulls = BODIES_THAT_PULL.has(call?.name ?? "") ? call?.args.length === 2 : call?.name === "bind";
      return inBody && pulls ? polarity : undefined;
    }
  }
}

/**
 * Whether a condition lets no call further when the comparison at `closer` is true the sooner, or the later: only then is
 * another value proposed for it.
 */
export function tightens({ root, effect }: AdvisedCondition, { start, end, sooner }: Closer): boolean {
  const found = stepsTo(root, { start, end }).find(({ node }) => node.start === start && node.end === end);
  if (found?.polarity === undefined) return false;
  return ((found.polarity === "same") === sooner) === (effect !== "allow");
}

// The smallest part that pulls one way gets the guard: there it changes nothing for calls that have the arguments.
function guardedPart(
  { root, text, effect }: AdvisedCondition,
  at: Fix | { start: number; end: number },
  guards: readonly string[],
) {
  const steps = stepsTo(root, at);
  const last = steps.findLastIndex(({ polarity }) => polarity !== undefined);
  const found = steps[last];
  if (found?.polarity === undefined) return undefined;
  const { node } = found;
  let there = guards;
  for (const { node: around } of steps.slice(last).reverse()) there = liftGuards(around, at, there, text);
  const closes = (found.polarity === "same") === (effect !== "allow");
  const { start, end } = balancedRange(text, node);
  const part = text.slice(start, end);
  const inner = node.op === "?:" || node.op === (closes ? "&&" : "||") ? `(${part})` : part;
  const both = closes ? `${absent(there)} || ${inner}` : `${there.join(" && ")} && ${inner}`;
  const parent = steps[last - 1]?.node;
  const stands = parent === undefined || readCall(parent) !== undefined;
  return { start, end, text: stands ? both : `(${both})` };
}

// What is asked of the variable of a comprehension is asked of all that it stands for.
function liftGuards(node: AstNode, at: { start: number; end: number }, guards: readonly string[], text: string) {
  const call = readCall(node);
  const [variable, second] = call?.args ?? [];
  const name = variable?.op === "id" ? variable.args : undefined;
  if (call?.receiver === undefined || !BODIES.has(call.name) || typeof name !== "string") return guards;
  const inBody = call.args
    .slice(call.name === "bind" ? 2 : 1)
    .some(({ start, end }) => start <= at.start && at.end <= end);
  if (!inBody || !guards.some((guard) => new RegExp(`\\b${name}\\b`).test(guard))) return guards;
  const test = guards.join(" && ");
  const slice = (part: AstNode): string => {
    const { start, end } = balancedRange(text, part);
    return text.slice(start, end);
  };
  if (call.name !== "bind") return [`${slice(call.receiver)}.all(${name}, ${test})`];
  return second === undefined ? guards : [`cel.bind(${name}, ${slice(second)}, ${test})`];
}

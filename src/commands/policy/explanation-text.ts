import type { CombinedFlows } from "../../approvals/rules/combine-flows.ts";
import { durationText } from "../../core/duration.ts";
import { refusalText } from "../../core/errors.ts";
import { writeExact } from "../../core/exact-json.ts";
import type { PolicyAnswer } from "../../policy/answer.ts";
import { consultedTexts, hasConsultations } from "../../policy/consult.ts";
import type { PolicyExplanation } from "../../policy/explain/explain.ts";
import type { Trace } from "../../policy/explain/trace.ts";
import { type Colour, plainText } from "../terminal/output.ts";
import { approvalsText } from "./explanation-approvals.ts";

type Paint = (colour: Colour, text: string) => string;

/** An explained decision for a terminal: the verdict, who would have to approve, the policies that matched, and why each other one did not. */
export function explanationText(
  answer: PolicyAnswer,
  needed: CombinedFlows | undefined,
  policies: readonly PolicyExplanation[],
  paint: Paint,
): string {
  const matched = policies.filter(({ verdict }) => ["applied", "unapplied", "result"].includes(verdict));
  const others = policies.filter((policy) => !matched.includes(policy));
  return [
    verdictLine(answer, paint),
    ...(needed === undefined ? [] : [approvalsText(needed)]),
    section("Matched", matched, paint),
    section("Did not match", others, paint),
  ].join("\n");
}

function verdictLine({ decision, refusal, transformed }: PolicyAnswer, paint: Paint): string {
  if (refusal !== undefined)
    return `${paint("red", "refused")} for its arguments\n${plainText(refusalText(refusal))}\n`;
  const limits = (decision.limits ?? []).map(
    ({ policy, limit, windowMs, cost }) =>
      `counts ${cost} against ${policy}, which allows ${limit} in ${durationText(windowMs)}\n`,
  );
  const sent =
    transformed === undefined ? "" : `decided on, and sent: ${plainText(writeExact(transformed.arguments))}\n`;
  const consulted = consultedTexts(decision).map((text) => `${plainText(text)}\n`);
  const rest = [sent, ...limits, ...consulted].join("");
  if (decision.effect === "allow") {
    const open = hasConsultations(decision) ? `, unless it is refused by whoever is asked` : "";
    return `${paint(open === "" ? "green" : "yellow", "allow")}${open}\n${rest}`;
  }
  const colour = decision.effect === "deny" || decision.effect === "hide" ? "red" : "yellow";
  const hidden = decision.hidden ? "It is not listed for this caller, and the answer is that of an unknown one.\n" : "";
  const text = `${paint(colour, decision.effect)} by ${decision.policy}\n${plainText(decision.message)}\n`;
  return `${text}${hidden}${rest}`;
}

function section(title: string, policies: readonly PolicyExplanation[], paint: Paint): string {
  if (policies.length === 0) return `${paint("bold", title)}: none\n`;
  return `${paint("bold", title)}\n${policies.map((policy) => policyText(policy, paint)).join("")}`;
}

function policyText(policy: PolicyExplanation, paint: Paint): string {
  const place = paint("dim", `${plainText(policy.file)}:${policy.line}`);
  const lines = [`  ${paint("bold", policy.id)}  ${policy.effect}, ${reasonOf(policy)}  ${place}`];
  if (policy.defaults !== undefined)
    lines.push(`    with the tool's defaults, which the call leaves out: ${policy.defaults.map(plainText).join(", ")}`);
  for (const { key, wanted, actual } of policy.misses) {
    lines.push(`    ${key}: wants ${plainText(wanted)}; the call has ${plainText(actual)}`);
  }
  if (policy.trace !== undefined) lines.push(...traceLines(policy.trace));
  return `${lines.join("\n")}\n`;
}

function reasonOf({ verdict, shadow, effect, error, trace }: PolicyExplanation): string {
  switch (verdict) {
    case "applied":
      return error === undefined ? "applies" : `applies, because its condition has no value: ${plainText(error)}`;
    case "unapplied":
      if (shadow) return error === undefined ? "shadow: would apply" : `shadow: would apply (${plainText(error)})`;
      return `does not count: ${effect} needs a condition that has a value${error === undefined ? "" : ` (${plainText(error)})`}`;
    case "result":
      return "decided once its server has answered";
    case "target":
      return "the target does not fit";
    case "condition":
      return trace === undefined ? "does not apply" : "the condition is false";
    case "disabled":
      return "enabled: false";
    default:
      return verdict satisfies never;
  }
}

function traceLines(trace: Trace): readonly string[] {
  const rows: { readonly text: string; readonly value: string }[] = [];
  const walk = (it: Trace, depth: number): void => {
    const value = it.error === undefined ? `= ${it.value ?? ""}` : `! ${it.error}`;
    rows.push({ text: `${"  ".repeat(depth)}${plainText(it.text)}`, value: plainText(value) });
    for (const below of it.because) walk(below, depth + 1);
  };
  walk(trace, 2);
  const width = Math.min(72, Math.max(...rows.map(({ text }) => text.length)));
  return rows.map(({ text, value }) => `${text.padEnd(width)}  ${value}`);
}

import { counted } from "../../core/counted.ts";
import type { PolicyDryRun } from "../../operations/policies/policies.ts";
import { Badge, type BadgeTone } from "../components/badge.tsx";
import { ForeignText } from "../components/foreign-text.tsx";
import { policyLink } from "../policy-words/links.ts";
import { EFFECT_WORDS } from "../policy-words/words.ts";
import { TraceTree } from "./trace-tree.tsx";

type Explanation = PolicyDryRun["policies"][number];

/** Of the policies that did not match, so many are shown one by one. */
const MAX_SHOWN = 100;

/** What each policy had to do with a call: those that matched first, those whose target does not fit last. */
export function Verdicts({ policies }: { readonly policies: readonly Explanation[] }) {
  const matched = policies.filter(
    ({ verdict }) => verdict !== "target" && verdict !== "disabled" && verdict !== "condition",
  );
  const falseNow = policies.filter(({ verdict }) => verdict === "condition");
  const others = policies.filter(({ verdict }) => verdict === "target" || verdict === "disabled");
  return (
    <>
      <h3>{matched.length === 0 ? "No policy matched" : `${counted(matched.length, "policy")} matched`}</h3>
      <List policies={matched} open />
      {falseNow.length === 0 ? null : (
        <>
          <h3>{counted(falseNow.length, "condition")} false</h3>
          <List policies={falseNow} />
        </>
      )}
      {others.length === 0 ? null : (
        <details class="more">
          <summary>{counted(others.length, "policy")} about other calls</summary>
          <List policies={others} />
        </details>
      )}
    </>
  );
}

function List({ policies, open = false }: { readonly policies: readonly Explanation[]; readonly open?: boolean }) {
  const more = policies.length - MAX_SHOWN;
  return (
    <ul class="verdicts">
      {policies.slice(0, MAX_SHOWN).map((policy) => (
        <li>
          <Verdict policy={policy} open={open} />
        </li>
      ))}
      {more > 0 ? <li class="soft">and {counted(more, "policy")} more</li> : null}
    </ul>
  );
}

function Verdict({ policy, open }: { readonly policy: Explanation; readonly open: boolean }) {
  const { id, effect, verdict, shadow, error, misses, trace } = policy;
  const counts = verdict === "applied" || verdict === "result";
  const tone: BadgeTone = counts ? EFFECT_WORDS[effect].tone : "calm";
  return (
    <>
      <p class="verdict">
        <a href={policyLink(id)}>{id}</a> <Badge tone={tone}>{EFFECT_WORDS[effect].word}</Badge>{" "}
        {shadow ? <Badge tone="calm">shadow</Badge> : null} <span class="soft">{verdictWords(policy)}</span>
      </p>
      {error === undefined ? null : (
        <p class="error">
          The condition has no value: <ForeignText text={error} />.
        </p>
      )}
      {misses.length === 0 ? null : (
        <ul class="misses">
          {misses.map(({ key, wanted, actual }) => (
            <li>
              <span class="soft">{key}:</span> wants <ForeignText text={wanted} fold={200} />; the call has{" "}
              <ForeignText text={actual} fold={200} />
            </li>
          ))}
        </ul>
      )}
      {trace === undefined ? null : (
        <details class="more" open={open}>
          <summary>How its condition came out</summary>
          <TraceTree trace={trace} />
        </details>
      )}
    </>
  );
}

function verdictWords({ verdict, shadow, effect, error, defaults }: Explanation): string {
  switch (verdict) {
    case "applied":
      if (error !== undefined) return "counts, because its condition cannot be evaluated";
      return defaults === undefined ? "applies" : `applies with the tool's defaults for ${defaults.join(", ")}`;
    case "unapplied":
      return shadow ? "would apply" : `does not count: ${effect} needs a condition that has a value`;
    case "result":
      return "decided once the tool has answered";
    case "target":
      return "is about other calls";
    case "condition":
      return "does not apply: its condition is false";
    case "disabled":
      return "disabled";
    default:
      return verdict satisfies never;
  }
}

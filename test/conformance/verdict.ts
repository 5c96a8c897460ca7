import type { ScenarioResult } from "./suite.ts";

/** One line of the comparison. `info` rows are run for information and never decide. */
export interface Row {
  readonly scenario: string;
  readonly direct: ScenarioResult | undefined;
  /** `undefined` when the run was against the fixture only, or the suite left nothing behind. */
  readonly through: ScenarioResult | undefined;
  readonly verdict: "passed" | "failed" | "expected" | "info";
  readonly note: string;
}

/** What one revision's two runs are judged by. */
export interface Judgement {
  readonly required: readonly string[];
  readonly direct: ReadonlyMap<string, ScenarioResult>;
  /** `undefined`: only the fixture was run, and is judged itself. */
  readonly through: ReadonlyMap<string, ScenarioResult> | undefined;
  /** Scenario → reason. */
  readonly expected: ReadonlyMap<string, string>;
}

/** Compares the two runs: required scenarios decide, all others are shown. */
export function judge(runs: Judgement): readonly Row[] {
  const judged = runs.through ?? runs.direct;
  const others = [...judged.keys()].filter((name) => !runs.required.includes(name));
  return [
    ...runs.required.map((scenario) => judgeRequired(runs, judged, scenario)),
    ...others.map((scenario): Row => {
      const result = judged.get(scenario);
      const note = `not required${result?.passed ? "" : `; ${result?.failures[0] ?? ""}`}`;
      return {
        scenario,
        direct: runs.direct.get(scenario),
        through: runs.through?.get(scenario),
        verdict: "info",
        note,
      };
    }),
  ];
}

function judgeRequired(runs: Judgement, judged: ReadonlyMap<string, ScenarioResult>, scenario: string): Row {
  const direct = runs.direct.get(scenario);
  const through = runs.through?.get(scenario);
  const result = judged.get(scenario);
  const row = { scenario, direct, through };
  const reason = runs.expected.get(scenario);

  if (runs.through !== undefined && reason !== undefined) {
    return result?.passed
      ? { ...row, verdict: "failed", note: "passes, but is listed as an expected failure: remove the entry" }
      : { ...row, verdict: "expected", note: reason };
  }
  if (result === undefined) return { ...row, verdict: "failed", note: "the suite left no result" };
  if (!result.passed) return { ...row, verdict: "failed", note: result.failures.join(" | ") };
  return { ...row, verdict: "passed", note: lostBy(direct, result) };
}

// A scenario can pass with less than the fixture showed: a recommendation dropped, or a check that no longer applies.
function lostBy(direct: ScenarioResult | undefined, result: ScenarioResult): string {
  const warnings = result.warnings.filter((warning) => !direct?.warnings.includes(warning));
  const unseen = (direct?.successes ?? []).filter((id) => !result.successes.includes(id));
  const notes = [...warnings.map((warning) => `warning: ${warning}`), ...unseen.map((id) => `without ${id}`)];
  return notes.join(" | ");
}

const SIGNS = { passed: "ok", failed: "FAILED", expected: "expected", info: "info" } as const;

/** The rows as text: scenario, verdict, each run, note. */
export function renderTable(rows: readonly Row[]): string {
  const width = Math.max(...rows.map((row) => row.scenario.length), 8);
  const cell = (result: ScenarioResult | undefined) => (result === undefined ? "-" : result.passed ? "pass" : "fail");
  const line = (...[scenario, verdict, direct, through, note]: readonly string[]) =>
    `  ${scenario?.padEnd(width)}  ${verdict?.padEnd(8)}  ${direct?.padEnd(6)}  ${through?.padEnd(7)}  ${note}`.trimEnd();
  return [
    line("scenario", "verdict", "direct", "gateway", ""),
    ...rows.map((row) => line(row.scenario, SIGNS[row.verdict], cell(row.direct), cell(row.through), row.note)),
  ].join("\n");
}

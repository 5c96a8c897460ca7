import type { TestFileResult, TestResult } from "../../policy/tests/run.ts";

/** Test results as JUnit XML, which continuous integration reads: one suite for each file of tests. */
export function junitReport(files: readonly TestFileResult[]): string {
  const all = files.flatMap(({ tests }) => tests);
  const suites = files.map(
    ({ file, tests }) =>
      `  <testsuite name="${xmlText(file)}" ${totals(tests)}>\n${tests.map((it) => caseXml(file, it)).join("")}  </testsuite>\n`,
  );
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n';
  return `${head}<testsuites name="portcullis policy test" ${totals(all)}>\n${suites.join("")}</testsuites>\n`;
}

function totals(tests: readonly TestResult[]): string {
  const failures = tests.filter(({ differences }) => differences.length > 0).length;
  return `tests="${tests.length}" failures="${failures}" errors="0"`;
}

function caseXml(file: string, { name, line, differences }: TestResult): string {
  const head = `    <testcase classname="${xmlText(file)}" name="${xmlText(name)}" file="${xmlText(file)}" line="${line}"`;
  if (differences.length === 0) return `${head}/>\n`;
  const message = `not as expected: ${differences.map(({ what }) => what).join(", ")}`;
  const detail = differences.map(({ what, expected, actual }) => `${what}: expected ${expected}, actual ${actual}`);
  const failure = `<failure message="${xmlText(message)}">${xmlText(detail.join("\n"))}</failure>`;
  return `${head}>\n      ${failure}\n    </testcase>\n`;
}

// XML 1.0 §2.2: other characters cannot be written at all, escaped or not.
const UNWRITABLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu;
const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function xmlText(text: string): string {
  return text.replaceAll(UNWRITABLE, "\u{fffd}").replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? "");
}

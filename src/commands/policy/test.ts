import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import { counted } from "../../core/counted.ts";
import { runPolicyTests, type TestFileResult, type TestResult } from "../../policy/tests/run.ts";
import type { Shell } from "../shell.ts";
import { one, painter, plainText, print } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";
import { junitReport } from "./junit.ts";
import { type PlaceOptions, printJson, readPlace, reportErrors, withPolicyPlace } from "./place.ts";

interface TestOptions extends PlaceOptions {
  readonly junit?: string;
}

/** `portcullis policy test`: runs the tests that stand beside the policies. */
export function registerPolicyTest(policy: Command, shell: Shell): void {
  withPolicyPlace(policy.command("test"))
    .description("run every *.test.yaml beside the policies")
    .option("--junit <file>", "write a JUnit report too")
    .addHelpText("after", HELP)
    .action((options: TestOptions) => test(options, shell));
}

const HELP = `
Examples:
  portcullis policy test
  portcullis policy test --policies ./policies --junit report.xml

A file of tests, policies/expenses.test.yaml:
  tests:
    - name: An employee files no large expense
      given:
        user: { email: ann@acme.com, roles: [employee] }
        tool: expenses/create_expense
        args: { amount: 12000 }
      expect: { effect: deny, policies: [large-expenses], message: need the CFO }

Exit code: 0 all passed, 1 a test failed, a file has mistakes or there are no tests, 2 usage.`;

async function test(options: TestOptions, shell: Shell): Promise<void> {
  const place = await readPlace(options, shell);
  if (place === undefined) return;
  const run = runPolicyTests(place);
  if (!run.ok) {
    await reportErrors(run.errors, [...place.policies, ...place.tests], options, shell);
    return;
  }
  const { files, untested } = run;
  const results = files.flatMap(({ tests }) => tests);
  const failed = results.filter(({ differences }) => differences.length > 0).length;
  // A run of nothing has shown nothing.
  if (failed > 0 || results.length === 0) shell.setExitCode(1);
  if (options.junit !== undefined && !(await writeReport(options.junit, files, shell))) return;

  if (options.json) {
    const ok = failed === 0 && results.length > 0;
    await printJson({ ok, passed: results.length - failed, failed, untested, files }, shell);
    return;
  }
  if (results.length === 0) {
    shell.err(
      `There are no tests in ${place.dir}. Put one beside a policy: ${shell.command} policy test --help shows how.`,
    );
    return;
  }
  const paint = painter(shell.colours);
  const sum = `${results.length - failed} passed, ${failed} failed`;
  const parts = files.map((file) => fileText(file, paint));
  if (untested.length > 0) parts.push(paint("yellow", `Matched by no test: ${untested.join(", ")}\n`));
  await print(shell.stdout, one(`${parts.join("\n")}\n${paint(failed === 0 ? "green" : "red", sum)}\n`));
  if (failed > 0) shell.err(`${counted(failed, "test")} failed.`);
}

function fileText({ file, tests }: TestFileResult, paint: ReturnType<typeof painter>): string {
  const rows = tests.map(({ name, effect, policies, differences }) => {
    const result = differences.length === 0 ? "pass" : "FAIL";
    return [result, name, effect, policies.join(", ") || "-"].map(plainText);
  });
  const listed = table(["RESULT", "TEST", "EFFECT", "POLICIES"], rows, paint, (row, column) => {
    if (column !== 0) return undefined;
    return rows[row]?.[0] === "pass" ? "green" : "red";
  });
  const failures = tests.filter(({ differences }) => differences.length > 0).map((it) => failureText(file, it));
  return [paint("bold", plainText(file)), listed, ...failures].join("\n");
}

function failureText(file: string, { name, line, differences }: TestResult): string {
  const lines = differences.map(
    ({ what, expected, actual }) =>
      `  ${what.padEnd(8)}  expected  ${plainText(expected)}\n  ${"".padEnd(8)}  actual    ${plainText(actual)}`,
  );
  return `${plainText(file)}:${line}: ${plainText(name)}\n${lines.join("\n")}\n`;
}

async function writeReport(path: string, files: readonly TestFileResult[], shell: Shell): Promise<boolean> {
  try {
    await writeFile(path, junitReport(files));
    return true;
  } catch (err) {
    if (!(err instanceof Error && "code" in err)) throw err;
    shell.err(`The report cannot be written to ${path}: ${String(err.code)}.`);
    shell.setExitCode(1);
    return false;
  }
}

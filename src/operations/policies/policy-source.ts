import { readSmallFile } from "../../core/read-small-file.ts";
import { MAX_FILE_BYTES } from "../../policy/file/read-files.ts";
import type { PolicyFile, PolicySummary } from "../../policy/policy-set.ts";
import { readTests } from "../../policy/tests/read.ts";
import type { PolicyDetail } from "./policies.ts";

/** The lines of a policy, with the comments right above it. */
export function sourceOf(
  { file, line, lastLine }: PolicySummary,
  files: readonly PolicyFile[],
): PolicyDetail["source"] {
  const lines = files.find(({ name }) => name === file)?.text.split("\n") ?? [];
  let firstLine = line;
  while (lines[firstLine - 2]?.trimStart().startsWith("#")) firstLine--;
  return { firstLine, lines: lines.slice(firstLine - 1, lastLine).map((text) => text.replace(/\r$/, "")) };
}

/**
 * The tests in the file that stands beside a policy's: `a.test.yaml` for `a.yaml`. `undefined` if there is none, or none
 * that can be read: what is wrong with it, `portcullis policy test` tells. @throws never
 */
export async function testsBeside(
  { id, file }: PolicySummary,
  files: readonly PolicyFile[],
): Promise<PolicyDetail["tests"]> {
  for (const ending of ["yaml", "yml"]) {
    const path = file.replace(/\.ya?ml$/i, `.test.${ending}`);
    const text = await textOf(path);
    const read =
      text === undefined
        ? undefined
        : readTests(
            { name: path, text },
            files.map(({ name }) => name),
          );
    if (read?.ok !== true) continue;
    const { tests } = read.tests.content;
    const expecting = tests.filter(({ expect: { policies, shadow } }) =>
      [...(policies ?? []), ...(shadow ?? [])].includes(id),
    );
    return { file: path, count: tests.length, expecting: expecting.length };
  }
  return undefined;
}

async function textOf(path: string): Promise<string | undefined> {
  const read = await readSmallFile(path, MAX_FILE_BYTES);
  return read.ok ? read.text : undefined;
}

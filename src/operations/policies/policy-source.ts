import { callInThread } from "../../core/in-thread.ts";
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

/** Longer files of tests than this are read in a thread of their own, characters: a megabyte takes a second. */
const LONG = 16_384;
/** Longer than this nobody waits for that, ms. */
const MAX_MS = 30_000;

/**
 * The tests in the file that stands beside a policy's: `a.test.yaml` for `a.yaml`. `undefined` if there is none, or none
 * that can be read: what is wrong with it, `portcullis policy test` tells. @throws never
 */
export async function testsBeside(
  { id, file }: PolicySummary,
  files: readonly PolicyFile[],
): Promise<PolicyDetail["tests"]> {
  const names = files.map(({ name }) => name);
  for (const extension of ["yaml", "yml"]) {
    const name = file.replace(/\.ya?ml$/i, `.test.${extension}`);
    const text = await textOf(name);
    if (text === undefined) continue;
    const counted = await countBeside({ name, text }, names, id);
    if (counted !== undefined) return { file: name, ...counted };
  }
  return undefined;
}

type Counted = { readonly count: number; readonly expecting: number } | undefined;

async function countBeside(file: PolicyFile, names: readonly string[], id: string): Promise<Counted> {
  if (file.text.length <= LONG) return countTests(file, names, id);
  const answer = await callInThread(import.meta.url, countTests, [file, names, id], { maxMs: MAX_MS });
  return answer.ok ? answer.value : undefined;
}

/** How many tests a file holds, and how many of them expect a policy. @throws never */
export function countTests(file: PolicyFile, names: readonly string[], id: string): Counted {
  const read = readTests(file, names);
  if (!read.ok) return undefined;
  const { tests } = read.tests.content;
  const expecting = tests.filter(({ expect: { policies, shadow } }) =>
    [...(policies ?? []), ...(shadow ?? [])].includes(id),
  );
  return { count: tests.length, expecting: expecting.length };
}

async function textOf(path: string): Promise<string | undefined> {
  const read = await readSmallFile(path, MAX_FILE_BYTES);
  return read.ok ? read.text : undefined;
}

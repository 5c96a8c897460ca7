import { posix } from "node:path";
import { suggest } from "../../core/suggest.ts";
import { type DocumentPath, type PolicyDocument, type Position, readDocument } from "../file/document.ts";
import { type FileFormat, schemaErrors } from "../file/schema-errors.ts";
import { firstMistakes, MAX_MISTAKES, type PolicyError, type PolicyFile } from "../policy-set.ts";
import { didYouMean } from "../syntax/expression-rules.ts";
import { givenSubject } from "./given-call.ts";
import {
  DEFINITIONS,
  type PolicyTestCase,
  type PolicyTestFile,
  policyTestJsonSchema,
  policyTestSchema,
} from "./schema.ts";

/** A file of tests that can be run. */
export interface ReadyTests {
  readonly file: string;
  readonly content: PolicyTestFile;
  /** The names of the policy files that decide; `undefined` for all. */
  readonly policyFiles: readonly string[] | undefined;
  /** Where a test, or a part of one, stands in the file. */
  locate(path: DocumentPath): Position;
}

export type ReadTests =
  | { readonly ok: true; readonly tests: ReadyTests }
  | { readonly ok: false; readonly errors: readonly PolicyError[] };

const FORMAT: FileFormat = {
  jsonSchema: policyTestJsonSchema,
  hints: {
    tests: "A file of tests holds `tests:` and a list below it.",
    expect: "Write, for example: expect: { effect: deny, policies: [large-expenses] }",
    given: "Write, for example: given: { tool: expenses/create_expense, args: { amount: 5 } }",
    tool: "Write the upstream, a slash, and the upstream's own name of the tool.",
  },
};

/** Reads one file of tests; `policyFiles` are the names of all policy files. @throws never for what stands in the file */
export function readTests(file: PolicyFile, policyFiles: readonly string[]): ReadTests {
  const read = readDocument(file);
  if (!read.ok) return read;
  const { document } = read;
  const parsed = policyTestSchema.safeParse(document.value);
  if (!parsed.success) {
    return { ok: false, errors: firstMistakes(schemaErrors(file.name, document, parsed.error.issues, FORMAT)) };
  }
  const content = parsed.data;
  const chosen = content.files?.map((path) => posix.join(posix.dirname(slashes(file.name)), path));
  const errors = [
    ...unknownFiles(file.name, document, chosen, new Set(policyFiles.map(slashes))),
    ...doubles(file.name, document, content.tests),
    ...unknownSubjects(file.name, document, content),
  ];
  if (errors.length > 0) return { ok: false, errors: firstMistakes(errors) };
  const wanted = new Set(chosen);
  const names = chosen && policyFiles.filter((name) => wanted.has(slashes(name)));
  return { ok: true, tests: { file: file.name, content, policyFiles: names, locate: document.locate } };
}

function unknownFiles(
  file: string,
  document: PolicyDocument,
  chosen: readonly string[] | undefined,
  known: ReadonlySet<string>,
): readonly PolicyError[] {
  const names = [...known].map((name) => posix.basename(name));
  const unknown = [...(chosen ?? []).entries()].filter(([, path]) => !known.has(path)).slice(0, MAX_MISTAKES + 1);
  return unknown.map(([index, path]) => {
    const message = `There is no policy file ${path}.`;
    const hint = didYouMean(suggest(posix.basename(path), names));
    return { file, ...document.locate(["files", index]), message, hint };
  });
}

function doubles(file: string, document: PolicyDocument, tests: readonly PolicyTestCase[]): readonly PolicyError[] {
  const seen = new Set<string>();
  return tests.flatMap(({ name }, index) => {
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const hint = "Names are unique in a file, so that a report says which test failed.";
    return [{ file, ...document.locate(["tests", index, "name"]), message: "Another test has this name too.", hint }];
  });
}

function unknownSubjects(file: string, document: PolicyDocument, content: PolicyTestFile): readonly PolicyError[] {
  const errors: PolicyError[] = [];
  for (const [index, { given }] of content.tests.entries()) {
    if (errors.length > MAX_MISTAKES) break;
    const subject = givenSubject(given);
    // Servers have resources that they do not list.
    if (subject === undefined || subject.kind === "resource") continue;
    const { kind, path } = subject;
    const known = content[DEFINITIONS[kind]];
    if (known === undefined || Object.hasOwn(known, path)) continue;
    const hint = didYouMean(suggest(path, Object.keys(known))) ?? "Add it; {} is enough.";
    const message = `\`${DEFINITIONS[kind]}\` has no \`${path}\`.`;
    errors.push({ file, ...document.locate(["tests", index, "given", kind]), message, hint });
  }
  return errors;
}

function slashes(path: string): string {
  return path.replaceAll("\\", "/");
}

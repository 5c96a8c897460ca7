import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

const TEXT = /\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g;
const DECLARED = /\b(?:const|let|function\*?|class|interface|type|readonly)\s+(\w+)|#(\w+)/g;
/** Methods, parameters and parts of what is taken apart; arguments and members of literals are found with them. */
const PLACED = /^\s+(?:async\s+)?(\w+)\??\(|[({[,]\s*(\w+)(?=\??\s*[:,)}\]=])|\b(\w+)\s*=>/gm;

const documented = readFileSync(join(ROOT, "docs/vocabulary.md"), "utf8");

/** The words that the document says are gone: of the last section, what stands in its left column. */
const GONE = [...(documented.split("## Gone")[1] ?? "").matchAll(/^\| ([a-z, ]+) \|/gm)].flatMap(([, words = ""]) =>
  words.split(", "),
);

const FILES = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));

/** What the source exports. */
const EXPORTED = FILES.flatMap(({ path, text }) => exportedBy(text).map((name) => ({ path, name })));

/** Every name that the source gives: to members, parameters and local variables, too. */
const NAMED = FILES.flatMap(({ path, text }) => namesIn(text).map((name) => ({ path, name })));

/** Members of what databases, clients and users of the API hold. */
const KEPT = [
  "core/persons.ts mentions",
  "store/approvals/json-columns.ts mentions",
  "gateway/requests/request-state.ts receipt",
  "approvals/cursor.ts ending",
];

describe("the vocabulary", () => {
  it("says which words are gone", () => {
    expect(GONE.length).toBeGreaterThan(10);
    expect(EXPORTED.length).toBeGreaterThan(2_000);
  });

  it.each(GONE)("has no name with the word %s", (word) => {
    const found = NAMED.filter(({ name }) => wordsOf(name).includes(word)).map(({ path, name }) => `${path} ${name}`);
    expect(found.filter((line) => !KEPT.includes(line))).toEqual([]);
  });

  it("gives each exported name one meaning", () => {
    const declaredIn = new Map(EXPORTED.map(({ name, path }) => [name, path]));
    expect(EXPORTED.filter(({ name, path }) => declaredIn.get(name) !== path)).toEqual([]);
  });

  it("has no type or constant named for an ask", () => {
    const nouns = NAMED.filter(({ name }) => /^[A-Z]/.test(name) && /^ask(?:s|ed|ing)?$/.test(wordsOf(name)[0] ?? ""));
    expect(nouns).toEqual([]);
  });
});

function exportedBy(text: string): readonly string[] {
  const declared = text.matchAll(
    /^export\s+(?:declare\s+|abstract\s+|async\s+)*(?:const|let|function\*?|class|interface|type|enum)\s+(\w+)/gm,
  );
  return [...declared].map(([, name = ""]) => name);
}

function namesIn(text: string): readonly string[] {
  const code = text.replace(TEXT, "0");
  const found = [...code.matchAll(DECLARED), ...code.matchAll(PLACED)];
  return [...new Set(found.flatMap(([, ...names]) => names.filter((name) => name !== undefined)))];
}

/** `WebhookURLOf` and `WEBHOOK_URL_OF`: webhook, url, of. */
function wordsOf(name: string): readonly string[] {
  return [...name.matchAll(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g)].map(([word]) => word.toLowerCase());
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

const documented = readFileSync(join(ROOT, "docs/vocabulary.md"), "utf8");

/** The words that the document says are gone: of the last section, what stands in its left column. */
const GONE = [...(documented.split("## Gone")[1] ?? "").matchAll(/^\| ([a-z, ]+) \|/gm)].flatMap(([, words = ""]) =>
  words.split(", "),
);

/** What the source exports, as `file name`. */
const EXPORTED = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .flatMap((path) => exportedBy(readFileSync(join(SRC, path), "utf8")).map((name) => ({ path, name })));

describe("the vocabulary", () => {
  it("says which words are gone", () => {
    expect(GONE.length).toBeGreaterThan(10);
    expect(EXPORTED.length).toBeGreaterThan(2_000);
  });

  it.each(GONE)("has no exported name with the word %s", (word) => {
    expect(EXPORTED.filter(({ name }) => wordsOf(name).includes(word))).toEqual([]);
  });

  it("gives each exported name one meaning", () => {
    const declaredIn = new Map(EXPORTED.map(({ name, path }) => [name, path]));
    expect(EXPORTED.filter(({ name, path }) => declaredIn.get(name) !== path)).toEqual([]);
  });

  it("has no type or constant named for an ask", () => {
    const nouns = EXPORTED.filter(({ name }) => /^[A-Z]/.test(name) && /^asks?$/.test(wordsOf(name)[0] ?? ""));
    expect(nouns).toEqual([]);
  });
});

function exportedBy(text: string): readonly string[] {
  const declared = text.matchAll(
    /^export\s+(?:declare\s+|abstract\s+|async\s+)*(?:const|let|function\*?|class|interface|type|enum)\s+(\w+)/gm,
  );
  return [...declared].map(([, name = ""]) => name);
}

/** `WebhookURLOf` and `WEBHOOK_URL_OF`: webhook, url, of. */
function wordsOf(name: string): readonly string[] {
  return [...name.matchAll(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+/g)].map(([word]) => word.toLowerCase());
}

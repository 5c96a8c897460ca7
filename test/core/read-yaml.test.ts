import { describe, expect, it } from "vitest";
import { readYaml } from "../../src/core/read-yaml.ts";
import { YAML_LIMITS } from "../../src/core/survey-yaml.ts";

const { maxValues, maxDepth, maxAliases, maxTokens, maxName } = YAML_LIMITS;

function problemsOf(text: string): readonly string[] {
  const read = readYaml(text);
  return read.ok ? [] : read.problems.map(({ message }) => message);
}

/** One item for each, in a list. */
function list(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => `- ${item(index)}\n`).join("");
}

describe("a text of YAML is refused beyond its bounds, and taken at them", () => {
  const deep = `nested more than ${maxDepth} deep`;
  const aliases = "more than 1,000 anchors and aliases";
  const many = "more than 100,000 values and names";
  const tokens = "more than 250,000 texts, marks, lines and escapes";
  it.each<[what: string, text: string, bound: string]>([
    ["lists in lists", "[".repeat(maxDepth + 2) + "]".repeat(maxDepth + 2), deep],
    ["lists that nobody closes", "[".repeat(5_000), deep],
    ["maps in maps", "{".repeat(5_000), deep],
    ["lists in lines", "- ".repeat(maxDepth + 2), deep],
    ["names that are maps", "? ".repeat(maxDepth + 2), deep],
    ["lines further and further in", Array.from({ length: 200 }, (_, at) => `${" ".repeat(at)}a:\n`).join(""), deep],
    ["depth through aliases", `- &a0 [1]\n${list(maxDepth, (at) => `&a${at + 1} [*a${at}]`)}`, deep],
    ["anchors", list(maxAliases + 1, () => "&a 1"), aliases],
    ["anchors at names", Array.from({ length: maxAliases + 1 }, (_, at) => `&a k${at}: 1\n`).join(""), aliases],
    ["aliases", `- &a x\n${list(maxAliases, () => "*a")}`, aliases],
    ["values", `[${"1,".repeat(maxValues + 1)}]`, many],
    ["values through aliases", `- &a [${"1,".repeat(1_000)}]\n${list(101, () => "*a")}`, many],
    ["aliases that multiply", `- &a0 [x]\n${list(90, (at) => `&a${at + 1} [${`*a${at}, `.repeat(10)}]`)}`, many],
    ["marks", "}".repeat(maxTokens + 1), tokens],
    ["lines", "\n".repeat(maxTokens + 1), tokens],
    ["escapes", `"${"\\q".repeat(maxTokens)}"`, tokens],
    ["a long name", `? ${"k".repeat(maxName + 1)}\n: 1\n`, "a name of more than 1,024 characters"],
  ])("%s", (_what, text, bound) => {
    expect(problemsOf(text).join("\n")).toContain(bound);
  });

  it.each<[what: string, text: string]>([
    ["lists in lists", "[".repeat(maxDepth + 1) + "]".repeat(maxDepth + 1)],
    ["names", `{${Array.from({ length: 20_000 }, (_, at) => `k${at}`).join(",")}}`],
    ["aliases", `- &a x\n${list(maxAliases - 1, () => "*a")}`],
    ["anchors that are given anew", "- &a 1\n- *a\n- &a 2\n- *a\n"],
    ["nothing", ""],
  ])("%s", (_what, text) => {
    expect(problemsOf(text)).toEqual([]);
  });
});

describe("names and aliases that mean nothing", () => {
  it.each<[what: string, text: string, problem: string]>([
    ["a name twice", "a: 1\na: 2\n", "This key is here twice."],
    ["a name twice, written in two ways", '1: a\n"1": b\n', "This key is here twice."],
    ["a list as a name", "? [a]\n: 1\n", "This cannot be a key."],
    ["an alias as a name", "- &a x\n- { *a : 1 }\n", "This cannot be a key."],
    ["an alias of nothing", "a: *b\n", "There is no anchor &b before this alias."],
    ["an alias in what it stands for", "a: &a [*a]\n", "This alias stands in what it stands for."],
  ])("%s", (_what, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  it("are told a hundred times at most", () => {
    expect(problemsOf("k: 1\n".repeat(10_000))).toHaveLength(100);
    expect(problemsOf("[".concat(",".repeat(10_000)))).toHaveLength(100);
  });
});

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOMS } from "../scripts/layers.ts";

const ROOT = join(import.meta.dirname, "..");
const SRC = join(ROOT, "src");

/** Above the table: they put the rooms together, and nothing imports them. */
const TOP = ["commands", "demo", "main"];

/** Files that lie flat in one folder, before it wants inner rooms. `core/` is a list of nouns. */
const MAX_FILES = 18;

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((path) => /\.tsx?$/.test(path));
const foldersIn = (path: string): readonly string[] =>
  readdirSync(join(SRC, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "assets")
    .map(({ name }) => name)
    .sort();

describe("the rooms", () => {
  it("are those of the table", () => {
    expect(foldersIn(".")).toEqual([...ROOMS.map(({ name }) => name), ...TOP].sort());
  });

  it.each(ROOMS)("have the inner rooms of the table: $name", ({ name, inner = [] }) => {
    expect(foldersIn(name)).toEqual(inner.map((folder) => folder.name).sort());
  });

  it("stand in the documentation, each in its tier", () => {
    const text = readFileSync(join(ROOT, "docs/architecture.md"), "utf8");
    const rows = [...text.matchAll(/^\| (\d) \| (.+?) \|/gm)].flatMap(([, tier, names = ""]) =>
      [...names.matchAll(/`([a-z-]+)\/`/g)].map(([, name = ""]) => ({ name, tier: Number(tier) })),
    );
    const described = rows.filter(({ name }) => !TOP.includes(name));
    expect(described).toEqual(ROOMS.map(({ name, tier }) => ({ name, tier })));
  });

  it.each(ROOMS)("import only from lower tiers: $name", ({ tier, uses }) => {
    const neighbours = uses.filter((name) => !ROOMS.some((room) => room.name === name && room.tier < tier));
    expect(neighbours).toEqual([]);
  });

  it.each([...ROOMS.map(({ name }) => name), "commands", "main"])("say what they are for: %s", (name) => {
    const path = join(SRC, name, "README.md");
    expect(existsSync(path)).toBe(true);
    const text = readFileSync(path, "utf8");
    const unsaid = foldersIn(name).filter((folder) => !text.includes(`\`${folder}/\``));
    expect(unsaid).toEqual([]);
  });

  it("have no folder with too many files", () => {
    const counts = new Map<string, number>();
    for (const path of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
    expect([...counts].filter(([folder, count]) => folder !== "core" && count > MAX_FILES)).toEqual([]);
  });
});

describe("imports", () => {
  it("go in no circle, types included", () => {
    const imports = new Map(files.map((path) => [path, importsOf(path)]));
    const done = new Set<string>();
    const circles: string[] = [];
    const visit = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(" → "));
      if (way.includes(path) || done.has(path)) return;
      for (const next of imports.get(path) ?? []) visit(next, [...way, path]);
      done.add(path);
    };
    for (const path of files) visit(path, []);
    expect(circles).toEqual([]);
  });
});

function importsOf(path: string): readonly string[] {
  const text = readFileSync(join(SRC, path), "utf8");
  const found = text.matchAll(/^(?:import|export)\s[^;]*?from\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm);
  return [...found].map(([, from, lazily]) => normalize(join(dirname(path), from ?? lazily ?? "")));
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { analyse } from "scslre";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../src");

/** Where an expression begins, so that a slash begins a pattern. */
const LITERAL =
  /(?<=(?:[=(,:[!&|?{};>]|return|\n)\s*)\/(?![*/])((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)(?=[\s.,;:)\]}?])/g;

/** Comments, and texts, in which a slash is a slash. */
const NO_CODE = /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/gm;

const FILES = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, code: readFileSync(join(SRC, path), "utf8").replace(NO_CODE, "") }));

const PATTERNS = FILES.flatMap(({ path, code }) =>
  [...code.matchAll(LITERAL)].map(([, source = "", flags = ""]) => ({ path, source, flags })),
);

interface Pattern {
  readonly path: string;
  readonly source: string;
  readonly flags: string;
}

const BUILDS = /\bnew RegExp\(/g;

/** Files that build patterns of texts while they run, and of which. */
const BUILDS_WHILE_IT_RUNS: Readonly<Record<string, string>> = {
  "policy/check/advice.ts": "names of variables in policies",
  "policy/check/report.ts": "names in policies, escaped",
};

/** What modules build of parts when they are loaded. */
async function builtPatterns(paths: readonly string[]): Promise<readonly Pattern[]> {
  const built: Pattern[] = [];
  const Plain = globalThis.RegExp;
  class Watched extends Plain {
    constructor(pattern: RegExp | string, flags?: string) {
      super(pattern, flags);
      const path = /[/\\]src[/\\]([\w/\\.-]+\.tsx?)/.exec(new Error().stack ?? "")?.[1];
      if (path !== undefined) built.push({ path, source: this.source, flags: this.flags });
    }
  }
  globalThis.RegExp = Watched as RegExpConstructor;
  try {
    // Another file of tests may have loaded them before, in this process: they are loaded once more.
    for (const path of paths) await import(`${join(SRC, path)}?once-more`);
  } finally {
    globalThis.RegExp = Plain;
  }
  return built;
}

/** Files whose patterns read only what is short, or what the operator wrote, and which. */
const READS_ITS_OWN: Readonly<Record<string, string>> = {
  "core/mailbox.ts": "addresses, cut before",
  "catalog/uris/shared-uris.ts": "URIs of 8 KB at most",
  "commands/api/client.ts": "the address of the gateway, as the operator gives it",
  "commands/approvals/keys.ts": "a line of the terminal",
  "config/file/excerpt.ts": "the configuration",
  "policy/cel/environment.ts": "policies",
  "policy/check/texts.ts": "policies",
  "policy/expressions/methods.ts": "policies",
  "policy/tool-schemas/look-alikes.ts": "constants of policies",
  "policy/tool-schemas/ip-parts.ts": "constants of policies",
  "policy/tool-schemas/pattern-parts.ts": "patterns of policies, 2,000 characters of them at most",
  "policy/tool-schemas/text-shape.ts": "patterns of schemas, 256 positions of them at most",
  "policy/syntax/address-spelling.ts": "policies",
};

describe("patterns", () => {
  it("are found", () => {
    expect(PATTERNS.length).toBeGreaterThan(500);
  });

  it("take time that grows with a text, and not by its square, also those that are built of parts", async () => {
    const building = new Map(
      FILES.map(({ path, code }) => [path, code.match(BUILDS)?.length ?? 0] as const).filter(([, times]) => times > 0),
    );
    const built = await builtPatterns([...building.keys()]);
    const slow = [...PATTERNS, ...built].filter(({ source, flags }) => analyse({ source, flags }).reports.length > 0);
    expect(slow.filter(({ path }) => READS_ITS_OWN[path] === undefined)).toEqual([]);
    expect(new Set(slow.map(({ path }) => path))).toEqual(new Set(Object.keys(READS_ITS_OWN)));
    // What is not built when its file is loaded is built of something that comes: of nobody's but the operator's.
    const later = [...building].filter(([file, times]) => built.filter(({ path }) => path === file).length < times);
    expect(later.map(([path]) => path).sort()).toEqual(Object.keys(BUILDS_WHILE_IT_RUNS).sort());
  });
});

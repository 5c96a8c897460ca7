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

const PATTERNS = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .flatMap((path) => {
    const code = readFileSync(join(SRC, path), "utf8").replace(NO_CODE, "");
    return [...code.matchAll(LITERAL)].map(([, source = "", flags = ""]) => ({ path, source, flags }));
  });

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
  "policy/tool-schemas/text-shape.ts": "patterns of schemas, 256 positions of them at most",
  "policy/syntax/address-spelling.ts": "policies",
};

describe("patterns", () => {
  it("are found", () => {
    expect(PATTERNS.length).toBeGreaterThan(500);
  });

  it("take time that grows with a text, and not by its square", () => {
    const slow = PATTERNS.filter(({ source, flags }) => analyse({ source, flags }).reports.length > 0);
    expect(slow.filter(({ path }) => READS_ITS_OWN[path] === undefined)).toEqual([]);
    expect(new Set(slow.map(({ path }) => path))).toEqual(new Set(Object.keys(READS_ITS_OWN)));
  });
});

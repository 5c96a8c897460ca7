import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** Lints `code` as if it stood at `path`; the rules that found something. */
function lint(path: string, code: string): string {
  const run = spawnSync("npx", ["biome", "lint", `--stdin-file-path=${path}`], { input: code, encoding: "utf8" });
  return run.stdout + run.stderr;
}

const uses = (from: string): string => `import { thing } from "${from}";\nexport const it = thing;\n`;

describe("the layer rules", () => {
  it.each([
    ["a room importing a higher tier", "src/policy/x.ts", uses("../gateway/gateway.ts")],
    ["a room importing its neighbour", "src/identity/x.ts", uses("../config/schema.ts")],
    ["a neighbour in a higher tier", "src/audit/x.ts", uses("../catalog/view.ts")],
    ["core importing anything", "src/core/x.ts", uses("../mcp/messages.ts")],
    ["CEL outside policy/", "src/gateway/x.ts", uses("@marcbachmann/cel-js")],
    ["drizzle outside store/", "src/audit/x.ts", uses("drizzle-orm")],
    ["jose outside identity/", "src/downstream/x.ts", uses("jose")],
    ["undici outside upstream/", "src/catalog/x.ts", uses("undici")],
    ["SDK transports outside upstream/", "src/downstream/x.ts", uses("@modelcontextprotocol/sdk/client/stdio.js")],
    [
      "a type alone",
      "src/policy/x.ts",
      'import type { Gateway } from "../gateway/gateway.ts";\nexport type It = Gateway;\n',
    ],
  ])("refuse %s", (_name, path, code) => {
    expect(lint(path, code)).toContain("noRestrictedImports");
  });

  it("refuse process in a room", () => {
    expect(lint("src/gateway/x.ts", "export const home = process.env;\n")).toContain("noRestrictedGlobals");
  });

  it.each([
    ["a lower tier", "src/gateway/x.ts", uses("../policy/policy-set.ts")],
    ["its own room", "src/gateway/x.ts", uses("./gateway.ts")],
    ["its own library", "src/upstream/x.ts", uses("undici")],
    ["Node", "src/core/x.ts", uses("node:crypto")],
  ])("let a room import %s", (_name, path, code) => {
    expect(lint(path, code)).not.toContain("noRestrictedImports");
  });
});

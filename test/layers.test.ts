import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ROOMS } from "../scripts/layers.ts";
import { LINTER, linterConfig } from "../scripts/linter-layers.ts";

const biome = join(import.meta.dirname, "../node_modules/@biomejs/biome/bin/biome");
const uses = (from: string): string => `import { thing } from "${from}";\n\nexport const it = thing;\n`;

const refused = [
  { what: "a room importing a higher tier", room: "policy", code: uses("../gateway/gateway.ts") },
  { what: "a room importing its neighbour", room: "identity", code: uses("../config/schema.ts") },
  { what: "a neighbour in a higher tier", room: "audit", code: uses("../catalog/view.ts") },
  { what: "one edge importing the other", room: "admin", code: uses("../downstream/endpoint.ts") },
  { what: "http importing its neighbour", room: "http", code: uses("../mcp/messages.ts") },
  { what: "core importing anything", room: "core", code: uses("../mcp/messages.ts") },
  { what: "CEL outside policy/", room: "gateway", code: uses("@marcbachmann/cel-js") },
  { what: "drizzle outside store/", room: "audit", code: uses("drizzle-orm") },
  { what: "jose outside identity/", room: "downstream", code: uses("jose") },
  { what: "an OpenID client outside step-up/", room: "identity", code: uses("openid-client") },
  { what: "step-up importing its neighbour", room: "step-up", code: uses("../approvals/machine.ts") },
  { what: "JSONPath outside redaction/", room: "policy", code: uses("json-p3") },
  { what: "redaction importing its neighbour", room: "redaction", code: uses("../mcp/messages.ts") },
  { what: "undici outside http/ and upstream/", room: "catalog", code: uses("undici") },
  { what: "address ranges outside http/", room: "config", code: uses("ipaddr.js") },
  { what: "an SMTP client outside approvals/notify/", room: "approvals", code: uses("nodemailer") },
  { what: "signed webhooks outside approvals/notify/", room: "gateway", code: uses("standardwebhooks") },
  { what: "pages importing the API", room: "console/approvals", code: uses("../../admin/api.ts") },
  { what: "one area of the console importing another", room: "console/approvals", code: uses("../policies/page.ts") },
  { what: "OpenAPI outside admin/", room: "console", code: uses("hono-openapi") },
  { what: "notifiers importing a higher tier", room: "approvals/notify", code: uses("../../gateway/gateway.ts") },
  { what: "checkpoints importing a higher tier", room: "audit/checkpoints", code: uses("../../gateway/gateway.ts") },
  { what: "what bears witness importing a neighbour", room: "store/record", code: uses("../../config/load.ts") },
  {
    what: "SDK transports outside upstream/",
    room: "downstream",
    code: uses("@modelcontextprotocol/sdk/client/stdio.js"),
  },
  {
    what: "a type alone",
    room: "policy",
    code: 'import type { G } from "../gateway/gateway.ts";\n\nexport type It = G;\n',
  },
  { what: "process in a room", room: "gateway", code: "export const home = process.env;\n" },
  ...ROOMS.flatMap(({ name, inner = [] }) => [
    ...inner.map((folder) => ({
      what: `${name}/${folder.name} importing a higher tier`,
      room: `${name}/${folder.name}`,
      code: uses("../../main/serve.ts"),
    })),
    ...inner.slice(1).map((folder, index) => ({
      what: `${name}/${inner[index]?.name} importing ${folder.name}, which is above it`,
      room: `${name}/${inner[index]?.name}`,
      code: uses(`../${folder.name}/thing.ts`),
    })),
  ]),
].map((entry, index) => ({ ...entry, path: `src/${entry.room}/refused-${index}.ts` }));

const allowed = [
  { what: "a lower tier", room: "gateway", code: uses("../policy/policy-set.ts") },
  { what: "detectors below policies", room: "policy", code: uses("../redaction/redaction.ts") },
  { what: "its own room", room: "gateway", code: uses("./gateway.ts") },
  { what: "its own library", room: "upstream/http", code: uses("undici") },
  { what: "a notifier's library", room: "approvals/notify", code: uses("nodemailer") },
  { what: "a lower tier from a folder in a room", room: "approvals/notify", code: uses("../../store/outbox.ts") },
  { what: "the console's frame", room: "console/approvals", code: uses("../layout.ts") },
  { what: "the console's components", room: "console/approvals", code: uses("../components/badge.ts") },
  { what: "operations from a page", room: "console/approvals", code: uses("../../operations/operator.ts") },
  { what: "its own room from a folder in it", room: "policy/step-budget", code: uses("../policy-set.ts") },
  { what: "an inner room below it", room: "policy/cel", code: uses("../syntax/ast.ts") },
  { what: "Node", room: "core", code: uses("node:crypto") },
].map((entry, index) => ({ ...entry, path: `src/${entry.room}/allowed-${index}.ts` }));

let root: string;
const found = new Map<string, string[]>();

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "portcullis-layers-"));
  copyFileSync(join(import.meta.dirname, "../biome.json"), join(root, "biome.json"));
  for (const { path, code } of [...refused, ...allowed]) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), code);
  }
  const options = ["lint", "--vcs-enabled=false", "--reporter=github", "--max-diagnostics=none"];
  const run = spawnSync(process.execPath, [biome, ...options], { cwd: root, encoding: "utf8" });
  // ::error title=lint/style/noRestrictedImports,file=/…/src/…,line=…::…
  for (const [, rule = "", file = ""] of run.stdout.matchAll(/::error title=([^,]+),file=([^,]+),/g)) {
    const path = file.slice(file.indexOf("src/"));
    found.set(path, [...(found.get(path) ?? []), rule]);
  }
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("the layer rules", () => {
  it("are what npm run layers writes", () => {
    expect(JSON.parse(readFileSync(LINTER, "utf8"))).toEqual(JSON.parse(JSON.stringify(linterConfig())));
  });

  it.each(refused)("refuse $what", ({ path }) => {
    expect(found.get(path)).toEqual([expect.stringMatching(/^lint\/style\/noRestricted(Imports|Globals)$/)]);
  });

  it.each(allowed)("let a room import $what", ({ path }) => {
    expect(found.get(path)).toBeUndefined();
  });
});

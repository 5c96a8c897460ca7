import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema/schema.ts";
import { AT_HOME } from "../../src/core/principal.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { PolicySet } from "../../src/policy/policy-set.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
const ENV = {
  IDP_URL: "https://idp.acme.com/realms/acme",
  CI_KEY_HASH: `sha256:${"0".repeat(64)}`,
  CRM_TOKEN: "crm",
  GITHUB_TOKEN: "github",
};

function load(name: string, env: Record<string, string> = ENV): Config {
  const loaded = loadConfig(join(EXAMPLES, name), env);
  if (!loaded.ok) throw new Error(loaded.errors.map((error) => `${error.line}: ${error.message}`).join("\n"));
  // What this version does not carry out yet is told; nothing else is.
  expect(loaded.warnings.filter((warning) => !warning.message.includes("nothing yet"))).toEqual([]);
  return loaded.config;
}

function compileFor(config: Config): PolicySet {
  const { dir } = config.policies;
  const names = readdirSync(dir).filter((name) => name.endsWith(".yaml") && !name.endsWith(".test.yaml"));
  const files = names.map((name) => ({ name, text: readFileSync(join(dir, name), "utf8") }));
  const flows = config.approvalFlows.map((flow) => flow.name);
  const compiled = compilePolicies(files, { default: config.policies.default, flows });
  if (!compiled.ok) throw new Error(compiled.errors.map((error) => `${error.file}: ${error.message}`).join("\n"));
  return compiled.set;
}

describe("the example configurations", () => {
  const names = readdirSync(EXAMPLES).filter((name) => name.endsWith(".yaml"));

  it.each(names)("%s loads without an error or a warning, and its policies compile", (name) => {
    expect(compileFor(load(name)).policies.length).toBeGreaterThan(0);
  });

  it("are the ones that the documentation names", () => {
    expect(names.sort()).toEqual(["portcullis.yaml", "team.yaml"]);
  });

  it("say which variable is missing", () => {
    const { GITHUB_TOKEN: _, ...rest } = ENV;
    const loaded = loadConfig(join(EXAMPLES, "team.yaml"), rest);
    expect(loaded).toMatchObject({ ok: false, errors: [{ message: expect.stringContaining("GITHUB_TOKEN") }] });
  });
});

describe("the policies of the team example", () => {
  const set = compileFor(load("team.yaml"));
  const decide = (upstream: string, name: string, roles: string[], args: Record<string, number>, hint = false) =>
    set.decide({
      principal: {
        issuer: ENV.IDP_URL,
        subject: "ann",
        kind: "person",
        clientId: undefined,
        email: "ann@acme.com",
        name: undefined,
        roles,
        groups: [],
        scopes: [],
        claims: {},
        acr: undefined,
        amr: [],
        authTime: undefined,
        ...AT_HOME,
      },
      client: { id: undefined, name: "claude-code", version: "1", ip: "10.0.0.1", userAgent: "" },
      subject: {
        kind: "tool",
        name,
        upstream,
        definition: { name, inputSchema: {}, annotations: { readOnlyHint: hint } },
      },
      arguments: args,
      // A Sunday.
      request: {
        id: "call_1",
        method: "tools/call",
        time: 1_767_528_000_000,
        session: undefined,
        endpoint: "",
        headers: {},
      },
    });

  it.each([
    ["an employee files 120", "expenses", "create_expense", ["employee"], { amount: 120 }, "allow"],
    ["an employee files 12,000", "expenses", "create_expense", ["employee"], { amount: 12_000 }, "deny"],
    ["the CFO files 12,000", "expenses", "create_expense", ["cfo"], { amount: 12_000 }, "allow"],
    ["the build files anything", "expenses", "create_expense", ["build"], { amount: 1 }, "deny"],
    ["support reads a customer", "crm", "get_customer", ["support"], {}, "allow"],
    ["an employee reads a customer", "crm", "get_customer", ["employee"], {}, "deny"],
  ])("%s", (_case, upstream, name, roles, args, effect) => {
    expect(decide(upstream, name, roles, args).effect).toBe(effect);
  });

  it("let the build read expenses", () => {
    expect(decide("expenses", "list_expenses", ["build"], {}, true).effect).toBe("allow");
  });

  it("only record what the trial run would refuse", () => {
    const decision = decide("github", "delete_branch", ["employee"], {});
    expect(decision).toMatchObject({
      effect: "allow",
      unapplied: [{ policy: "destructive-tools-on-weekdays", because: "condition", mode: "shadow" }],
    });
  });
});

describe("the client snippets", () => {
  const read = (name: string): unknown => JSON.parse(readFileSync(join(EXAMPLES, "clients", name), "utf8"));
  const url = "http://127.0.0.1:3000/mcp";

  it.each([
    ["claude-code.mcp.json", "mcpServers", /^Bearer \$\{PORTCULLIS_KEY\}$/],
    ["cursor.mcp.json", "mcpServers", /^Bearer \$\{env:PORTCULLIS_KEY\}$/],
    ["vscode.mcp.json", "servers", /^Bearer \$\{input:portcullis-key\}$/],
  ])("%s sends the key to where the gateway listens by default", (name, key, authorization) => {
    const { server } = load("portcullis.yaml");
    expect(url).toBe(`http://${server.host}:${server.port}/mcp`);
    expect(read(name)).toMatchObject({
      [key]: { portcullis: { url, headers: { Authorization: expect.stringMatching(authorization) } } },
    });
  });

  it("VS Code is told what the key is that it asks for", () => {
    expect(read("vscode.mcp.json")).toMatchObject({ inputs: [{ id: "portcullis-key", password: true }] });
  });

  it("Claude Desktop starts a command that exists", () => {
    const { bin } = JSON.parse(readFileSync(join(EXAMPLES, "../package.json"), "utf8"));
    expect(read("claude-desktop.json")).toMatchObject({
      mcpServers: {
        portcullis: { args: [`/path/to/portcullis/${bin.portcullis}`, "stdio", "-c", expect.any(String)] },
      },
    });
  });

  it("are all named in their README", () => {
    const readme = readFileSync(join(EXAMPLES, "clients/README.md"), "utf8");
    for (const name of readdirSync(join(EXAMPLES, "clients"))) {
      if (name.endsWith(".json")) expect(readme, basename(name)).toContain(`](${name})`);
    }
  });
});

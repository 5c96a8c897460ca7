import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { CLI } from "../support/built.ts";
import { EVERYTHING } from "../support/everything.ts";
import { type Program, startProgram } from "../support/program.ts";

const hasCurl = spawnSync("curl", ["--version"]).status === 0;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-commands-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function run(...args: string[]) {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8", cwd: dir });
}

describe("portcullis demo", () => {
  let demo: Program;
  let data: string;
  beforeAll(async () => {
    data = mkdtempSync(join(tmpdir(), "portcullis-demo-"));
    demo = await startProgram({
      name: "the demo",
      command: process.execPath,
      args: [CLI, "demo", "--port", "0", "--data", data],
      ready: /Ctrl-C stops it/,
    });
  });
  afterAll(async () => {
    await demo.stop();
    rmSync(data, { recursive: true, force: true });
  });

  it.skipIf(!hasCurl)("prints curl lines that work as printed", () => {
    // The third waits for somebody: test/demo/approval-tour.test.ts.
    const lines = [...demo.output().matchAll(/^ {3}curl -s[\s\S]*?-d '.*'$/gm)].map(([line]) => line).slice(0, 2);
    const answers = lines.map((line) => JSON.parse(spawnSync("sh", ["-c", line], { encoding: "utf8" }).stdout).result);
    expect(answers).toMatchObject([
      { isError: true, content: [{ text: expect.stringContaining("Expenses above 10,000 need the CFO") }] },
      { structuredContent: { customer_id: "c-1001" } },
    ]);
  });

  it("prints audit commands that show what happened", () => {
    const listed = run("audit", "list", "--store", `file:${data}/portcullis.db`);
    expect(listed.status).toBe(0);
    if (hasCurl) expect(listed.stdout).toMatch(/ann@example\.com +expenses\/create_expense +deny +large-expenses/);
    expect(run("audit", "verify", "--store", `file:${data}/portcullis.db`).stdout).toMatch(/^Good/);
  });

  it("ends cleanly when it is told to", async () => {
    await demo.stop();
    expect(demo.exitCode()).toBe(0);
  });
});

describe("portcullis demo, where it cannot run", () => {
  it.each<[string, (data: string) => void, RegExp]>([
    [
      "a folder that is a file",
      (data) => writeFileSync(data, ""),
      /cannot keep its data in .*data \((EEXIST|ENOTDIR)\)\. .*--data/,
    ],
    [
      "keys that are broken",
      (data) => {
        mkdirSync(data);
        writeFileSync(join(data, "demo-keys.json"), "{");
      },
      /demo-keys\.json is broken\. Remove it/,
    ],
  ])("says what to do about %s", (_, make, text) => {
    make(join(dir, "data"));
    const { status, stderr } = run("demo", "--port", "0", "--data", join(dir, "data"));
    expect(status).toBe(1);
    expect(stderr).toMatch(text);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });
});

describe("portcullis stdio", () => {
  beforeEach(() => {
    const upstreams = { files: { command: process.execPath, args: [EVERYTHING, "stdio"], era: "legacy" } };
    writeFileSync(join(dir, "portcullis.yaml"), stringify({ upstreams }));
  });

  it("serves a client of the legacy era", async () => {
    const client = new LegacyClient({ name: "old", version: "1" });
    await client.connect(
      new LegacyStdio({ command: process.execPath, args: [CLI, "stdio"], cwd: dir, stderr: "ignore" }),
    );
    const names = (await client.listTools()).tools.map((tool) => tool.name);
    expect(names).toContain("files__echo");
    const result = await client.callTool({ name: "files__echo", arguments: { message: "hi" } });
    expect(result.content).toEqual([{ type: "text", text: "Echo: hi" }]);
    await client.close();
  });

  it("serves a client of the modern era, one upstream under its own names", async () => {
    const client = new ModernClient(
      { name: "new", version: "1" },
      { versionNegotiation: { mode: { pin: "2026-07-28" } } },
    );
    const args = [CLI, "stdio", "--endpoint", "files"];
    await client.connect(new ModernStdio({ command: process.execPath, args, cwd: dir, stderr: "ignore" }));
    const result = await client.callTool({ name: "echo", arguments: { message: "hi" } });
    expect(result.content).toEqual([{ type: "text", text: "Echo: hi" }]);
    await client.close();
  });

  it("takes no larger message than the configuration says", () => {
    writeFileSync(join(dir, "portcullis.yaml"), "server: { body_limit: 1KB }\n");
    const input = `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: { pad: "x".repeat(1024) } })}\n`;
    const { stdout } = spawnSync(process.execPath, [CLI, "stdio"], { cwd: dir, encoding: "utf8", input });
    expect(stdout).toContain("The limit is 1024 bytes.");
  });

  it.each(["SIGTERM", "SIGINT"] as const)("ends cleanly on %s, although its client says no goodbye", async (signal) => {
    const child = spawn(process.execPath, [CLI, "stdio"], { cwd: dir, stdio: ["pipe", "pipe", "ignore"] });
    child.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n');
    await once(child.stdout, "data");
    const ended = once(child, "exit");
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
  });
});

describe("the command line", () => {
  it.each([
    "serve",
    "demo",
    "stdio",
    "check",
    "keys create",
    "audit list",
    "policy check",
    "policy test",
    "policy explain",
    "policy replay",
    "approvals list",
    "upstreams add",
  ])("shows an example in the help of %s", (command) => {
    const help = run(...command.split(" "), "--help");
    expect(help.status).toBe(0);
    expect(help.stdout).toMatch(/Examples?:\n\s+\$? ?portcullis|Example, in/);
  });

  it.each([
    ["an unknown command", ["serv"], /Did you mean serve\?/],
    ["an unknown option", ["serve", "--prot", "1"], /unknown option '--prot'/],
    ["a port that is none", ["demo", "--port", "x"], /--port must be a number/],
    ["a port of the identity provider that is none", ["demo", "--idp-port", "0"], /--idp-port one from 1/],
  ])("answers %s with 2 and says what is wrong", (_name, args, message) => {
    const result = run(...args);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(message);
  });

  it("takes ./policies where there is no configuration, and says so", () => {
    mkdirSync(join(dir, "policies"));
    writeFileSync(join(dir, "policies", "p.yaml"), "policies: [{ id: p, then: { deny: {} } }]\n");
    const result = run("policy", "check");
    expect(result.status).toBe(0);
    expect(result.stdout).toContain("ok: 1 policy in 1 file");
    expect(result.stderr).toContain("There is no portcullis.yaml here, so this is about ./policies");
    expect(run("policy", "explain", "--tool", "pay").status).toBe(2);
  });

  it("says what to do on a first start without a configuration", () => {
    const result = run("serve");
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/portcullis demo/);
    expect(result.stderr.split("\n").length).toBeLessThan(30);
  });

  it("checks configuration and policies without serving", () => {
    writeFileSync(join(dir, "portcullis.yaml"), "upstreams:\n  files: { comand: node }\n");
    const bad = run("check");
    expect(bad.status).toBe(1);
    expect(bad.stderr).toMatch(/portcullis\.yaml:2:\d+ upstreams\.files\.comand.*command/s);
    writeFileSync(join(dir, "portcullis.yaml"), "upstreams:\n  files: { command: node }\n");
    const good = run("check");
    expect([good.status, good.stdout]).toEqual([0, expect.stringMatching(/^ok: 1 upstreams, 0 endpoints, 0 policies/)]);
  });

  it("checks the store and the address as well, and tells every mistake at once", () => {
    mkdirSync(join(dir, "folder.db"));
    const config = "server: { host: 203.0.113.1 }\nstore: { url: file:./folder.db }\n";
    writeFileSync(join(dir, "portcullis.yaml"), config);
    const { status, stdout, stderr } = run("check");
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/folder\.db is not a file[\s\S]*cannot listen on 203\.0\.113\.1 \(EADDRNOTAVAIL\)/);
  });

  it("refuses a port that is taken, and says so", async () => {
    const config = "server: { port: 0 }\nauth: { anonymous: true }\n";
    writeFileSync(join(dir, "portcullis.yaml"), config);
    const first = await startProgram({
      name: "the first gateway",
      command: process.execPath,
      args: [CLI, "serve", "-c", join(dir, "portcullis.yaml")],
      ready: /MCP +http:\/\/127\.0\.0\.1:(\d+)\/mcp/,
    });
    try {
      const port = first.ready?.[1];
      writeFileSync(join(dir, "second.yaml"), `server: { port: ${port} }\nauth: { anonymous: true }\n`);
      const second = run("serve", "-c", "second.yaml");
      expect(second.status).toBe(1);
      expect(second.stderr).toContain(`Something else already listens on 127.0.0.1:${port}`);
    } finally {
      await first.stop();
    }
    expect(first.exitCode()).toBe(0);
  });
});

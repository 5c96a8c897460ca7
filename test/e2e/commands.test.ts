import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { Client as LegacyClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as LegacyStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { CLI } from "../support/built.ts";
import { runCommandHere } from "../support/command.ts";
import { EVERYTHING } from "../support/everything.ts";
import { startProgram } from "../support/program.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-commands-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The real program, as it stands in a script. */
function start(...args: string[]) {
  return spawnSync(process.execPath, [CLI, ...args], { encoding: "utf8", cwd: dir });
}

/** The same in this process, where what it prints and its exit code are all that is asked. */
const run = (...args: string[]) => runCommandHere(dir, args);

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

  it("takes no larger message than the configuration says", async () => {
    writeFileSync(join(dir, "portcullis.yaml"), "server: { body_limit: 1KB, log: { level: error } }\n");
    const input = `${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping", params: { pad: "x".repeat(1024) } })}\n`;
    const { stdout } = await runCommandHere(dir, ["stdio"], input);
    expect(stdout).toContain("The limit is 1024 bytes.");
  });

  it.each([
    ["SIGTERM", "with a server"],
    ["SIGINT", "without one"],
  ] as const)("ends cleanly on %s %s, although its client says no goodbye", async (signal, servers) => {
    if (servers === "without one") writeFileSync(join(dir, "portcullis.yaml"), "upstreams: {}\n");
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
  ])("shows an example in the help of %s", async (command) => {
    const help = await run(...command.split(" "), "--help");
    expect(help.status).toBe(0);
    expect(help.stdout).toMatch(/Examples?:\n\s+\$? ?portcullis|Example, in/);
  });

  it("ends with 2 where it is used wrongly", () => {
    const { status, stdout, stderr } = start("serv");
    expect([status, stdout, stderr]).toEqual([
      2,
      "",
      expect.stringMatching(/^error: unknown command 'serv'\n.*Did you mean serve\?/),
    ]);
  });

  it.each([
    ["an unknown command", ["serv"], /Did you mean serve\?/],
    ["an unknown option", ["serve", "--prot", "1"], /unknown option '--prot'/],
    ["a port that is none", ["demo", "--port", "x"], /--port must be a number/],
    ["a port of the identity provider that is none", ["demo", "--idp-port", "0"], /--idp-port one from 1/],
  ])("answers %s with 2 and says what is wrong", async (_name, args, message) => {
    const result = await run(...args);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(message);
  });

  it("takes ./policies where there is no configuration, and says so", async () => {
    mkdirSync(join(dir, "policies"));
    writeFileSync(join(dir, "policies", "p.yaml"), "policies: [{ id: p, then: { deny: {} } }]\n");
    const result = await run("policy", "check");
    expect(result.status).toBe(0);
    expect(result.stdout).toContain("ok: 1 policy in 1 file");
    expect(result.stderr).toContain("There is no portcullis.yaml here, so this is about ./policies");
    expect(await run("policy", "explain", "--tool", "pay")).toMatchObject({ status: 2 });
  });

  it("says what to do on a first start without a configuration", async () => {
    const result = await run("serve");
    expect(result.status).toBe(1);
    expect(result.stderr).toMatch(/portcullis demo/);
    expect(result.stderr.split("\n").length).toBeLessThan(30);
  });

  it("checks configuration and policies without serving", async () => {
    writeFileSync(join(dir, "portcullis.yaml"), "upstreams:\n  files: { comand: node }\n");
    const bad = start("check");
    expect(bad.status).toBe(1);
    expect(bad.stderr).toMatch(/portcullis\.yaml:2:\d+ upstreams\.files\.comand.*command/s);
    writeFileSync(join(dir, "portcullis.yaml"), "upstreams:\n  files: { command: node }\n");
    const good = await run("check");
    expect([good.status, good.stdout]).toEqual([0, expect.stringMatching(/^ok: 1 upstreams, 0 endpoints, 0 policies/)]);
  });

  it("checks the store and the address as well, and tells every mistake at once", async () => {
    mkdirSync(join(dir, "folder.db"));
    const config = "server: { host: 203.0.113.1 }\nstore: { url: file:./folder.db }\n";
    writeFileSync(join(dir, "portcullis.yaml"), config);
    const { status, stdout, stderr } = await run("check");
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
      writeFileSync(
        join(dir, "second.yaml"),
        `server: { port: ${port}, log: { level: error } }\nauth: { anonymous: true }\n`,
      );
      const second = await run("serve", "-c", "second.yaml");
      expect(second.status).toBe(1);
      expect(second.stderr).toContain(`Something else already listens on 127.0.0.1:${port}`);
    } finally {
      await first.stop();
    }
    expect(first.exitCode()).toBe(0);
  });
});

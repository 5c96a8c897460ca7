import { describe, expect, it } from "vitest";
import { createMask } from "../../src/upstream/link/mask.ts";
import { createLastWords } from "../../src/upstream/process/last-words.ts";
import type { UpstreamOptions } from "../../src/upstream/upstream.ts";
import { eventually } from "../support/eventually.ts";
import { recordingLog } from "../support/recording-log.ts";
import { nodeUpstream, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

function script(text: string, more: Partial<UpstreamOptions> = {}, env = {}, args: readonly string[] = []) {
  const transport = {
    kind: "stdio",
    command: process.execPath,
    args: ["-e", text, "--", ...args],
    env,
    cwd: undefined,
  };
  return nodeUpstream("up", [], { ...more, transport } as Partial<UpstreamOptions>);
}

async function reasonOf(options: UpstreamOptions) {
  const log = recordingLog();
  const upstreams = closing(startUpstreams([options], { log }));
  const up = await upstreamIn(upstreams, "up", "down");
  return { reason: up.status().lastError ?? "", log };
}

describe("a program whose first word is no message", () => {
  const stays = "process.stdin.resume();";
  it.each([
    ["legacy", "glued to something", 'console.log(\'up {"jsonrpc":"2.0","id":1,"result":{}}\');', "up {"],
    [
      "legacy",
      "on several lines",
      'console.log(JSON.stringify({ jsonrpc: "2.0", id: 1, result: {} }, null, 2));',
      "JSON",
    ],
    ["modern", "something printed", 'console.log("Welcome!");', "Welcome!"],
  ] as const)("is told of while it is waited for: %s, %s", async (era, _, text, word) => {
    const upstreams = closing(startUpstreams([script(text + stays, { era, timeoutMs: 60_000 })]));
    const up = upstreams.get("up");
    const reason = await eventually(async () => up?.status().lastError);
    expect(reason).toContain("no message on a line of its own");
    expect(reason).toContain(word);
    expect(up?.status().state).toBe("connecting");
  });

  it("is ready once it answers, and nothing is said any more; a byte order mark is none", async () => {
    const answers = `console.log("Welcome!");
      const facts = { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "s", version: "1" } };
      require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
        const { id } = JSON.parse(line);
        if (id !== undefined) console.log("\\uFEFF" + JSON.stringify({ jsonrpc: "2.0", id, result: facts }));
      });`;
    const upstreams = closing(startUpstreams([script(answers, { era: "legacy" })]));
    const up = await upstreamIn(upstreams, "up");
    expect(up.status()).toMatchObject({ state: "ready", lastError: undefined });
  });
});

describe("why a program ended", () => {
  it.each([
    [
      "legacy",
      "its last line, without a line end",
      `console.error("first"); process.stderr.write("no such folder: /x"); process.exitCode = 3`,
      "Its process exited (code 3).\nstderr: first\nstderr: no such folder: /x",
    ],
    [
      "modern",
      "what stood in its output",
      `console.log("Usage: server <folder>"); process.exitCode = 2`,
      "Its process exited (code 2).\nstdout: Usage: server <folder>",
    ],
    [
      "legacy",
      "its exit, and not the pipe that broke by it",
      `process.stdin.destroy(); setTimeout(() => process.exit(7), 300)`,
      "Its process exited (code 7).",
    ],
    [
      "modern",
      "by which signal",
      `console.error("\\x1b[31mred\\x1b[0m\\x01"); process.kill(process.pid, "SIGABRT")`,
      "Its process exited (SIGABRT).\nstderr: red\\u{1}",
    ],
  ] as const)("is told of a %s server: %s", async (era, _, text, reason) => {
    expect((await reasonOf(script(text, { era }))).reason).toBe(reason);
  });

  it("is told of one that is not heard in time", async () => {
    const waits = `console.error("Sign in at https://idp.example.com/device"); process.stdin.resume()`;
    expect((await reasonOf(script(waits, { era: "legacy", timeoutMs: 500 }))).reason).toBe(
      "No answer within 500 ms.\nstderr: Sign in at https://idp.example.com/device",
    );
  });

  it("holds nothing secret that the configuration gave to it, nor does the log", async () => {
    const env = { API_KEY: "swordfish-1", URL: "postgres://me:hunter%2F22@db/x", PEM: "-----\nabcdefghij\n-----" };
    const args = ["--token", "open-sesame", "--header=Authorization: Bearer s3same-street", "/srv/shared"];
    const text = `
      console.log("key " + process.env.API_KEY);
      console.error(process.argv.slice(1).join(" "));
      for (const value of Object.values(process.env)) console.error(value);
      console.error("hunter/22", "ghp_" + "a1B2".repeat(9));
      process.exitCode = 1`;
    const { reason, log } = await reasonOf(script(text, { era: "legacy" }, env, args));
    const all = reason + JSON.stringify(log.lines);
    for (const secret of ["swordfish", "hunter", "abcdefghij", "sesame", "s3same", "ghp_a1"])
      expect(all).not.toContain(secret);
    expect(reason).toContain("/srv/shared");
    expect(reason).toContain("stdout: key […]");
  });
});

describe("last words", () => {
  it("are bounded, and show no broken answer", () => {
    const words = createLastWords((text) => text);
    words.noise(`{"jsonrpc":"2.0","result":{"card":"4111`);
    for (let line = 0; line < 100; line++) words.stderr(`${line} ${"x".repeat(10_000)}`);
    const lines = words.after("It ended.").split("\n");
    expect(lines).toHaveLength(22);
    expect(lines.slice(0, 3)).toEqual(["It ended.", "stdout: (it begins like JSON)", `stderr: 80 ${"x".repeat(297)}…`]);
  });

  it.each([
    [["--api-key", "abcd1234"], "bad key abcd1234", "bad key […]"],
    [["-e", "GITHUB_TOKEN=abcd1234"], "abcd1234?", "[…]?"],
    [["--header", "Authorization: Bearer abcd1234"], "sent Bearer abcd1234", "sent […]"],
    [["--root", "/srv/data"], "no /srv/data", "no /srv/data"],
  ])("%j", (args, text, shown) => {
    expect(createMask({ kind: "stdio", command: "x", args, env: {}, cwd: undefined })(text)).toBe(shown);
  });
});

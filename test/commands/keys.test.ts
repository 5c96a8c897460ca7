import { createHash } from "node:crypto";
import { Command } from "commander";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { registerKeys } from "../../src/commands/keys.ts";
import type { Shell } from "../../src/commands/shell.ts";
import { createIdentity } from "../../src/identity/create-identity.ts";
import { configOf } from "../config/helpers.ts";
import { recordingLog } from "../support/recording-log.ts";

async function run(...args: string[]): Promise<string> {
  const printed: string[] = [];
  const shell: Shell = {
    out: (text) => printed.push(text),
    err: (text) => printed.push(text),
    env: {},
    colours: false,
    command: "portcullis",
    setExitCode: () => {},
    stopped: () => Promise.resolve(),
    stdin: process.stdin,
    stdout: process.stdout,
  };
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  registerKeys(program, shell);
  await program.parseAsync(["keys", "create", ...args], { from: "user" });
  return printed.join("\n");
}

it("prints a key and an entry that lets exactly this key in once it is pasted", async () => {
  const printed = await run("--name", "ann-laptop", "--user", "ann@acme.com", "--role", "employee", "--role", "cfo");
  const key = /pk_\S+/.exec(printed)?.[0] ?? "";
  const entry = printed.slice(printed.indexOf("  auth:"));
  expect(entry).not.toContain(key);

  const identity = createIdentity(
    { ...configOf(entry).auth, publicUrl: "http://127.0.0.1:3000" },
    { now: () => 0, log: recordingLog() },
  );
  const request = { remoteAddress: "10.0.0.1", path: "/mcp" };
  expect(await identity.identify({ ...request, authorization: `Bearer ${key}` })).toMatchObject({
    ok: true,
    principal: { subject: "ann@acme.com", email: "ann@acme.com", clientId: "ann-laptop", roles: ["employee", "cfo"] },
  });
  expect(await identity.identify({ ...request, authorization: `Bearer ${key}x` })).toMatchObject({ ok: false });
});

it("prints JSON on request, with the hash of the key", async () => {
  const { key, entry } = JSON.parse(await run("--name", "robot", "--json"));
  expect(entry).toEqual({ name: "robot", hash: `sha256:${createHash("sha256").update(key).digest("hex")}` });
});

it.each<[string, readonly string[], string | undefined]>([
  ["with a user, an agent's", ["--user", "ann@acme.com"], "machine"],
  ["a person's where that is said", ["--user", "ann@acme.com", "--kind", "person"], "person"],
  ["without a user, nobody's", [], undefined],
])("says in whose hands the key is: %s", async (_what, options, kind) => {
  const { entry } = JSON.parse(await run("--name", "k", "--json", ...options));
  expect(entry.kind).toBe(kind);
});

it("makes no key of a person who is nobody", async () => {
  expect(await run("--name", "k", "--kind", "person")).toBe("A key of kind person needs its user: --user.");
});

it("quotes names so that the entry stays YAML", async () => {
  const printed = await run("--name", "a: b # c", "--role", "yes", "--role", "1");
  const entry = parse(printed.slice(printed.indexOf("  auth:")));
  expect(entry.auth.api_keys[0]).toMatchObject({ name: "a: b # c", roles: ["yes", "1"] });
});

it("asks for a name", async () => {
  await expect(run()).rejects.toThrow("required option '-n, --name <name>'");
});

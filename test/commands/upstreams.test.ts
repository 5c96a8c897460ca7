import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Command, CommanderError } from "commander";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerUpstreams } from "../../src/commands/upstreams/upstreams.ts";
import { CLI } from "../support/built.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import { answer, legacyScript, startRawUpstream } from "../support/raw-upstream.ts";
import { LOOPBACK, listed, root, upstreamsOf } from "../support/registering.ts";
import { closeAfterEach } from "../support/upstreams.ts";
import { createUsers } from "../support/users.ts";

const closing = closeAfterEach();
const users = createUsers({ root: ["platform-admin"], ann: ["employee"] });
const SECRET = "canary-7c1f-of-a-command";

let gateway: TestGateway;
let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-upstreams-"));
  gateway = await startTestGateway({
    auth: { ...users.auth, admin: { roles: ["platform-admin"] } },
    ...LOOPBACK,
    upstreams: { filed: { url: "http://127.0.0.1:1/mcp" } },
  });
});
afterAll(async () => {
  await gateway.close();
  rmSync(dir, { recursive: true, force: true });
});

type Env = Readonly<Record<string, string>>;

function envOf(who: "root" | "ann"): Env {
  return { PORTCULLIS_URL: gateway.url, PORTCULLIS_KEY: users.key(who) };
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the real program, as it stands in a script. */
async function program(env: Env, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, "upstreams", ...args], {
    cwd: dir,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: Number(code), out, err };
}

/** Runs the command in this process. */
async function command(env: Env, ...args: readonly string[]): Promise<Ran> {
  let code = 0;
  const stdout = new PassThrough();
  const errors: string[] = [];
  const commander = new Command().exitOverride().configureOutput({
    writeOut: (words) => void stdout.write(words),
    writeErr: (words) => void errors.push(words),
  });
  registerUpstreams(commander, {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void errors.push(line),
    env,
    colours: false,
    command: "portcullis",
    setExitCode: (given) => {
      code = given;
    },
    stopped: () => new Promise(() => {}),
    stdin: new PassThrough(),
    stdout,
  });
  await commander.parseAsync(["upstreams", ...args], { from: "user" }).catch((err: unknown) => {
    if (!(err instanceof CommanderError)) throw err;
    code = err.exitCode === 0 ? 0 : 2;
  });
  stdout.end();
  return { code, out: await text(stdout), err: errors.join("\n") };
}

describe("portcullis upstreams, from start to end", () => {
  it("adds with a credential from the environment, lists, tests and removes", async () => {
    const server = closing(await startModernUpstream());
    const env = { ...envOf("root"), TOKEN: SECRET };
    const header = `Authorization: Bearer \${TOKEN}`;
    const added = await program(env, "add", "extra", "--url", server.url, "--header", header, "--timeout", "9s");
    expect(added).toMatchObject({ code: 0, err: "" });
    expect(added.out).toContain(`extra is registered, at ${server.url}.`);
    expect(await listed(gateway, "extra")).toMatchObject({ timeoutMs: 9_000 });
    expect(server.seen.at(-1)).toMatchObject({ authorization: `Bearer ${SECRET}` });

    const shown = await program(env, "list");
    expect(shown).toMatchObject({ code: 0, err: "" });
    expect(shown.out).toMatch(/extra +ready +modern +\d+ +registered by root +http:\/\/127/);
    expect(shown.out).toMatch(/filed +(connecting|down) +- +0 +file +http:\/\/127/);
    expect(shown.out).toContain("filed: ");

    const tested = await program(env, "test", "extra");
    expect(tested).toMatchObject({ code: 0, err: "" });
    expect(tested.out).toMatch(/^extra: ok in \d+ ms, modern over http, \d+ tools\n/);
    expect(tested.out).toContain("echo");

    expect(await program(env, "remove", "extra")).toEqual({ code: 0, out: "extra is removed.\n", err: "" });
    expect(upstreamsOf(gateway).get("extra")).toBeUndefined();
    expect([added, shown, tested].some(({ out }) => out.includes(SECRET))).toBe(false);
  });

  it("prints what the API gives with --json", async () => {
    const server = closing(await startModernUpstream());
    const env = envOf("root");
    const added = await command(env, "add", "extra", "--url", server.url, "--json");
    expect(JSON.parse(added.out)).toMatchObject({ name: "extra", source: "registered", address: server.url });
    await listed(gateway, "extra");
    const items = JSON.parse((await command(env, "list", "--json")).out);
    expect(items).toMatchObject({ items: [{ name: "extra" }, { name: "filed" }], next_cursor: null });
    const tested = JSON.parse((await command(env, "test", "extra", "--json")).out);
    expect(tested).toMatchObject({ ok: true, era: "modern" });
    await upstreamsOf(gateway).remove(root, "extra");
  });

  it("lists what clients could not read in the lists of one, as long as it is so", async () => {
    const faulty = { tools: [{ name: "\u001b[31mred", description: 5 }, null, { name: "" }], resources: [{ uri: 5 }] };
    const server = closing(
      await startRawUpstream(
        legacyScript((request, response) =>
          answer(request, response, request.method === "tools/list" ? { tools: faulty.tools } : faulty),
        ),
      ),
    );
    const env = envOf("root");
    await command(env, "add", "extra", "--url", server.url);
    await eventually(async () => (upstreamsOf(gateway).get("extra")?.faults.size === 2 ? true : undefined));
    const { out } = await command(env, "list");
    expect(out).toContain("extra: Clients could not read 3 tools as they are listed");
    expect(out).toContain("one without a name was left out: it is no object");
    expect(out).toContain("extra: Clients could not read 1 resource as it is listed");
    expect(out).not.toContain("\u001b");
    const { items } = JSON.parse((await command(env, "list", "--json")).out);
    expect(items[0].list_faults).toEqual([
      {
        list: "tools",
        count: 3,
        items: [
          { name: "", left_out: true, why: "its name holds characters that are not seen, or read as others" },
          { name: "", left_out: true, why: "it is no object" },
          { name: "", left_out: true, why: "it has no name" },
        ].map((fault, index) => (index === 0 ? { ...fault, name: "\u001b[31mred" } : fault)),
      },
      { list: "resources", count: 1, items: [{ name: "", left_out: true, why: "it has no uri that is a text" }] },
    ]);
    await upstreamsOf(gateway).remove(root, "extra");
  });

  it("takes a whole entry from a file, JSON or YAML, with its references replaced here", async () => {
    const server = closing(await startModernUpstream());
    writeFileSync(join(dir, "token"), `${SECRET}\n`);
    const entries = {
      "entry.json": JSON.stringify({ url: server.url, headers: { Authorization: `\${TOKEN}` } }),
      "entry.yaml": `url: ${server.url}\nheaders:\n  Authorization: "\${file:token}"\n`,
    };
    for (const [file, content] of Object.entries(entries)) {
      writeFileSync(join(dir, file), content);
      const added = await program({ ...envOf("root"), TOKEN: SECRET }, "add", "extra", "--entry", file);
      expect(added).toMatchObject({ code: 0, err: "" });
      await listed(gateway, "extra");
      expect(server.seen.at(-1)).toMatchObject({ authorization: SECRET });
      await upstreamsOf(gateway).remove(root, "extra");
    }
  });
});

describe("what the gateway refuses", () => {
  it.each<[what: string, who: "root" | "ann", args: readonly string[], message: string]>([
    ["for whoever is no administrator", "ann", ["list"], "ADMIN_REQUIRED"],
    ["an address", "root", ["add", "a", "--url", "http://10.0.0.1/mcp"], "It is at a private address."],
    ["a name that is taken", "root", ["add", "filed", "--url", "http://127.0.0.1/mcp"], "UPSTREAM_EXISTS"],
    ["a name that is none", "root", ["add", "A", "--url", "http://127.0.0.1/mcp"], "lower-case"],
    ["to remove one of the file", "root", ["remove", "filed"], "UPSTREAM_FROM_FILE"],
    ["to test one that is not there", "root", ["test", "nobody"], "UPSTREAM_UNKNOWN"],
  ])("%s is said, with exit code 1", async (_, who, args, message) => {
    const ran = await command(envOf(who), ...args);
    expect(ran).toMatchObject({ code: 1, out: "" });
    expect(ran.err).toContain(message);
  });

  it("is said mistake by mistake", async () => {
    writeFileSync(join(dir, "bad.json"), JSON.stringify({ url: "x", header: {}, timeout: "0s" }));
    const ran = await command(envOf("root"), "add", "a", "--entry", join(dir, "bad.json"));
    expect(ran.code).toBe(1);
    for (const at of ["url", "header", "timeout"]) expect(ran.err).toContain(`\n  ${at}: `);
  });

  it("a test that fails says why, with exit code 1", async () => {
    const ran = await command(envOf("root"), "test", "filed");
    expect(ran).toMatchObject({ code: 1, err: "" });
    expect(ran.out).toMatch(/^filed: failed after \d+ ms\. .*ECONNREFUSED/);
  });
});

describe("what is wrong on the command line", () => {
  const url = "https://mcp.example.com/mcp";

  it.each<[what: string, args: readonly string[], message: string]>([
    ["no place", ["add", "a"], "Add --url"],
    ["a place and an entry", ["add", "a", "--url", url, "--entry", "x"], "either --entry"],
    ["an entry that is not there", ["add", "a", "--entry", "/nowhere.json"], "ENOENT"],
    ["no name", ["add", "--url", url], "missing required argument"],
    ["a header that is none", ["add", "a", "--url", url, "--header", "Authorization"], "'Name: value'"],
    ["a secret", ["add", "a", "--url", url, "--header", `Authorization: Bearer ${SECRET}`], "is a secret"],
    ["a secret", ["add", "a", "--url", url, "--header", `X-Api-Key: ${SECRET}`], "is a secret"],
    [
      "a variable that is not set",
      ["add", "a", "--url", url, "--header", `X: \${NOBODY_SETS}`],
      "NOBODY_SETS is not set",
    ],
    ["no gateway", ["list", "--gateway", "ftp://x"], "--gateway must be"],
  ])("%s is told with exit code 2, without repeating a secret", async (_, args, message) => {
    const ran = await command(envOf("root"), ...args);
    expect(ran).toMatchObject({ code: 2, out: "" });
    expect(ran.err).toContain(message);
    expect(ran.err).not.toContain(SECRET);
  });

  it("help shows how to add one without a secret on the command line", async () => {
    const { code, out } = await command({}, "add", "--help");
    expect(code).toBe(0);
    expect(out).toContain(`--header 'Authorization: Bearer \${GH_TOKEN}'`);
  });
});

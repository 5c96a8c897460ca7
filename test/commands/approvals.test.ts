import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Command, CommanderError } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { registerApprovals } from "../../src/commands/approvals/approvals.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { APPROVALS_CONFIG, askFor, describeTool, people, type TestAsk } from "../support/approval-people.ts";
import { CLI } from "../support/built.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
let dir: string;
let count = 0;
const asked: ApprovalRequest[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-approvals-"));
  gateway = await startTestGateway(APPROVALS_CONFIG);
});
afterEach(async () => {
  // Not taken back by who asked: that has a bound of its own.
  for (const { id } of asked.splice(0)) {
    await gateway.running.wired.approvals.invalidate(id, "The test is over.");
    await gateway.running.wired.approvals.delivered(id);
  }
});
afterAll(async () => {
  await gateway.close();
  rmSync(dir, { recursive: true, force: true });
});

async function ask(wanted: TestAsk = {}): Promise<ApprovalRequest> {
  count += 1;
  const request = await askFor(gateway, { ...wanted, arguments: { nr: count, ...wanted.arguments } });
  asked.push(request);
  return request;
}

async function stateOf(request: ApprovalRequest): Promise<string | undefined> {
  return (await gateway.running.wired.approvals.get(request.id))?.state;
}

type Env = Readonly<Record<string, string>>;

function envOf(who: "ann" | "fin" | "flo" | "cfo" | "eve"): Env {
  return { PORTCULLIS_URL: gateway.url, PORTCULLIS_KEY: people.key(who) };
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the real program, as it stands in a script: without a terminal. */
async function program(env: Env, ...args: readonly string[]): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, "approvals", ...args], {
    cwd: dir,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: Number(code), out, err };
}

/** Runs the command in this process, at a terminal if it is given what is typed there. */
function command(env: Env, args: readonly string[], typed?: PassThrough) {
  let code = 0;
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const stdout = Object.assign(new PassThrough(), typed === undefined ? {} : { isTTY: true });
  const errors: string[] = [];
  const root = new Command().exitOverride().configureOutput({
    writeOut: (words) => void stdout.write(words),
    writeErr: (words) => void errors.push(words),
  });
  registerApprovals(root, {
    out: (line) => void stdout.write(`${line}\n`),
    err: (line) => void errors.push(line),
    env,
    colours: false,
    command: "portcullis",
    setExitCode: (given) => {
      code = given;
    },
    stopped: () => stopped,
    stdin: typed === undefined ? new PassThrough() : Object.assign(typed, { isTTY: true }),
    stdout,
  });
  let seen = "";
  stdout.setEncoding("utf8").on("data", (words: string) => {
    seen += words;
  });
  const done = root.parseAsync(["approvals", ...args], { from: "user" }).catch((err: unknown) => {
    if (!(err instanceof CommanderError)) throw err;
    code = err.exitCode;
  });
  return {
    stop,
    /** Resolves once it has printed this. */
    async printed(part: string): Promise<string> {
      while (!seen.includes(part)) await once(stdout, "data");
      return seen;
    },
    async ended(): Promise<Ran> {
      await done;
      return { code, out: seen, err: errors.join("\n") };
    },
  };
}

describe("portcullis approvals, from start to end", () => {
  it("lists, shows and approves, through all stages", async () => {
    const request = await ask({ arguments: { amount: 12_000, purpose: "Conference" }, message: "Above 10,000." });
    const listed = await program(envOf("fin"), "list", "--decidable");
    expect([listed.code, listed.err]).toEqual([0, ""]);
    expect(listed.out).toMatch(
      new RegExp(`${request.id} +pending +ann +expenses/create_expense +1 of 2 \\(0/1\\) +(24 h|1 d) +yours to decide`),
    );

    const shown = await program(envOf("fin"), "show", request.id);
    expect(shown.code).toBe(0);
    for (const part of [
      "Tool       expenses/create_expense",
      'Asked by   ann, through key-of-ann (a client that calls itself "test-client")',
      "Because    Above 10,000.",
      "Policies   large-expenses",
      "1 of 2, finance: 0 of 1 approval. May decide: role finance-lead",
      "  amount: 12000",
      '  purpose: "Conference"',
    ]) {
      expect(shown.out).toContain(part);
    }
    expect(shown.out).toMatch(/^ +Time left {2}(24 h|1 d)$/m);

    const first = await program(envOf("fin"), "approve", request.id, "--yes", "--reason", "Fine.");
    expect([first.code, first.err]).toEqual([0, ""]);
    expect(first.out).toContain(`Approved. ${request.id} is pending. It waits for more: stage 2 of 2.`);
    const second = await program(envOf("cfo"), "approve", request.id, "--yes", "--json");
    expect(JSON.parse(second.out)).toMatchObject({ id: request.id, state: "approved" });
    expect(second.err).toContain("approved by fin, stage 1: Fine.");
    expect(await stateOf(request)).toBe("approved");
  }, 60_000);

  it("rejects with a reason, and the requester reads it", async () => {
    const request = await ask();
    const without = await command(envOf("fin"), ["reject", request.id, "--yes"]).ended();
    expect([without.code, without.err]).toEqual([2, expect.stringContaining('add --reason "…"')]);
    const rejected = await command(envOf("fin"), [
      "reject",
      request.id,
      "--yes",
      "--reason",
      "Wrong cost centre",
    ]).ended();
    expect(rejected.code).toBe(0);
    const mine = await command(envOf("ann"), ["list", "--mine", "--state", "rejected", "--json"]).ended();
    expect(JSON.parse(mine.out).items).toMatchObject([{ id: request.id, state: "rejected" }]);
    const shown = await command(envOf("ann"), ["show", request.id]).ended();
    expect(shown.out).toMatch(/reject +rejected +fin +Wrong cost centre/);
  });

  it("decides nothing unasked where there is no terminal", async () => {
    const request = await ask();
    const ran = await command(envOf("fin"), ["approve", request.id]).ended();
    expect([ran.code, ran.err]).toEqual([2, expect.stringContaining("add --yes if this is meant")]);
    expect(await stateOf(request)).toBe("pending");
  });

  it("shows examples in the help of every command", async () => {
    for (const name of ["list", "show", "approve", "reject"]) {
      const help = await command({}, [name, "--help"]).ended();
      expect(help.code).toBe(0);
      expect(help.out).toMatch(/Examples?:\n {2}portcullis approvals/);
      expect(help.out).toContain("PORTCULLIS_KEY");
    }
  });
});

describe("what a hostile agent writes", () => {
  it("reaches the terminal harmless and marked", async () => {
    const request = await ask({
      arguments: {
        file: "invoice\u202efdp.exe",
        note: "\u001b]0;owned\u0007\u001b[2J\u001b[1;1HApproved by the CFO",
        "amount\n  amount": "x".repeat(1_048_576),
      },
      tool: "create\u001b[31m\u200b",
      message: "You asked for \u001b[8mnothing\u202e.\r\n  Time left  forever",
      principal: { name: "Ann\u001b[0m\u2066", email: "ann@acme.com\u200b" },
    });
    for (const args of [["show", request.id], ["list"], ["approve", request.id, "--yes"]]) {
      const { out, err, code } = await command(envOf("fin"), args).ended();
      expect([code, err]).toEqual([0, ""]);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
      expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
      expect(out.length).toBeLessThan(10_000);
      if (args[0] !== "show") continue;
      expect(out).toContain('file: "invoice\\u{202e}fdp.exe"');
      expect(out).toContain("cut: 1,048,576 characters in all");
      expect(out).toMatch(/! Characters that cannot be seen or turn text around, shown as \\u\{…\}: \d+\./);
      expect(out).toContain("! Not everything is shown: 1 text is cut.");
    }
    const full = await command(envOf("fin"), ["show", request.id, "--full"]).ended();
    expect(full.out).toContain("x".repeat(1_048_576));
  });
});

describe("at a terminal", () => {
  it.each([
    ["yes", 0, "approved"],
    ["y", 0, "approved"],
    ["no", 1, "pending"],
    ["", 1, "pending"],
    ["approve", 1, "pending"],
  ])("asks, and takes '%s' as it is meant", async (answer, code, state) => {
    const request = await ask({ flow: "single" });
    const typed = new PassThrough();
    const running = command(envOf("fin"), ["approve", request.id], typed);
    const before = await running.printed("Approve this call? (yes/no)");
    expect(before).toContain("expenses/create_expense");
    typed.write(`${answer}\n`);
    expect((await running.ended()).code).toBe(code);
    expect(await stateOf(request)).toBe(state);
  });

  it("takes the end of the input for a no", async () => {
    const request = await ask();
    const typed = new PassThrough();
    const running = command(envOf("fin"), ["reject", request.id, "--reason", "No."], typed);
    await running.printed("Reject this call for good?");
    typed.end();
    expect(await running.ended()).toMatchObject({ code: 1, err: expect.stringContaining("Nothing was decided.") });
    expect(await stateOf(request)).toBe("pending");
  });

  it("decides only what was shown: somebody faster makes it look again", async () => {
    const request = await ask({ flow: "pair" });
    const typed = new PassThrough();
    const running = command(envOf("fin"), ["approve", request.id], typed);
    await running.printed("Approve this call?");
    await command(envOf("flo"), ["approve", request.id, "--yes"]).ended();
    typed.write("yes\n");
    const { code, err } = await running.ended();
    expect(code).toBe(1);
    expect(err).toMatch(/APPROVAL_CONFLICT[\s\S]*It is pending now, at version 2\. Run this again/);
  });
});

describe("who may not", () => {
  it.each([
    ["ann", "approve", /Nobody decides on their own request/],
    ["cfo", "approve", /You may not decide this stage/],
    ["eve", "approve", /There is no approval request with this id/],
    ["eve", "show", /There is no approval request with this id/],
  ] as const)("is told why: %s, %s", async (who, act, message) => {
    const request = await ask();
    const yes = act === "approve" ? ["--yes"] : [];
    const { code, err } = await command(envOf(who), [act, request.id, ...yes]).ended();
    expect([code, err]).toEqual([1, expect.stringMatching(message)]);
    expect(await stateOf(request)).toBe("pending");
  });
});

describe("--watch", () => {
  it("tells what comes and what becomes of it, a line of JSON each", async () => {
    const running = command(envOf("fin"), ["list", "--watch", "--json", "--interval", "1"]);
    const request = await ask({ flow: "single" });
    await running.printed(`${request.id}`);
    await command(envOf("flo"), ["approve", request.id, "--yes"]).ended();
    await running.printed('"state":"approved"');
    running.stop();
    const { out, code } = await running.ended();
    const lines: unknown[] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const states = lines
      .filter((line) => isObject(line) && line["id"] === request.id)
      .map((line) => isObject(line) && line["state"]);
    expect([code, states]).toEqual([0, ["pending", "approved"]]);
  });

  it("says what is to be done, and goes on while the gateway is away", async () => {
    const other = await startTestGateway(APPROVALS_CONFIG);
    try {
      const env = { PORTCULLIS_URL: other.url, PORTCULLIS_KEY: people.key("fin") };
      const first = await askFor(other, { tool: "before" });
      const running = command(env, ["list", "--watch", "--interval", "1"]);
      expect(await running.printed(first.id)).toContain(`decide: portcullis approvals approve ${first.id}`);
      await other.restart();
      const second = await askFor(other, { tool: "after" });
      await running.printed(second.id);
      running.stop();
      expect((await running.ended()).code).toBe(0);
    } finally {
      await other.close();
    }
  });

  it("lets somebody at a terminal show and decide by number, after they said yes", async () => {
    const typed = new PassThrough();
    const running = command(envOf("fin"), ["list", "--watch", "--interval", "1"], typed);
    const one = await ask({ flow: "single", arguments: { amount: 1 } });
    const keys = await running.printed("r 1 <reason> rejects");
    expect(keys).toContain(one.id);
    typed.write("s 1\n");
    await running.printed("  amount: 1\n");
    // What was typed ahead answers no question: neither with yes nor, as here, with no.
    typed.write("a 1\nno\n");
    await running.printed("Approve this call? (yes/no)");
    typed.write("yes\n");
    await running.printed(`Approved. ${one.id} is approved.`);
    const two = await ask({ flow: "single", arguments: { amount: 2 } });
    await running.printed("r 2 <reason> rejects");
    typed.write("r 2 Wrong cost centre\n");
    await running.printed("Reject this call for good? (yes/no)");
    typed.write("yes\n");
    await running.printed(`Rejected. ${two.id} is rejected.`);
    running.stop();
    expect((await running.ended()).code).toBe(0);
    expect([await stateOf(one), await stateOf(two)]).toEqual(["approved", "rejected"]);
    const seen = await gateway.running.wired.approvals.get(two.id);
    expect(seen?.decisions[0]?.reason).toBe("Wrong cost centre");
  });

  it("ends where it is refused", async () => {
    const env = { ...envOf("fin"), PORTCULLIS_KEY: "pk_wrong" };
    const { code, err } = await command(env, ["list", "--watch"]).ended();
    expect([code, err]).toEqual([1, expect.stringContaining("TOKEN_INVALID")]);
  });
});

describe("where the gateway is, and who asks", () => {
  let elsewhere: Server;
  const heard: (string | undefined)[] = [];
  let url: string;

  beforeAll(async () => {
    elsewhere = createServer((incoming, response) => {
      heard.push(incoming.headers.authorization);
      if (incoming.url?.startsWith("/redirects") === true) {
        response.writeHead(302, { Location: "/stolen" }).end();
      } else if (incoming.url?.startsWith("/endless") === true) {
        const more = Buffer.alloc(1024 * 1024, "[");
        const write = (): void => {
          while (!response.destroyed && response.write(more));
        };
        response.on("drain", write);
        write();
      } else response.end("hello");
    });
    elsewhere.listen(0, "127.0.0.1");
    await once(elsewhere, "listening");
    const address = elsewhere.address();
    url = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  });
  afterAll(() => void elsewhere.close());

  async function list(env: Env, ...args: readonly string[]): Promise<Ran> {
    return command(env, ["list", ...args]).ended();
  }

  it("says what to do where nothing answers", async () => {
    const { code, err } = await list({}, "--gateway", "http://127.0.0.1:9");
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/Nothing answers at http:\/\/127\.0\.0\.1:9.*portcullis serve/),
    ]);
  });

  it("says what to do without a credential", async () => {
    const { code, err } = await list({}, "--gateway", gateway.url);
    expect([code, err]).toEqual([1, expect.stringMatching(/CREDENTIAL_MISSING[\s\S]*Set PORTCULLIS_KEY.*--key-file/)]);
  });

  it("takes the gateway from its configuration, and the key from a file", async () => {
    const config = join(dir, "portcullis.yaml");
    writeFileSync(config, `server: { port: ${new URL(gateway.url).port} }\nauth: { anonymous: true }\n`);
    const keyFile = join(dir, "key");
    writeFileSync(keyFile, `${people.key("fin")}\n`);
    const request = await ask();
    const { code, out } = await list({}, "-c", config, "--key-file", keyFile);
    expect([code, out]).toEqual([0, expect.stringContaining(request.id)]);
  });

  it("does not take another server for a gateway", async () => {
    expect(await list({}, "--gateway", url)).toMatchObject({ code: 1, err: expect.stringContaining("is not the API") });
  });

  it("does not read an answer without end", async () => {
    const ran = await list({}, "--gateway", `${url}/endless`);
    expect(ran).toMatchObject({ code: 1, err: expect.stringContaining("is not the API") });
  });

  it("never follows a redirect with the key", async () => {
    heard.length = 0;
    const ran = await list({ PORTCULLIS_KEY: people.key("fin") }, "--gateway", `${url}/redirects`);
    expect([ran.code, heard]).toEqual([1, [`Bearer ${people.key("fin")}`]]);
  });

  it.each<[string, Env, readonly string[], string]>([
    ["a secret of the gateway itself", { PORTCULLIS_KEY: "ab".repeat(32) }, [], "It was not sent."],
    ["more than one word", { PORTCULLIS_KEY: "Bearer x" }, [], "one word is expected"],
    ["a key file that is not there", {}, ["--key-file", "/nowhere/key"], "cannot be read (ENOENT)"],
    ["a URL that is none", {}, ["--gateway", "gateway"], "--gateway must be"],
    ["a password in the URL", {}, ["--gateway", "http://a:b@127.0.0.1"], "--gateway must be"],
    ["a configuration that is not there", {}, ["-c", "/nowhere/portcullis.yaml"], "Which gateway?"],
  ])("refuses %s before anything is sent", async (_, env, args, message) => {
    heard.length = 0;
    const { code, err } = await list({ PORTCULLIS_URL: url, ...env }, ...args);
    expect([code, err, heard]).toEqual([2, expect.stringContaining(message), []]);
  });

  it("warns where the key would travel unencrypted", async () => {
    const { err } = await list({ PORTCULLIS_KEY: people.key("fin") }, "--gateway", "http://gateway.invalid");
    expect(err).toContain("is not encrypted");
  });
});

it("prints what the API says, to the letter, for programs", async () => {
  const given: JsonObject = { file: "\u202e", big: "y".repeat(2_000) };
  const request = await ask({ arguments: given });
  const { out } = await command(envOf("fin"), ["show", request.id, "--json"]).ended();
  expect(JSON.parse(out)).toMatchObject({ id: request.id, arguments: given, arguments_form: "whole" });
});

it("says in list, show and before a decision that the arguments do not fit the tool", async () => {
  const definitionDigest = await describeTool(gateway, "pay");
  const request = await ask({ tool: "pay", definitionDigest, arguments: { amount: "much" } });
  const listed = await command(envOf("fin"), ["list"]).ended();
  expect(listed.out.split("\n").find((line) => line.includes(request.id))).toContain("does not fit its tool");
  const typed = new PassThrough();
  typed.end("no\n");
  for (const { out } of [
    await command(envOf("fin"), ["show", request.id]).ended(),
    await command(envOf("fin"), ["approve", request.id], typed).ended(),
  ]) {
    expect(out).toContain("They do not fit what the tool says it takes.");
    expect(out).toContain("amount is not of the type number.");
  }
});

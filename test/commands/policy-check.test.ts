import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../src/core/digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { openStore } from "../../src/store/open-store.ts";
import { TOOL_SERVER } from "../support/built.ts";
import { EVERYTHING } from "../support/everything.ts";
import { type CommandResult, runPolicyCommand } from "../support/policy-command.ts";
import { recordingLog } from "../support/recording-log.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-check-"));
  mkdirSync(join(dir, "policies"));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

const NODE = JSON.stringify(process.execPath);
const servers = {
  everything: `{ command: ${NODE}, args: [${JSON.stringify(EVERYTHING)}, stdio] }`,
  demo: `{ command: ${NODE}, args: [${JSON.stringify(TOOL_SERVER)}, expenses] }`,
  broken: `{ command: ${NODE}, args: [-e, "process.exit(3)"] }`,
};

function configure(upstreams: Readonly<Record<string, string>>): void {
  const entries = Object.entries(upstreams).map(([name, entry]) => `  ${name}: ${entry}\n`);
  const text = `upstreams:\n${entries.join("")}policies: { dir: ./policies }\nstore: { url: "file:./p.db" }\nauth: { api_keys: [{ name: ci, hash: "sha256:${"0".repeat(64)}", user: ci }] }\n`;
  writeFileSync(join(dir, "portcullis.yaml"), text);
}

const policies = (text: string): void => writeFileSync(join(dir, "policies", "p.yaml"), `policies:\n${text}`);

async function check(...args: readonly string[]): Promise<CommandResult> {
  const { code, out, err } = await runPolicyCommand("check", "-c", join(dir, "portcullis.yaml"), ...args);
  return { code, out: out.replaceAll(dir, "DIR"), err: err.replaceAll(dir, "DIR") };
}

/** What a gateway leaves in its store, by upstream. */
async function store(
  tools: Readonly<Record<string, Readonly<Record<string, JsonObject>>>>,
  registered: readonly string[] = [],
): Promise<void> {
  const opened = openStore({ url: `file:${join(dir, "p.db")}`, log: recordingLog() });
  try {
    for (const name of registered) {
      const by = { issuer: "i", subject: "s", email: undefined };
      await opened.registeredUpstreams.add({ name, entry: "v1.", ...by, registeredAt: 1 }, 10);
    }
    for (const [upstream, definitions] of Object.entries(tools)) {
      const listed = Object.entries(definitions).map(([name, inputSchema]) => {
        const definition = { name, inputSchema };
        return { name, definition, digest: digestOf(definition) };
      });
      await opened.definitions.replace(upstream, listed, 1);
    }
  } finally {
    await opened.close();
  }
}

const PAY: JsonObject = {
  type: "object",
  properties: { amount: { type: "number" }, note: { type: "string" } },
  required: ["amount"],
};
const GOOD = "  - { id: large, target: { tools: [bank/pay] }, when: args.amount > 10, then: { deny: {} } }\n";

describe("portcullis policy check, with tools on record", () => {
  it("says which tools it held the policies against, and which none is about", async () => {
    configure({ bank: servers.broken, crm: servers.broken });
    policies(GOOD);
    await store({ bank: { pay: PAY, refund: PAY }, crm: { find: {} }, gone: { old: {} } });
    const { code, out, err } = await check();
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("\nCovered by policies: 1 of 3 tools.\nNot covered: bank/refund, crm/find.\n");
    expect(out).toContain(
      "ok: 1 policy in 1 file, default allow, checked against 3 tools of 2 upstreams, as listed last\n",
    );
  });

  it("knows upstreams that were registered at run time", async () => {
    configure({ bank: servers.broken });
    policies(
      `${GOOD}  - { id: r, target: { tools: [added/pya] }, then: { deny: {} } }\n  - { id: u, target: { tools: [unread/any] }, then: { deny: {} } }\n`,
    );
    await store({ bank: { pay: PAY }, added: { pay: PAY } }, ["added", "unread"]);
    const refused = await check();
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("No known tool fits `added/pya`.");
    expect(refused.err).toContain("Did you mean `added/pay`?");
    expect(refused.err).not.toContain("unread");
    expect(refused.err).toContain("Checked against 2 tools of 2 upstreams, as listed last.");
  });

  it("tells every mistake at its place, and ends with 1", async () => {
    configure({ bank: servers.broken });
    policies(
      `${GOOD}  - { id: b, target: { tools: [bank/pya] }, then: { deny: {} } }\n  - id: c\n    target: { upstreams: [bank] }\n    when: args.amuont > 5 || args.note == "x"\n    then: { deny: {} }\n`,
    );
    await store({ bank: { pay: PAY } });
    const { code, out, err } = await check();
    expect([code, out]).toEqual([1, ""]);
    expect(err).toBe(`DIR/policies/p.yaml:3:32: No known tool fits \`bank/pya\`.
  3 |   - { id: b, target: { tools: [bank/pya] }, then: { deny: {} } }
    |                                ^
  Did you mean \`bank/pay\`?

DIR/policies/p.yaml:6:16: \`args.amuont\` is not an argument of \`bank/pay\`.
  6 |     when: args.amuont > 5 || args.note == "x"
    |                ^
  Did you mean \`args.amount\`? Mended, it lets calls pass for which it is false.

DIR/policies/p.yaml:6:30: \`args.note\` is optional in \`bank/pay\`.
  6 |     when: args.amuont > 5 || args.note == "x"
    |                              ^
  In place of \`args.note == "x"\` write \`(!has(args.note) || args.note == "x")\`. \`!has(args.note) || …\` keeps refusing calls without it, \`has(args.note) && …\` lets them pass.

3 mistakes.
Checked against 1 tool of 1 upstream, as listed last.`);
  });

  it("prints errors, warnings and what is covered as JSON", async () => {
    configure({ bank: servers.broken });
    policies(
      `${GOOD.replace("args.amount", "args.note")}  - { id: w, target: { tools: [bank/*, "!bank/x"] }, then: { deny: {} } }\n`,
    );
    await store({ bank: { pay: PAY, refund: PAY } });
    const { code, out } = await check("--json");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      errors: [
        {
          file: "DIR/policies/p.yaml",
          line: 2,
          column: 55,
          fix: { start: 0, end: 14, text: "!has(args.note) || args.note > 10" },
        },
        {},
      ],
      warnings: [{ line: 3, message: expect.stringContaining("excludes nothing") }],
      checked_against: "2 tools of 1 upstream, as listed last",
      coverage: { tools: 2, covered: 2, uncovered: [], by_policy: { large: 1, w: 2 } },
    });
  });

  it("lets policies name an upstream that has not been listed yet, but no other", async () => {
    configure({ bank: servers.broken, later: servers.broken });
    policies("  - { id: a, target: { tools: [later/x] }, then: { deny: {} } }\n");
    await store({ bank: { pay: PAY } });
    expect((await check()).code).toBe(0);
    policies("  - { id: a, target: { tools: [never/x] }, then: { deny: {} } }\n");
    expect(await check()).toMatchObject({ code: 1, err: expect.stringContaining("There is no upstream `never`") });
  });

  it("leaves out tools that the configuration does not let through", async () => {
    configure({ bank: servers.broken.replace("}", ", tools: { deny: [refund] } }") });
    policies("  - { id: a, target: { tools: [bank/refund] }, then: { deny: {} } }\n");
    await store({ bank: { pay: PAY, refund: PAY } });
    expect(await check()).toMatchObject({ code: 1, err: expect.stringContaining("fits `bank/refund`") });
  });

  it("does not look at tools with --no-tools", async () => {
    configure({ bank: servers.broken });
    policies(GOOD.replace("args.amount", "args.amuont"));
    await store({ bank: { pay: PAY } });
    const without = await check("--no-tools");
    expect([without.code, without.err]).toEqual([0, "Arguments were not checked: as --no-tools asks."]);
  });

  it.each([
    [
      "a condition that does not compile",
      '{ id: a, when: arg.amount > 5, then: { deny: { message: "{{ args.x }}" } } }',
    ],
    ["a policy of another form", "{ id: a, target: { tool: bank/pay }, then: { deny: {} } }"],
    ["a message that does not compile", '{ id: a, when: args.x > 5, then: { deny: { message: "{{ arg.x }}" } } }'],
  ])("tells of the other policies, too, beside %s", async (_what, wrong) => {
    configure({ bank: servers.broken });
    policies(`  - ${wrong}\n${GOOD.replace("args.amount", "args.amuont")}`);
    await store({ bank: { pay: PAY } });
    const { code, err } = await check();
    expect(code).toBe(1);
    expect(err).toMatch(/p\.yaml:2:\d+: .*p\.yaml:3:\d+: `args\.amuont` is not an argument.*\n2 mistakes\./s);
  });

  it("says how arguments can be checked where nothing is on record, and makes no store", async () => {
    configure({ bank: servers.broken });
    policies(GOOD);
    const { code, err } = await check();
    expect([code, err]).toEqual([
      0,
      "Arguments were not checked: there is no store yet: no gateway has run. --live asks the upstreams.",
    ]);
    expect(existsSync(join(dir, "p.db"))).toBe(false);
  });
});

describe("portcullis policy check --live", () => {
  it("asks the upstreams, takes the tools of one that is down from the store, and stores nothing", async () => {
    configure({ demo: servers.demo, everything: servers.everything, bank: servers.broken });
    policies(
      `${GOOD}  - { id: e, target: { tools: [everything/echo] }, when: args.mesage == "x", then: { deny: {} } }\n  - { id: d, target: { tools: [demo/create_expense] }, when: args.amount == "5", then: { deny: {} } }\n`,
    );
    await store({ bank: { pay: PAY } });
    const before = statSync(join(dir, "p.db")).mtimeMs;
    const { code, err } = await check("--live");
    expect(code).toBe(1);
    expect(err).toMatch(/^warning: bank could not be asked \(.*exited.*\): its tools are taken as listed last\.$/m);
    expect(err).toContain("`args.mesage` is not an argument of `everything/echo`.");
    expect(err).toContain(
      '`args.amount` is a number and `"5"` is a text: they are never equal (`demo/create_expense`).',
    );
    expect(err).toMatch(/2 mistakes\.\nChecked against \d+ tools of 3 upstreams, as listed now or last\.$/);
    expect(statSync(join(dir, "p.db")).mtimeMs).toBe(before);
  });
});

describe("portcullis policy explain", () => {
  const inputSchema = {
    type: "object",
    properties: { n: { type: "integer" }, amount: { type: "number", default: 20_000 } },
  };
  const explain = async (tool: string, args: string, ...more: readonly string[]) => {
    const config = join(dir, "portcullis.yaml");
    const { out } = await runPolicyCommand("explain", "-c", config, "--tool", tool, "--args", args, "--json", ...more);
    const { decision, decided_with } = JSON.parse(out);
    return { effect: decision.effect, decided_with };
  };

  it("decides with the definition that the gateway has listed, and says with which", async () => {
    configure({ demo: servers.demo });
    policies("  - { id: p, when: has(args.amount) && args.amount > 100.0, then: { deny: {} } }\n");
    expect(await explain("demo/pay", "{}")).toEqual({
      effect: "allow",
      decided_with: expect.stringContaining("Decided without the definition of demo/pay"),
    });
    await store({ demo: { pay: inputSchema } });
    const listed = "Decided with demo/pay as it was listed last.";
    expect(await explain("demo/pay", '{"n": 1}')).toEqual({ effect: "deny", decided_with: listed });
    expect(await explain("demo/pay", '{"n": 1, "amount": 1}')).toEqual({ effect: "allow", decided_with: listed });
    expect(await explain("demo/other", '{"n": 1, "amount": 1}')).toMatchObject({
      decided_with: expect.stringContaining("without the definition of demo/other"),
    });
    const given = [
      "--definition",
      JSON.stringify({ inputSchema: { type: "object", properties: { n: { type: "integer" } } } }),
    ];
    expect(await explain("demo/pay", '{"n": 1}', ...given)).toEqual({
      effect: "allow",
      decided_with: "Decided with the given definition of demo/pay.",
    });
  });
});

it("says as JSON what each policy is about", async () => {
  configure({ broken: servers.broken });
  policies("  - { id: p, target: { prompts: [broken/x] }, then: { deny: {} } }\n");
  const { out } = await check("--json");
  expect(JSON.parse(out)).toMatchObject({
    policies: [
      {
        id: "p",
        scope: {
          kinds: ["prompt"],
          methods: ["prompts/get", "completion/complete"],
          words: "prompts and their completion",
        },
      },
    ],
  });
});

describe("policies of several levels", () => {
  it.each([
    ["deny", "- { id: reads, then: { allow: {} } }", undefined],
    ["deny", "- { id: no, then: { deny: {} } }", "every call of the endpoint office is denied"],
    ["allow", "- { id: reads, then: { allow: {} } }", "while endpoints.office.policies.default is allow"],
  ])("are each held against the default of their own: %s %s", async (fallback, text, warning) => {
    configure({ broken: servers.broken });
    const file = join(dir, "portcullis.yaml");
    const endpoints = `endpoints:\n  office: { upstreams: [broken], policies: { dir: ./office, default: ${fallback} } }\n`;
    writeFileSync(file, `${readFileSync(file, "utf8")}${endpoints}`);
    mkdirSync(join(dir, "office"));
    writeFileSync(join(dir, "office", "p.yaml"), `policies:\n  ${text}\n`);
    policies("  - { id: elsewhere, target: { tools: [broken/x] }, then: { deny: {} } }\n");
    const { err } = await check();
    if (warning === undefined) expect(err).not.toMatch(/warning/);
    else expect(err).toContain(warning);
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CommandResult, runPolicyCommand } from "../support/policy-command.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "portcullis-levels-"));
});

afterEach(() => {
  rmSync(dir, { recursive: true, force: true });
});

type Default = "allow" | "deny";

/** A level: what happens by default, and its policies, of which `undefined` is none in force. */
type Level = readonly [Default, string | undefined];

const ALLOW = "{ id: reading, target: { tools: ['bank/get*'] }, then: { allow: {} } }";
const DENY = "{ id: refunds, target: { tools: ['bank/refund*'] }, then: { deny: { message: By hand. } } }";

function configure({ gateway, finance, bank }: Readonly<Record<"gateway" | "finance" | "bank", Level>>): void {
  for (const [name, [, policy]] of Object.entries({ gateway, finance, bank })) {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, "p.yaml"), `policies: [${policy ?? ""}]`);
  }
  const folder = (name: string, [by]: Level) => `policies: { dir: ./${name}, default: ${by} }`;
  const text = [
    `upstreams: { bank: { url: "https://bank.example/mcp", ${folder("bank", bank)} } }`,
    `endpoints: { finance: { upstreams: [bank], ${folder("finance", finance)} } }`,
    folder("gateway", gateway),
    'store: { url: "file:./p.db" }',
    `auth: { api_keys: [{ name: ci, hash: "sha256:${"0".repeat(64)}", user: ci }] }`,
  ];
  writeFileSync(join(dir, "portcullis.yaml"), text.join("\n"));
}

async function run(command: string, ...args: readonly string[]): Promise<CommandResult> {
  const { code, out, err } = await runPolicyCommand(command, "-c", join(dir, "portcullis.yaml"), ...args);
  return { code, out: out.replaceAll(dir, "DIR"), err: err.replaceAll(dir, "DIR") };
}

const OPEN: Level = ["allow", DENY];

describe("portcullis policy check, with policies of endpoints and upstreams", () => {
  it.each<[string, Readonly<Record<"gateway" | "finance" | "bank", Level>>, readonly string[], string]>([
    [
      "nothing of an allow that its own level wants",
      { gateway: OPEN, finance: ["deny", ALLOW], bank: ["deny", ALLOW] },
      [],
      "default allow, endpoints.finance.policies.default deny, upstreams.bank.policies.default deny",
    ],
    [
      "of an allow in a level that allows anyhow, whatever the gateway does",
      { gateway: ["deny", ALLOW], finance: ["allow", ALLOW], bank: ["allow", ALLOW] },
      [
        "allow has no effect while endpoints.finance.policies.default is allow: endpoint/finance:reading.",
        "allow has no effect while upstreams.bank.policies.default is allow: upstream/bank:reading.",
      ],
      "default deny, endpoints.finance.policies.default allow, upstreams.bank.policies.default allow",
    ],
    [
      "of a level that denies and allows nothing, whatever others allow",
      { gateway: ["deny", ALLOW], finance: ["deny", DENY], bank: ["deny", DENY] },
      [
        "endpoints.finance.policies.default is deny and there is no allow policy of the endpoint finance: every call of the endpoint finance is denied.",
        "upstreams.bank.policies.default is deny and there is no allow policy of the upstream bank: every call of the upstream bank is denied.",
      ],
      "default deny",
    ],
    [
      "of levels without a policy in force",
      { gateway: ["allow", undefined], finance: ["deny", undefined], bank: OPEN },
      [
        "No policy in DIR/gateway is in force: it refuses no call.",
        "No policy in DIR/finance is in force: every call of the endpoint finance is denied.",
      ],
      "default allow, endpoints.finance.policies.default deny",
    ],
    [
      "that everything is allowed, where nothing is in force anywhere",
      { gateway: ["allow", undefined], finance: ["allow", undefined], bank: ["allow", undefined] },
      [
        "No policy in DIR/gateway is in force: every call is allowed.",
        "No policy in DIR/finance is in force: it refuses no call of the endpoint finance.",
        "No policy in DIR/bank is in force: it refuses no call of the upstream bank.",
      ],
      "default allow",
    ],
  ])("warns %s", async (_, levels, warnings, defaults) => {
    configure(levels);
    const { code, out, err } = await run("check", "--no-tools");
    const lines = err.split("\n").filter((line) => line.startsWith("warning: "));
    expect([code, lines]).toEqual([0, warnings.map((line) => `warning: ${line}`)]);
    expect(out.trimEnd().split("\n").at(-1)).toMatch(new RegExp(`^ok: \\d .*, ${defaults}$`));
  });

  it("gives the default of each level to programs", async () => {
    configure({ gateway: OPEN, finance: ["deny", ALLOW], bank: OPEN });
    const { out } = await run("check", "--no-tools", "--json");
    expect(JSON.parse(out)).toMatchObject({
      default: "allow",
      levels: [
        { level: "endpoint/finance", default: "deny" },
        { level: "upstream/bank", default: "allow" },
      ],
      warnings: [],
    });
  });
});

describe("portcullis policy explain, with policies of endpoints and upstreams", () => {
  it.each([
    ["bank/get_rate", "finance", "allow", "endpoint/finance:reading"],
    ["bank/pay", "finance", "deny", "endpoints.finance.policies.default"],
    ["bank/pay", "", "allow", ""],
    ["bank/refund", "", "deny", "upstream/bank:refunds"],
  ])("decides %s at the endpoint %j: %s", async (tool, endpoint, effect, by) => {
    configure({ gateway: ["allow", undefined], finance: ["deny", ALLOW], bank: OPEN });
    const { code, out } = await run("explain", "--tool", tool, "--endpoint", endpoint, "--json");
    const { decision } = JSON.parse(out);
    const policy = decision.policy ?? decision.matched.map((match: { policy: string }) => match.policy).join();
    expect([code, decision.effect, policy]).toEqual([0, effect, by]);
  });
});

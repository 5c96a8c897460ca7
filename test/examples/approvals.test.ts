import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWebhookNotifier } from "../../src/approvals/notify/webhook.ts";
import { loadConfig } from "../../src/config/load.ts";
import { APPROVAL_STATES, NOTICE_KINDS } from "../../src/core/approval.ts";
import { isObject } from "../../src/core/json.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { eventually } from "../support/eventually.ts";
import { notice } from "../support/notices.ts";
import { runPolicyCommand } from "../support/policy-command.ts";
import { type Program, startProgram } from "../support/program.ts";

const root = join(import.meta.dirname, "../..");
const examples = join(root, "examples/approvals");
const SECRET = `whsec_${Buffer.from("a key of thirty-two bytes, no less").toString("base64")}`;
const ENV = {
  WEBHOOK_SECRET: SECRET,
  SLACK_URL: "https://hooks.slack.com/services/T/B/x",
  SMTP_URL: "smtps://user:password@mail.acme.com",
  IDP_URL: "https://idp.acme.com",
};

describe("the example of a gateway with approvals", () => {
  it("loads without an error or a warning", () => {
    expect(loadConfig(join(examples, "portcullis.yaml"), ENV)).toMatchObject({ ok: true, warnings: [] });
  });

  it("has policies that name its flows, and pass their tests", async () => {
    for (const command of ["check", "test"]) {
      const { code, out, err } = await runPolicyCommand(command, "--policies", join(examples, "policies"));
      expect(code, out + err).toBe(0);
    }
    const loaded = loadConfig(join(examples, "portcullis.yaml"), ENV);
    const flows = loaded.ok ? loaded.config.approvalFlows.map(({ name }) => name) : [];
    const file = { name: "approvals.yaml", text: readFileSync(join(examples, "policies/approvals.yaml"), "utf8") };
    expect(compilePolicies([file], { default: "allow", flows })).toMatchObject({ ok: true });
  });
});

describe("docs/approvals.md", () => {
  const page = readFileSync(join(root, "docs/approvals.md"), "utf8");
  const blocks = [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^\1```$/gm)].map(([, indent = "", text = ""]) =>
    text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  );
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), "portcullis-docs-"));
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  it.each(blocks.filter((text) => text.includes("approval_flows:")))("has a configuration that loads: %s", (text) => {
    const file = join(dir, "portcullis.yaml");
    writeFileSync(file, text);
    expect(loadConfig(file, ENV)).toMatchObject({ ok: true });
  });

  it.each(blocks.filter((text) => text.includes("policies:")))("has a policy that compiles: %s", (text) => {
    const options = { default: "allow", flows: ["customer-care"] } as const;
    expect(compilePolicies([{ name: "a.yaml", text }], options)).toMatchObject({ ok: true });
  });

  it("names every key of a flow with its default", () => {
    const schema: unknown = JSON.parse(readFileSync(join(root, "schema/config.schema.json"), "utf8"));
    const flow = inside(schema, "properties", "approval_flows", "additionalProperties", "properties");
    const keys = Object.keys(flow).filter((key) => key !== "description");
    expect(keys).toContain("pending_ttl");
    for (const key of keys) {
      const given = inside(flow, key)["default"];
      const cell = Array.isArray(given) ? "none" : String(given ?? "");
      expect(page).toContain(`| \`${key}\` |${cell === "" ? "" : ` ${cell}`} |`);
    }
  });

  it("names every state and every kind of message", () => {
    for (const word of [...APPROVAL_STATES, ...NOTICE_KINDS]) expect(page).toContain(word);
  });
});

describe("the example of a receiver of webhooks", () => {
  let receiver: Program;
  const send = (secret: string) =>
    createWebhookNotifier({ url: String(receiver.ready?.[1]), secret, headers: {} }, Date.now).send(
      { id: "apr_1:approval.requested:0:ops", notice: notice(), url: "https://mcp.acme.com/approvals/apr_1" },
      AbortSignal.timeout(10_000),
    );
  beforeAll(async () => {
    receiver = await startProgram({
      name: "the receiver",
      command: process.execPath,
      args: [join(examples, "receive-webhook.mjs"), "0"],
      env: { WEBHOOK_SECRET: SECRET },
      ready: /Listening on (\S+)/,
    });
  });
  afterAll(() => receiver.stop());

  it("takes what the gateway signed", async () => {
    expect(await send(SECRET)).toEqual({ ok: true });
    const said = "approval.requested: Bob Miller asks for the tool expenses/create_expense";
    await eventually(async () => (receiver.output().includes(said) ? true : undefined));
  });

  it("refuses what somebody else signed", async () => {
    expect(await send("the secret of somebody else")).toMatchObject({
      ok: false,
      error: expect.stringContaining("401"),
    });
  });
});

/** The object at a path of a JSON document. @throws if there is none */
function inside(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  let at = value;
  for (const key of path) at = isObject(at) ? at[key] : undefined;
  if (!isObject(at)) throw new Error(`There is no ${path.join(".")}.`);
  return at;
}

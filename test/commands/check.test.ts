import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, expect, it } from "vitest";
import { registerCheck } from "../../src/commands/check.ts";

const dirs: string[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

it("warns of approval flows that no policy sends anything to", async () => {
  const dir = mkdtempSync(join(tmpdir(), "portcullis-check-"));
  dirs.push(dir);
  mkdirSync(join(dir, "policies"));
  const flow = "{ stages: [{ approvers: { roles: [fin] } }] }";
  const config = `auth: { jwt: [{ issuer: https://idp.acme.com, audience: a }] }
approval_flows: { used: ${flow}, unused: ${flow} }
store: { url: "file:./p.db" }
`;
  writeFileSync(join(dir, "portcullis.yaml"), config);
  const policy =
    '{ id: pay, target: { tools: [bank/pay] }, then: { request_approval: { flow: used, message: "Pay?" } } }';
  writeFileSync(join(dir, "policies", "p.yaml"), `policies:\n  - ${policy}\n`);
  const [out, err]: [string[], string[]] = [[], []];
  const shell = {
    env: {},
    command: "portcullis",
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    setExitCode: (code: number) => void err.push(`exit ${code}`),
  };
  const program = new Command();
  registerCheck(program, shell as never);
  await program.parseAsync(["node", "portcullis", "check", "-c", join(dir, "portcullis.yaml")]);
  expect(err.filter((line) => /flow|exit/.test(line))).toEqual([
    "warning: No policy sends anything to the approval flow unused.",
  ]);
  expect(out).toEqual(["ok: 0 upstreams, 0 endpoints, 1 policies"]);
});

import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { Command } from "commander";
import { expect, it, onTestFinished } from "vitest";
import { registerAuditVerify } from "../../src/commands/audit/verify.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const [OLD, NEW] = ["A".repeat(43), "B".repeat(43)];

/** Runs `audit verify --json` with the gateway's configuration file. */
async function verify({ dir }: TestGateway) {
  const stdout = new PassThrough();
  const printed = text(stdout);
  const program = new Command().exitOverride();
  const quiet = {
    out() {},
    err() {},
    command: "portcullis",
    env: {},
    colours: false,
    setExitCode() {},
    stdin: new PassThrough(),
  };
  registerAuditVerify(program, { ...quiet, stopped: () => Promise.resolve(), stdout });
  await program.parseAsync(["verify", "--json", "-c", join(dir, "portcullis.yaml")], { from: "user" });
  stdout.end();
  const { ok, proven, findings } = JSON.parse(await printed);
  return { ok, proven, found: findings.map(({ code }: { readonly code: string }) => code) };
}

it("the record goes on where the configuration has the secret of before, and is broken where it has not", async () => {
  const anchor = { anchor: { file: "anchor.jsonl" } };
  const gateway = await startTestGateway({ audit: anchor, secrets: { key: OLD } });
  onTestFinished(() => gateway.close());
  gateway.reconfigure({ audit: anchor, secrets: { key: NEW, previous_keys: [OLD] } });
  await gateway.restart();
  await gateway.restart();
  expect(gateway.logged.filter((line) => /audit/i.test(line) && /not the one|forged|changed/i.test(line))).toEqual([]);
  expect(await verify(gateway)).toEqual({ ok: true, proven: false, found: [] });
  await gateway.running.close();
  expect(await verify(gateway)).toEqual({ ok: true, proven: true, found: [] });

  gateway.reconfigure({ audit: anchor, secrets: { key: NEW } });
  expect((await verify(gateway)).found).toContain("content");
});

import type { Command } from "commander";
import { registerPolicyCheck } from "./policy-check.ts";
import { registerPolicyExplain } from "./policy-explain.ts";
import { registerPolicyTest } from "./policy-test.ts";
import type { Shell } from "./shell.ts";

/** Adds `policy check`, `policy test` and `policy explain`. They read files and reach nothing else. */
export function registerPolicyCommands(program: Command, shell: Shell): void {
  const policy = program.command("policy").description("check, test and explain policies, without serving");
  registerPolicyCheck(policy, shell);
  registerPolicyTest(policy, shell);
  registerPolicyExplain(policy, shell);
}

import type { Command } from "commander";
import type { Shell } from "../shell.ts";
import { registerPolicyCheck } from "./check.ts";
import { registerPolicyExplain } from "./explain.ts";
import { registerPolicyReplay } from "./replay.ts";
import { registerPolicyTest } from "./test.ts";

/** Adds `policy check`, `policy test`, `policy explain` and `policy replay`. None of them changes anything. */
export function registerPolicyCommands(program: Command, shell: Shell): void {
  const policy = program.command("policy").description("check, test, explain and replay policies, without serving");
  registerPolicyCheck(policy, shell);
  registerPolicyTest(policy, shell);
  registerPolicyExplain(policy, shell);
  registerPolicyReplay(policy, shell);
}

import type { Command } from "commander";
import { compileDirectory } from "../policy/directory.ts";
import { DEFAULT_CONFIG, loadOrExplain } from "./load.ts";
import type { Shell } from "./shell.ts";

/** `portcullis check`: everything that `serve` would refuse, without serving. */
export function registerCheck(program: Command, shell: Shell): void {
  program
    .command("check")
    .description("check the configuration and the policies without serving")
    .option("-c, --config <file>", "configuration file", DEFAULT_CONFIG)
    .addHelpText("after", "\nExample:\n  $ portcullis check -c portcullis.yaml\n")
    .action(async (options: { config: string }) => {
      const config = loadOrExplain(shell, options.config);
      if (config === undefined) return;
      const checked = await compileDirectory({
        dir: config.policies.dir,
        mayBeMissing: true,
        default: config.policies.default,
        flows: config.approvalFlows.map((flow) => flow.name),
      });
      if (!checked.ok) {
        shell.err(checked.report);
        shell.setExitCode(1);
        return;
      }
      const policies = `${checked.set.policies.length} policies`;
      shell.out(`ok: ${config.upstreams.length} upstreams, ${config.endpoints.length} endpoints, ${policies}`);
    });
}

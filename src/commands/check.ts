import { createServer } from "node:net";
import type { Command } from "commander";
import { whyNoClientAddress } from "../config/checks/client-address.ts";
import type { Config } from "../config/schema/schema.ts";
import { compileDirectory } from "../policy/compile/directory.ts";
import { DEFAULT_CONFIG, loadOrExplain } from "./load.ts";
import type { Shell } from "./shell.ts";

/** `portcullis check`: everything that `serve` would refuse, without serving. */
export function registerCheck(program: Command, shell: Shell): void {
  program
    .command("check")
    .description("check the configuration, the policies, the store and the address, without serving")
    .option("-c, --config <file>", "configuration file", DEFAULT_CONFIG)
    .addHelpText(
      "after",
      "\nExample:\n  $ portcullis check -c portcullis.yaml\n\nMakes and changes nothing, also beside a running gateway. Exit code: 0 good, 1 mistakes, 2 usage.\n",
    )
    .action(async (options: { config: string }) => {
      const config = loadOrExplain(shell, options.config);
      if (config === undefined) return;
      const { checkStore } = await import("../store/check-store.ts");
      const checked = compileDirectory({
        dir: config.policies.dir,
        mayBeEmpty: true,
        folders: config.policyFolders,
        options: {
          default: config.policies.default,
          flows: config.approvalFlows.map((flow) => flow.name),
          decisionPoints: config.decisionPoints.map(({ name }) => name),
          guards: config.guards.map(({ name }) => name),
          noClientAddress: whyNoClientAddress(config.server),
        },
      });
      const mistakes = [
        ...(checked.ok ? [] : [checked.report]),
        ...checkStore({ url: config.store.url, secretKey: config.secretKey }).map((error) => error.message),
        ...(await checkAddress(config)),
      ];
      for (const mistake of mistakes) shell.err(mistake);
      if (mistakes.length > 0 || !checked.ok) {
        shell.setExitCode(1);
        return;
      }
      const asked = checked.set.policies.map(({ flow }) => flow);
      for (const { name } of config.approvalFlows) {
        if (!asked.includes(name)) shell.err(`warning: No policy sends anything to the approval flow ${name}.`);
      }
      const policies = `${checked.set.policies.length} policies`;
      shell.out(`ok: ${config.upstreams.length} upstreams, ${config.endpoints.length} endpoints, ${policies}`);
    });
}

// On any free port: the configured one may be taken by the very gateway that is to be replaced.
function checkAddress({ server: { host } }: Config): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (err: NodeJS.ErrnoException) =>
      resolve([`This machine cannot listen on ${host} (${err.code ?? err.message}). Check server.host.`]),
    );
    server.listen(0, host, () => server.close(() => resolve([])));
  });
}

import type { Command } from "commander";
import { formatConfigDiagnostic } from "../config/config-diagnostic.ts";
import type { Config } from "../config/schema/schema.ts";
import { watchConfig } from "../config/watch.ts";
import { VERSION } from "../core/version.ts";
import { catchFaults } from "../main/last-resort.ts";
import type { RunningGateway } from "../main/serve.ts";
import { DEFAULT_CONFIG, loadFilesOrExplain } from "./load.ts";
import { logFor, type StartOptions, startOrExplain, untilStopped, withStartOptions } from "./run-gateway.ts";
import { bold, type Shell } from "./shell.ts";

/** `portcullis serve`: runs the gateway until it is stopped. */
export function registerServe(program: Command, shell: Shell): void {
  withStartOptions(
    program
      .command("serve")
      .description("run the gateway")
      .option("-c, --config <file>", "configuration file", DEFAULT_CONFIG),
  )
    .addHelpText("after", "\nExample:\n  $ portcullis serve -c portcullis.yaml\n")
    .action(async (options: StartOptions & { config: string }) => {
      const loaded = loadFilesOrExplain(shell, options.config);
      if (loaded === undefined) return;
      const { config } = loaded;
      const stopped = shell.stopped();
      const log = logFor(shell, config);
      const lastResort = catchFaults({ log, now: Date.now });
      const gateway = await startOrExplain(shell, config, log, {
        start: { without: options.without, again: options.with },
      });
      if (gateway === undefined) return;
      shell.out(banner(shell, config, gateway));
      const watch = watchConfig({
        path: options.config,
        env: shell.env,
        loaded,
        log,
        onChange: (change) => {
          if (change.ok) return gateway.wired.reload(change.config, change.files);
          gateway.wired.reloadRefused(change.files, change.errors.length);
          for (const error of change.errors) log.error({}, formatConfigDiagnostic(error));
        },
      });
      await untilStopped(shell, log, gateway, { stopped, lastResort });
      watch.close();
    });
}

function banner(shell: Shell, config: Config, gateway: RunningGateway): string {
  const names = config.upstreams.map((upstream) => upstream.name);
  const policies = gateway.wired.policies.current().policies.length;
  const lines = [
    bold(shell, `Portcullis ${VERSION}`),
    `  MCP        ${gateway.url}/mcp`,
    ...config.endpoints.map((endpoint) => `             ${gateway.url}/mcp/${endpoint.name}`),
    `  upstreams  ${names.length === 0 ? "none yet: add some under upstreams: in the configuration" : names.join(", ")}`,
    `  policies   ${policies} from ${config.policies.dir} (default: ${config.policies.default})`,
    `  store      ${config.store.url}`,
  ];
  return `${lines.join("\n")}\n`;
}

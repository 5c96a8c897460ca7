import type { Config } from "../config/schema.ts";
import type { Log } from "../core/log.ts";
import { type RunningGateway, startGateway } from "../serve.ts";
import { StoreError } from "../store/store-error.ts";
import type { WireDeps } from "../wire.ts";
import { createLog } from "./log.ts";
import type { Shell } from "./shell.ts";

/** The log that a configuration asks for. */
export function logFor(shell: Shell, config: Config): Log {
  const { level, format } = config.server.log;
  const onTerminal = shell.colours;
  return createLog({ level, format: format === "auto" ? (onTerminal ? "pretty" : "json") : format }, onTerminal);
}

/** Starts a gateway for a command: what is refused is explained on standard error, and the answer is `undefined`. */
export async function startOrExplain(
  shell: Shell,
  config: Config,
  log: Log,
  timing: NonNullable<WireDeps["timing"]> = {},
): Promise<RunningGateway | undefined> {
  try {
    const started = await startGateway(config, { log, timing });
    if (started.ok) return started.gateway;
    shell.err(started.error);
  } catch (err) {
    if (!(err instanceof StoreError)) throw err;
    shell.err(err.message);
  }
  shell.setExitCode(1);
  return undefined;
}

/** Waits for Ctrl-C or SIGTERM, then drains. */
export async function untilStopped(shell: Shell, log: Log, gateway: RunningGateway): Promise<void> {
  await shell.stopped();
  log.info({}, "stopping: calls in flight get six seconds");
  await gateway.close();
  log.info({}, "stopped");
}

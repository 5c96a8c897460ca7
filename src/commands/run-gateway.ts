import type { Command } from "commander";
import type { Config } from "../config/schema/schema.ts";
import type { Log } from "../core/log.ts";
import type { WireDeps } from "../main/compose/deps.ts";
import type { LastResort } from "../main/last-resort.ts";
import type { RunningGateway } from "../main/serve.ts";
import { StoreError } from "../store/store-error.ts";
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
  deps: Pick<WireDeps, "timing" | "start"> = {},
): Promise<RunningGateway | undefined> {
  const { startGateway } = await import("../main/serve.ts");
  try {
    const started = await startGateway(config, { log, ...deps });
    if (started.ok) return started.gateway;
    shell.err(started.error);
  } catch (err) {
    if (!(err instanceof StoreError)) throw err;
    shell.err(err.message);
  }
  shell.setExitCode(1);
  return undefined;
}

/**
 * Waits for `stopped` (Ctrl-C, SIGTERM) or too many faults that nobody caught, then drains. Listen for `stopped` before the
 * start: a process that is ended by a signal that nobody hears leaves its children behind.
 */
export async function untilStopped(
  shell: Shell,
  log: Log,
  gateway: RunningGateway,
  { stopped, lastResort }: { readonly stopped: Promise<void>; readonly lastResort: LastResort },
): Promise<void> {
  await Promise.race([stopped, lastResort.beyond.then(() => shell.setExitCode(1))]);
  log.info({}, "stopping: calls in flight get six seconds");
  await gateway.close();
  log.info({}, "stopped");
  lastResort.close();
}

/** Options that every command takes which starts a gateway. */
export interface StartOptions {
  readonly without: readonly string[];
  readonly with: readonly string[];
}

/** Adds them. */
export function withStartOptions(command: Command): Command {
  const all = (name: string, names: readonly string[]): readonly string[] => [...names, name];
  return command
    .option(
      "--without <upstream>",
      "do not connect to this upstream, repeatable: for one at which the start fails",
      all,
      [],
    )
    .option("--with <upstream>", "connect to this upstream although starts crashed at it, repeatable", all, []);
}

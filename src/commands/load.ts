import { formatConfigDiagnostic } from "../config/config-diagnostic.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema/schema.ts";
import type { Shell } from "./shell.ts";

/** Where a configuration is looked for when nobody says. */
export const DEFAULT_CONFIG = "portcullis.yaml";

/** Loads a configuration for a command: every error and warning goes to standard error; `undefined` after an error. */
export function loadOrExplain(shell: Shell, path: string): Config | undefined {
  return loadFilesOrExplain(shell, path)?.config;
}

/** The same, with the files that it came from. */
export function loadFilesOrExplain(shell: Shell, path: string): Extract<LoadedConfig, { ok: true }> | undefined {
  const loaded = loadConfig(path, shell.env, shell.command);
  if (!loaded.ok) {
    for (const error of loaded.errors) shell.err(formatConfigDiagnostic(error));
    shell.setExitCode(1);
    return undefined;
  }
  for (const warning of loaded.warnings) shell.err(`warning: ${formatConfigDiagnostic(warning)}`);
  return loaded;
}

import { join } from "node:path";
import { type ConfigDiagnostic, formatConfigDiagnostic } from "../../src/config/config-diagnostic.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Config } from "../../src/config/schema/schema.ts";
import { tempDir } from "./temp-dir.ts";

type Env = Readonly<Record<string, string>>;

/** Loads a text as `portcullis.yaml`, other files beside it. */
export function load(text: string, env: Env = {}, files: Readonly<Record<string, string>> = {}) {
  const dir = tempDir({ "portcullis.yaml": text, ...files });
  return { dir, loaded: loadConfig(join(dir, "portcullis.yaml"), env) };
}

/** The configuration of a text that is right. */
export function configOf(text: string, env: Env = {}, files: Readonly<Record<string, string>> = {}): Config {
  const { loaded } = load(text, env, files);
  if (!loaded.ok) throw new Error(loaded.errors.map(formatConfigDiagnostic).join("\n"));
  return loaded.config;
}

/** The mistakes of a text, and how they are printed. */
export function errorsOf(text: string, env: Env = {}, files: Readonly<Record<string, string>> = {}) {
  const { loaded } = load(text, env, files);
  if (loaded.ok) throw new Error("the configuration was accepted");
  return { errors: loaded.errors, printed: loaded.errors.map(formatConfigDiagnostic).join("\n") };
}

/** `line:column key`, for short expectations. */
export function place(error: ConfigDiagnostic): string {
  return `${error.line}:${error.column} ${error.key}`;
}

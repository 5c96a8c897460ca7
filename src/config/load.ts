import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { byPlace } from "../core/diagnostic.ts";
import { readSmallFileSync } from "../core/read-small-file.ts";
import { crossCheck, crossWarnings } from "./checks/cross-checks.ts";
import { warnOfFlows } from "./checks/flows.ts";
import { checkPolicyFolders, warnOfNoPolicies } from "./checks/policy-folders.ts";
import type { ConfigDiagnostic } from "./config-diagnostic.ts";
import { fill } from "./file/fill.ts";
import { type ConfigIssue, MAX_ISSUES } from "./file/issues.ts";
import { missingFile } from "./file/missing-file.ts";
import { parse } from "./file/parse.ts";
import { withReferences } from "./file/references.ts";
import { toBroken, toError } from "./file/report.ts";
import { stampOf } from "./file/stamp.ts";
import { readSource } from "./file/yaml-source.ts";
import type { Config } from "./schema/schema.ts";

export type LoadedConfig = LoadedFiles &
  (
    | { readonly ok: true; readonly config: Config; readonly warnings: readonly ConfigDiagnostic[] }
    | { readonly ok: false; readonly errors: readonly ConfigDiagnostic[] }
  );

interface LoadedFiles {
  /** Absolute paths of the files that it came from: the configuration first, then those of `${file:…}`. */
  readonly files: readonly string[];
  /** Their stamps (`file/stamp.ts`), from before they were read. */
  readonly stamps: readonly string[];
}

const MAX_BYTES = 1_048_576;

/**
 * Reads, substitutes and checks a configuration file. All errors at once, in the order of the file. `command`: how the program
 * was started, for lines that people copy. @throws never
 */
export function loadConfig(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  command = "portcullis",
): LoadedConfig {
  const absolute = resolve(path);
  const files = new Map([[absolute, stampOf(absolute)]]);
  const seen = (): LoadedFiles => ({ files: [...files.keys()], stamps: [...files.values()] });
  const read = readSmallFileSync(absolute, MAX_BYTES);
  if (!read.ok) return { ok: false, errors: [missingFile(path, read.code, command)], ...seen() };
  const { text } = read;
  const dir = dirname(absolute);
  const source = readSource(text);
  const report = (finding: ConfigIssue) => toError(path, source, finding);
  if (source.problems.length > 0) {
    // What was read of a broken file is a guess, and errors about a guess would mislead.
    const errors = source.problems.map((problem) => toBroken(path, source, problem)).sort(byPlace);
    return { ok: false, errors, ...seen() };
  }

  const filled = fill(source, { env, dir, files });
  const parsed = parse(filled);
  const findings = [
    ...filled.findings,
    ...parsed.findings,
    ...crossCheck(parsed.root),
    ...checkPolicyFolders(parsed.root, dir, filled.substituted),
  ];
  if (parsed.config === undefined || findings.length > 0) {
    const errors = findings.slice(0, MAX_ISSUES).map(report).sort(byPlace);
    return { ok: false, errors: findings.length > MAX_ISSUES ? [...errors, more(path)] : errors, ...seen() };
  }
  const warnings = [
    ...crossWarnings(parsed.root),
    ...warnOfFlows(parsed.config),
    ...warnOfNoPolicies(parsed.root, dir),
  ];
  const config = withReferences(inDir(parsed.config, dir), source.value ?? {});
  return { ok: true, config, warnings: warnings.map(report).sort(byPlace), ...seen() };
}

function more(file: string): ConfigDiagnostic {
  const message = `There are more mistakes than these ${MAX_ISSUES}.`;
  return { file, line: 0, column: 0, key: "", message, hint: undefined, excerpt: undefined };
}

/** Paths in the file are relative to the file, wherever the gateway is started. */
function inDir(config: Config, dir: string): Config {
  const { url } = config.store;
  const inPlace = url === "file::memory:" || url.startsWith("file://");
  const file = inPlace ? url : pathToFileURL(resolve(dir, url.slice("file:".length))).href;
  const { anchor } = config.audit;
  const anchorFile = anchor?.file === undefined ? {} : { file: resolve(dir, anchor.file) };
  return {
    ...config,
    policies: { ...config.policies, dir: resolve(dir, config.policies.dir) },
    policyFolders: config.policyFolders.map((folder) => ({ ...folder, dir: resolve(dir, folder.dir) })),
    store: { url: file },
    audit: { ...config.audit, anchor: anchor && { ...anchor, ...anchorFile } },
  };
}

import { existsSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import type { Command } from "commander";
import type { ApprovalFlow } from "../../approvals/flow.ts";
import { whyNoClientAddress } from "../../config/checks/client-address.ts";
import type { Config } from "../../config/schema/schema.ts";
import { counted } from "../../core/counted.ts";
import { writeExact } from "../../core/exact-json.ts";
import { ANONYMOUS_ISSUER, BASIC_ISSUER, KEYS_ISSUER, LOCAL_ISSUER } from "../../core/principal.ts";
import type { EndpointOptions } from "../../core/scopes.ts";
import { mailDomainOf } from "../../core/standing.ts";
import { DEFAULT_POLICY_HEADERS } from "../../downstream/options.ts";
import type { CompileOptions } from "../../policy/compile/entries.ts";
import { formatPolicyError } from "../../policy/file/format-error.ts";
import { isTestFile, type ReadFiles, readPolicyFiles } from "../../policy/file/read-files.ts";
import { readLevel } from "../../policy/file/read-folders.ts";
import type { LevelFolder } from "../../policy/levels.ts";
import type { PolicyError, PolicyFile } from "../../policy/policy-set.ts";
import { type KnownFacts, NO_KNOWN_FACTS } from "../../policy/values/facts.ts";
import { DEFAULT_CONFIG, loadOrExplain } from "../load.ts";
import type { Shell } from "../shell.ts";
import { one, print } from "../terminal/output.ts";

/** Where policies are looked for where nobody says. */
const DEFAULT_POLICIES = "policies";

/** Options that say which policies a command is about. */
export interface PlaceOptions {
  readonly config?: string;
  readonly policies?: string;
  readonly json?: boolean;
}

/** The policies that a command is about, and what they are compiled against. */
export interface PolicyPlace {
  /** As the author would write it, seen from where the command runs. */
  readonly dir: string;
  readonly default: "allow" | "deny";
  /** Those of endpoints and upstreams. */
  readonly levels: readonly LevelFolder[];
  /** `undefined`: there is no configuration that would name them. */
  readonly flows: readonly string[] | undefined;
  /** See `CompileOptions`. */
  readonly decisionPoints?: CompileOptions["decisionPoints"];
  readonly guards?: CompileOptions["guards"];
  /** See `CompileOptions`; `undefined` also where there is no configuration that could say so. */
  readonly noClientAddress?: CompileOptions["noClientAddress"];
  /** The flows themselves, where `flows` names them. */
  readonly approvalFlows: readonly ApprovalFlow[] | undefined;
  /** What the configuration says of the facts of calls, the endpoints of registered upstreams left out. */
  readonly facts: KnownFacts;
  /** The endpoints of the configuration, with what they show. */
  readonly endpoints: readonly EndpointOptions[];
  readonly policies: readonly PolicyFile[];
  readonly tests: readonly PolicyFile[];
}

/** Adds the options of `PlaceOptions`. */
export function withPolicyPlace(command: Command): Command {
  return command
    .option("-c, --config <file>", `configuration that names the policies and the approval flows (${DEFAULT_CONFIG})`)
    .option("--policies <dir>", "policies to use instead; then a configuration need not exist")
    .option("--json", "print JSON");
}

/** Reads the policies and tests that the options name; explains itself and answers `undefined` where that fails. */
export async function readPlace(options: PlaceOptions, shell: Shell): Promise<PolicyPlace | undefined> {
  const settings = readSettings(options, shell);
  if (settings === undefined) return undefined;
  const dir = shown(settings.dir);
  const levels = settings.levels.map((folder) => ({ ...folder, dir: shown(folder.dir) }));
  const policies = [readPolicyFiles(dir, { mayBeMissing: false }), ...levels.map(readLevel)];
  // Two levels can have one folder.
  const folders = [...new Set([dir, ...levels.map((folder) => folder.dir)])];
  const tests = folders.map((folder) => readPolicyFiles(folder, { mayBeMissing: true, includes: isTestFile }));
  const failed = [...policies, ...tests].flatMap((read) => (read.ok ? [] : read.errors));
  if (failed.length === 0) {
    const filesOf = (read: ReadFiles) => (read.ok ? read.files : []);
    return { ...settings, dir, levels, policies: policies.flatMap(filesOf), tests: tests.flatMap(filesOf) };
  }
  await reportErrors(failed, [], options, shell);
  return undefined;
}

type Settings = Omit<PolicyPlace, "policies" | "tests">;

function readSettings(options: PlaceOptions, shell: Shell): Settings | undefined {
  const { config, policies } = options;
  if (config === undefined && !existsSync(DEFAULT_CONFIG)) {
    if (policies !== undefined) return { dir: policies, default: "allow", ...NOT_CONFIGURED };
    if (existsSync(DEFAULT_POLICIES)) {
      shell.err(`There is no ${DEFAULT_CONFIG} here, so this is about ./${DEFAULT_POLICIES}, by default allowing.`);
      return { dir: DEFAULT_POLICIES, default: "allow", ...NOT_CONFIGURED };
    }
  }
  const loaded = loadOrExplain(shell, config ?? DEFAULT_CONFIG);
  if (loaded === undefined) return undefined;
  const { approvalFlows } = loaded;
  const flows = approvalFlows.map(({ name }) => name);
  const settings = {
    dir: policies ?? loaded.policies.dir,
    default: loaded.policies.default,
    levels: loaded.policyFolders,
  };
  const noClientAddress = whyNoClientAddress(loaded.server);
  const decisionPoints = loaded.decisionPoints.map(({ name }) => name);
  const guards = loaded.guards.map(({ name }) => name);
  const names = { flows, decisionPoints, guards };
  return { ...settings, ...names, approvalFlows, noClientAddress, facts: factsOf(loaded), endpoints: loaded.endpoints };
}

const NOT_CONFIGURED = {
  levels: [],
  flows: undefined,
  approvalFlows: undefined,
  facts: NO_KNOWN_FACTS,
  endpoints: [],
} as const;

function factsOf({ endpoints, upstreams, auth, approvalFlows }: Config): KnownFacts {
  return {
    endpoints: [...endpoints, ...upstreams].map(({ name }) => name),
    issuers: [...auth.jwt.map(({ issuer }) => issuer), KEYS_ISSUER, BASIC_ISSUER, LOCAL_ISSUER, ANONYMOUS_ISSUER],
    roles: [
      ...auth.adminRoles,
      ...auth.apiKeys.flatMap(({ roles }) => roles),
      ...(auth.basic?.users ?? []).flatMap(({ roles }) => roles),
      ...approvalFlows.flatMap(({ stages }) =>
        stages.flatMap(({ approvers, escalate }) => [...approvers.roles, ...(escalate?.to.roles ?? [])]),
      ),
    ],
    keys: auth.apiKeys.map(({ name }) => name),
    domains: domainsOf(auth),
    headers: DEFAULT_POLICY_HEADERS,
    further: auth.jwt.filter(({ standing }) => !standing.home).map(({ issuer, standing }) => ({ ...standing, issuer })),
  };
}

function domainsOf({ apiKeys, basic, people, jwt }: Config["auth"]): readonly string[] {
  const addresses = [
    ...[...apiKeys, ...(basic?.users ?? [])].map(({ email }) => email ?? ""),
    ...people.flatMap(({ emails }) => emails),
  ];
  const hosts = jwt.map(({ issuer }) => new URL(issuer).hostname);
  return [
    ...addresses.flatMap((it) => mailDomainOf(it) ?? []),
    ...jwt.flatMap((it) => it.standing.emailDomains),
    ...hosts,
  ];
}

/** Tells all mistakes at their places, and makes the command end with 1. */
export async function reportErrors(
  errors: readonly PolicyError[],
  files: readonly PolicyFile[],
  options: PlaceOptions,
  shell: Shell,
): Promise<void> {
  shell.setExitCode(1);
  if (options.json) {
    await printJson({ ok: false, errors }, shell);
    return;
  }
  const texts = new Map(files.map(({ name, text }) => [name, text]));
  shell.err(errors.map((error) => formatPolicyError(error, texts.get(error.file))).join("\n\n"));
  shell.err(`\n${counted(errors.length, "mistake")}.`);
}

/** Prints a value as JSON for programs and for reading. */
export async function printJson(value: unknown, shell: Shell): Promise<void> {
  await print(shell.stdout, one(`${writeExact(value, "  ")}\n`));
}

function shown(dir: string): string {
  const near = relative(process.cwd(), dir);
  return near === "" ? "." : near.startsWith("..") || isAbsolute(near) ? dir : near;
}

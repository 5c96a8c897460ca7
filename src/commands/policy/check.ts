import type { Command } from "commander";
import { counted } from "../../core/counted.ts";
import { byPlace } from "../../core/diagnostic.ts";
import { buildScopes } from "../../core/scopes.ts";
import { type Coverage, checkAgainstTools } from "../../policy/check/tools.ts";
import { compilePolicies } from "../../policy/compile/compile.ts";
import { scopeJson } from "../../policy/decide/scope.ts";
import { upstreamOfPath } from "../../policy/decide/target.ts";
import { formatPolicyError } from "../../policy/file/format-error.ts";
import type { PolicyError } from "../../policy/policy-set.ts";
import type { KnownFacts, ShownThere } from "../../policy/values/facts.ts";
import type { Shell } from "../shell.ts";
import { clip, one, painter, plainText, print } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";
import { findKnownTools, type KnownTools, type ToolOptions } from "./known-tools.ts";
import { defaultsText, warningsOf } from "./level-warnings.ts";
import { type PolicyPlace, printJson, readPlace, reportErrors, withPolicyPlace } from "./place.ts";

/** `portcullis policy check`: every mistake in the policies, or what they are. */
export function registerPolicyCheck(policy: Command, shell: Shell): void {
  withPolicyPlace(policy.command("check"))
    .description("compile all policies and hold them against the tools; every mistake at once, with its place")
    .option("--live", "ask the upstreams for their tools, instead of taking those on record")
    .option("--no-tools", "leave the tools alone: targets and arguments are not checked")
    .addHelpText("after", HELP)
    .action((options: ToolOptions) => check(options, shell));
}

const HELP = `
Examples:
  portcullis policy check
  portcullis policy check --live
  portcullis policy check --policies ./policies --json

Policies are held against the tools that the store has on record, as the upstreams of the configuration listed them
last, or list them now with --live: targets that fit no tool, arguments that do not exist or may be missing, types and
values that cannot be. Nothing is stored or changed.

Exit code: 0 good, 1 mistakes, 2 usage.`;

async function check(options: ToolOptions, shell: Shell): Promise<void> {
  const place = await readPlace(options, shell);
  if (place === undefined) return;
  const compiled = compilePolicies(place.policies, place);
  const mistakes = compiled.ok ? [] : compiled.errors;
  const known = await findKnownTools(options, shell.env);
  const {
    errors: atTools,
    warnings: atPlaces,
    coverage: covered,
  } = known.ok
    ? checkAgainstTools(place.policies, known.tools, {
        unlisted: known.unlisted,
        facts: withUpstreams(place, known),
        mistakes,
      })
    : checkAgainstTools(place.policies, [], { facts: place.facts, listed: false, mistakes });
  const errors = [...mistakes, ...atTools].sort(byPlace);
  const coverage = known.ok && compiled.ok ? covered : undefined;
  const { policies, digest } = compiled.ok ? compiled.set : { policies: [], digest: undefined };
  const warnings = [...known.warnings, ...(compiled.ok ? warningsOf(policies, place) : [])];
  if (options.json) {
    if (errors.length > 0) shell.setExitCode(1);
    const tools = known.ok
      ? { checked_against: known.source }
      : { not_checked: `Arguments were not checked: ${known.reason}` };
    const all = [...atPlaces, ...warnings.map((message) => ({ message }))];
    const levels = place.levels.map(({ level, default: own }) => ({ level, default: own }));
    const told = policies.map(({ scope, ...policy }) => ({ ...policy, scope: scopeJson(scope) }));
    const facts = { digest, default: place.default, levels, policies: told, errors, warnings: all, ...tools, coverage };
    await printJson({ ok: errors.length === 0, ...facts }, shell);
    return;
  }
  const texts = new Map(place.policies.map(({ name, text }) => [name, text]));
  for (const warning of warnings) shell.err(`warning: ${plainText(warning)}`);
  for (const warning of atPlaces)
    shell.err(`warning: ${formatPolicyError(harmless(warning), texts.get(warning.file))}\n`);
  if (!known.ok) shell.err(`Arguments were not checked: ${plainText(known.reason)}`);
  if (errors.length > 0) {
    await reportErrors(errors.map(harmless), place.policies, options, shell);
    if (known.ok) shell.err(`Checked against ${known.source}.`);
    return;
  }
  const paint = painter(shell.colours);
  const rows = policies.map(({ id, effect, shadow, enabled, file, line, description }) => {
    const state = enabled ? (shadow ? "shadow" : "on") : "off";
    return [id, effect, state, `${file}:${line}`, clip(description ?? "", MAX_DESCRIPTION)].map(plainText);
  });
  const listed = rows.length === 0 ? "" : `${table(["ID", "EFFECT", "STATE", "PLACE", "DESCRIPTION"], rows, paint)}\n`;
  const sum = `${counted(policies.length, "policy")} in ${counted(place.policies.length, "file")}`;
  const against = known.ok ? `, checked against ${known.source}` : "";
  const coveredText = coverage === undefined ? "" : `${coverageText(coverage)}\n`;
  await print(
    shell.stdout,
    one(`${listed}${coveredText}${paint("green", "ok")}: ${sum}, ${defaultsText(place)}${against}\n`),
  );
}

// An upstream that was registered has an endpoint of its name, too.
function withUpstreams(
  { facts, endpoints: selections }: PolicyPlace,
  { tools, unlisted }: Extract<KnownTools, { ok: true }>,
): KnownFacts {
  if (facts.endpoints === undefined) return facts;
  const upstreams = [...new Set([...tools.map(({ upstream }) => upstream), ...unlisted])];
  const scopes = buildScopes(upstreams, selections);
  const shown = new Map<string, ShownThere>();
  for (const [name, { upstreams: there, shows }] of scopes) {
    const tool = (path: string): boolean => shows(upstreamOfPath(path), path.slice(path.indexOf("/") + 1));
    shown.set(name, { upstreams: there, tool });
  }
  return { ...facts, endpoints: [...new Set([...facts.endpoints, ...upstreams])], shown };
}

// Names of tools and arguments come from upstreams.
function harmless({ message, hint, ...place }: PolicyError): PolicyError {
  return { ...place, message: plainText(message), hint: hint === undefined ? undefined : plainText(hint) };
}

const MAX_LISTED = 10;

function coverageText({ tools, covered, uncovered, only_shadow, only_redact_or_limit }: Coverage): string {
  const parts = [`Covered by policies: ${covered} of ${counted(tools, "tool")}.`];
  const lists = [
    ["Not covered", uncovered],
    ["Of those in shadow only", only_shadow],
    ["Of those redacted or limited only", only_redact_or_limit],
  ] as const;
  for (const [what, paths] of lists) {
    if (paths.length === 0) continue;
    const more = paths.length - MAX_LISTED;
    const rest = more > 0 ? ` and ${more} more (--json lists all)` : "";
    parts.push(`${what}: ${paths.slice(0, MAX_LISTED).map(plainText).join(", ")}${rest}.`);
  }
  return parts.join("\n");
}

const MAX_DESCRIPTION = 80;

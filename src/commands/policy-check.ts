import type { Command } from "commander";
import { compilePolicies } from "../policy/compile.ts";
import type { PolicySummary } from "../policy/policy-set.ts";
import { one, painter, plain, print } from "./output.ts";
import {
  count,
  type PlaceOptions,
  type PolicyPlace,
  printJson,
  readPlace,
  reportErrors,
  withPolicyPlace,
} from "./policy-place.ts";
import type { Shell } from "./shell.ts";
import { table } from "./table.ts";

/** `portcullis policy check`: every mistake in the policies, or what they are. */
export function registerPolicyCheck(policy: Command, shell: Shell): void {
  withPolicyPlace(policy.command("check"))
    .description("compile all policies; every mistake at once, with its place")
    .addHelpText(
      "after",
      "\nExamples:\n  portcullis policy check\n  portcullis policy check --policies ./policies --json\n\nExit code: 0 good, 1 mistakes, 2 usage.",
    )
    .action((options: PlaceOptions) => check(options, shell));
}

async function check(options: PlaceOptions, shell: Shell): Promise<void> {
  const place = await readPlace(options, shell);
  if (place === undefined) return;
  const compiled = compilePolicies(place.policies, place);
  if (!compiled.ok) {
    await reportErrors(compiled.errors, place.policies, options, shell);
    return;
  }
  const { policies, digest } = compiled.set;
  const warnings = warningsOf(policies, place);
  if (options.json) {
    await printJson({ ok: true, digest, default: place.default, policies, warnings }, shell);
    return;
  }
  const paint = painter(shell.colours);
  const rows = policies.map(({ id, effect, shadow, enabled, file, line, description }) => {
    const state = enabled ? (shadow ? "shadow" : "on") : "off";
    return [id, effect, state, `${file}:${line}`, clip(description ?? "")].map(plain);
  });
  const listed = rows.length === 0 ? "" : `${table(["ID", "EFFECT", "STATE", "PLACE", "DESCRIPTION"], rows, paint)}\n`;
  for (const warning of warnings) shell.err(`warning: ${warning}`);
  const sum = `${count(policies.length, "policy")} in ${count(place.policies.length, "file")}`;
  await print(shell.stdout, one(`${listed}${paint("green", "ok")}: ${sum}, default ${place.default}\n`));
}

const MAX_DESCRIPTION = 80;

function clip(text: string): string {
  return text.length <= MAX_DESCRIPTION ? text : `${text.slice(0, MAX_DESCRIPTION - 1)}…`;
}

function warningsOf(policies: readonly PolicySummary[], place: PolicyPlace): readonly string[] {
  const live = policies.filter(({ enabled, shadow }) => enabled && !shadow);
  const warnings: string[] = [];
  if (live.length === 0) {
    const all = place.default === "allow" ? "allowed" : "denied";
    warnings.push(`No policy in ${place.dir} is in force: every call is ${all}.`);
  } else if (place.default === "deny" && live.every(({ effect }) => effect !== "allow")) {
    warnings.push("policies.default is deny and there is no allow policy: every call is denied.");
  }
  const allows = place.default === "allow" ? live.filter(({ effect }) => effect === "allow") : [];
  if (allows.length > 0) {
    const names = allows.map(({ id }) => id).join(", ");
    warnings.push(`allow has no effect while policies.default is allow: ${names}.`);
  }
  if (place.flows === undefined && live.some(({ effect }) => effect === "request_approval")) {
    warnings.push("There is no configuration, so the names of approval flows were not checked. Name one with -c.");
  }
  return warnings;
}

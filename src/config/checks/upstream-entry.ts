import { isObject, type Json } from "../../core/json.ts";
import { explainIssue } from "../file/issues.ts";
import { configJsonSchema } from "../schema/json-schema.ts";
import { type Config, configSchema } from "../schema/schema.ts";
import { entryName } from "../schema/schema-parts.ts";
import { RESERVED_NAMES } from "./cross-checks.ts";

/** A mistake in an entry: the member (`url`, `headers.Authorization`; `name`; `""` for the whole) and what is wrong. */
export interface EntryMistake {
  readonly at: string;
  readonly message: string;
}

export type ReadEntry =
  | { readonly ok: true; readonly upstream: Config["upstreams"][number] }
  | { readonly ok: false; readonly mistakes: readonly EntryMistake[] };

const MAX_CHARS = 16 * 1024;
const MAX_DEPTH = 8;

/**
 * Reads one entry of `upstreams:` that comes from elsewhere than a file, by the file's own schema. References to the
 * environment and to files are refused: they would hand over what only the gateway knows. Messages repeat no values.
 * @throws never
 */
export function readUpstreamEntry(name: string, entry: Json): ReadEntry {
  const mistakes = nameMistakes(name);
  if (!isObject(entry)) return { ok: false, mistakes: [...mistakes, { at: "", message: "An entry is an object." }] };
  if (isDeeper(entry, MAX_DEPTH) || JSON.stringify(entry).length > MAX_CHARS) {
    const message = `An entry has at most ${MAX_CHARS} characters, nested ${MAX_DEPTH} deep.`;
    return { ok: false, mistakes: [...mistakes, { at: "", message }] };
  }
  mistakes.push(...referencesIn(entry, []));
  if (Object.hasOwn(entry, "policies")) {
    const message = "A registered upstream has no policies of its own. Write them into the configuration file.";
    mistakes.push({ at: "policies", message });
  }
  // Under a name that is sure to be right, so that what is wrong with the entry is told all the same.
  const root = { upstreams: { entry } };
  const parsed = configSchema.safeParse(root);
  if (!parsed.success) {
    const schema = configJsonSchema();
    const findings = parsed.error.issues.flatMap((issue) => explainIssue(issue, root, schema));
    for (const { path, message, hint } of findings) {
      mistakes.push({ at: path.slice(2).join("."), message: hint === undefined ? message : `${message} ${hint}` });
    }
  }
  const upstream = parsed.data?.upstreams[0];
  if (upstream === undefined || mistakes.length > 0) {
    return { ok: false, mistakes: mistakes.map(({ at, message }) => ({ at: shown(at), message })) };
  }
  return { ok: true, upstream: { ...upstream, name } };
}

// Keys are whatever was sent: only what could be one is repeated.
function shown(at: string): string {
  return /^[A-Za-z0-9_.-]{0,64}$/.test(at) ? at : "?";
}

function nameMistakes(name: string): EntryMistake[] {
  const parsed = entryName.safeParse(name);
  if (!parsed.success) {
    return [{ at: "name", message: parsed.error.issues[0]?.message ?? "This cannot be a name." }];
  }
  if (RESERVED_NAMES.includes(name)) {
    return [{ at: "name", message: "This name is reserved. Choose another one." }];
  }
  return [];
}

function referencesIn(value: Json, path: readonly (string | number)[]): readonly EntryMistake[] {
  if (typeof value === "string") {
    if (!value.includes("${")) return [];
    const message = `References (\${…}) stand only in the configuration file. Write the value itself.`;
    return [{ at: path.join("."), message }];
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => referencesIn(item, [...path, index]));
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => referencesIn(item ?? null, [...path, key]));
}

function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item: Json | undefined) => isDeeper(item ?? null, levels - 1));
}

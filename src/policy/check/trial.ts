import type { Json, JsonObject } from "../../core/json.ts";
import type { Expression, PolicyLanguage } from "../cel/environment.ts";
import type { Trial } from "../expressions/trials.ts";
import { readSchemaHints } from "../inputs/input-schema.ts";
import { bindJson } from "../inputs/json-values.ts";

/** Policies may be thousands, and many of them alike. */
const MAX_KNOWN = 1_000;

/** Makes the engine try parts of conditions with values that are made up. */
export function createTrial(language: PolicyLanguage): Trial {
  const known = new Map<string, Expression | undefined>();
  const compile = (text: string): Expression | undefined => {
    if (known.has(text)) return known.get(text);
    const compiled = language.expression(text);
    const run = compiled.ok ? compiled.run : undefined;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(text, run);
    return run;
  };
  return (text) => {
    const run = compile(text);
    if (run === undefined) return undefined;
    return (args, integers) => {
      const properties: JsonObject = Object.fromEntries([...integers].map((name) => [name, { type: "integer" }]));
      const result = run({ args: bindJson(args, 0, readSchemaHints({ properties })) });
      return "error" in result ? undefined : plain(result.value);
    };
  };
}

function plain(value: unknown): Json | undefined {
  if (typeof value === "bigint") return Number(value);
  return typeof value === "boolean" || typeof value === "string" || typeof value === "number" ? value : undefined;
}

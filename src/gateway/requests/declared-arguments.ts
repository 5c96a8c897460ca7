import { type Refusal, refuse } from "../../core/errors.ts";
import { isObject, type JsonObject } from "../../core/json.ts";
import { type DeclaredNames, declaredNames, FoldedKeys, readsLikeAnother } from "../../core/keys.ts";

/*
 * The arguments of prompts and the variables of resource templates: texts by name, without a schema. A key that reads
 * like a declared one is refused, as it is for a tool.
 */

/** More than so many are not looked through: lists come from servers. */
const MAX_DECLARED = 10_000;

const PLACE = "params.arguments";
const CONTEXT = "params.context.arguments";

/** Holds the names of arguments against those that a prompt, or a template, declares. */
export interface DeclaredArguments {
  /** Why the params of a `prompts/get` must not go to a prompt of this definition. @throws never */
  ofPrompt(definition: JsonObject, params: JsonObject): Refusal | undefined;
  /** The same of a `completion/complete` for a prompt or a template of this definition. @throws never */
  ofCompletion(definition: JsonObject, params: JsonObject): Refusal | undefined;
}

/** Makes the check. What a definition declares is read once, and kept as long as it is. */
export function createDeclaredArguments(): DeclaredArguments {
  const known = new WeakMap<JsonObject, DeclaredNames | "beyond">();
  const declaredBy = (definition: JsonObject): DeclaredNames | "beyond" => {
    let declared = known.get(definition);
    if (declared === undefined) {
      const names = namesOf(definition);
      declared = (names.length > MAX_DECLARED ? undefined : declaredNames(names, new FoldedKeys())) ?? "beyond";
      known.set(definition, declared);
    }
    return declared;
  };
  const check = (definition: JsonObject, given: readonly (readonly [place: string, names: readonly string[]])[]) => {
    const declared = declaredBy(definition);
    if (declared === "beyond") return BEYOND;
    const keys = new FoldedKeys();
    const found = given.find(([, names]) => names.some((name) => readsLikeAnother(name, declared, keys)));
    if (found === undefined) return undefined;
    return refuse("KEYS_AMBIGUOUS", `At ${found[0]}, a name reads like one that is declared.`);
  };
  return {
    ofPrompt: (definition, params) => check(definition, [[PLACE, keysOf(params["arguments"])]]),
    ofCompletion(definition, { argument, context }) {
      const name = isObject(argument) ? argument["name"] : undefined;
      const others = isObject(context) ? keysOf(context["arguments"]) : [];
      return check(definition, [
        ["params.argument.name", typeof name === "string" ? [name] : []],
        [CONTEXT, others],
      ]);
    },
  };
}

const BEYOND = refuse(
  "PARAMS_INVALID",
  "The declared arguments are too many, or their names too long, to be compared.",
);

function keysOf(value: unknown): readonly string[] {
  return isObject(value) ? Object.keys(value) : [];
}

function namesOf({ arguments: declared, uriTemplate }: JsonObject): readonly string[] {
  if (typeof uriTemplate === "string") return variablesOf(uriTemplate);
  if (!Array.isArray(declared)) return [];
  return declared.flatMap((it) => (isObject(it) && typeof it["name"] === "string" ? [it["name"]] : []));
}

/** RFC 6570 §2.2 to 2.4: `{+path,list*,start:3}` has the variables path, list and start. */
function variablesOf(template: string): readonly string[] {
  return Array.from(template.matchAll(/\{[+#./;?&=,!@|]?([^{}]*)\}/g), ([, list = ""]) => list.split(","))
    .flat()
    .map((variable) => variable.replace(/(?:\*|:\d+)$/, ""))
    .filter((name) => name !== "");
}

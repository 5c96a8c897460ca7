import { fold } from "../../core/fold.ts";
import { canonicalJson } from "../../core/json.ts";
import { type CompiledPath, compilePath } from "../../redaction/json-path.ts";
import type { PathStep } from "../../redaction/path-steps.ts";
import { type KnownTool, pathOf } from "../known-tool.ts";
import type { ArgumentType } from "../tool-schemas/argument-types.ts";
import { findsNothingAnywhere, type PathReach, reachOf } from "../tool-schemas/result-places.ts";
import type { KnownSchemas } from "./known-schemas.ts";
import type { CheckedPolicy } from "./policies.ts";
import { toolList } from "./report.ts";
import type { TargetProblem } from "./targets.ts";

/** Holds the paths of a redaction against what its tools say that they give. `others`: it may be about tools that are not known. */
export type RedactPathsCheck = (policy: CheckedPolicy, others: boolean) => readonly TargetProblem[];

/**
 * Makes the check. A path that takes nothing out of any result is a mistake, and one that finds nothing in what all tools of
 * the policy say that they give is told of: the text that tools write beside it may hold more.
 */
export function createRedactPathsCheck(known: readonly KnownTool[], schemas: KnownSchemas): RedactPathsCheck {
  const compiled = new Map<string, CompiledPath | undefined>();
  const reached = new Map<ArgumentType, Map<string, PathReach>>();
  const compile = (text: string): CompiledPath | undefined => {
    if (!compiled.has(text)) {
      const result = compilePath(text);
      compiled.set(text, result.ok ? result.path : undefined);
    }
    return compiled.get(text);
  };
  const reach = (type: ArgumentType, { text, steps }: CompiledPath): PathReach => {
    const paths = reached.get(type) ?? new Map<string, PathReach>();
    reached.set(type, paths);
    const found = paths.get(text) ?? reachOf(steps(), type);
    paths.set(text, found);
    return found;
  };

  return ({ entry, path: at, tools }, others) => {
    const about = tools.flatMap((index) => known[index] ?? []);
    const types = tools.map((index) => schemas.resultOf(index));
    // What a tool gives that does not say so may be anything.
    const said = others || types.length === 0 || types.includes(undefined) ? [] : types.flatMap((it) => it ?? []);
    return (entry.then.redact?.paths ?? []).flatMap((text, index): readonly TargetProblem[] => {
      const path = compile(text);
      if (path === undefined) return [];
      const report = (severity: TargetProblem["severity"], message: string, hint?: string): TargetProblem => ({
        severity,
        path: [...at, "then", "redact", "paths", index],
        message,
        hint,
      });
      const steps = path.steps();
      if (findsNothingAnywhere(steps)) {
        const message = `\`${text}\` finds nothing in any result: it takes no item of any list.`;
        return [report("error", message, "A slice is [first:end], without the item at its end.")];
      }
      const all = said.map((type) => reach(type, path));
      const names = toolList(about.map(pathOf));
      if (all.length > 0 && all.every(({ findsNothing }) => findsNothing)) {
        return [
          report(
            "warning",
            `\`${text}\` finds nothing in what ${names} gives by its output schema.`,
            hintFor(steps, said),
          ),
        ];
      }
      if (all.length === 0 && beginsAt(steps, ["structuredContent"])) {
        return [report("warning", `\`${text}\` looks for \`structuredContent\` in the structured content.`, FROM_ROOT)];
      }
      const dead = [...new Set(all.flatMap(({ questions }) => [...questions.keys()]))].filter((question) =>
        all.every(({ questions }) => questions.get(question) !== false),
      );
      return dead.map((question) =>
        report("warning", `\`${question}\` in the filter finds nothing in what ${names} gives by its output schema.`),
      );
    });
  };
}

const FROM_ROOT = "`$` is the structured content itself, and each text that is JSON: a path begins below those.";

function beginsAt([first]: readonly PathStep[], names: readonly string[]): boolean {
  if (first === undefined || first.descends) return false;
  return first.selectors.every(
    ({ kind, ...it }) => kind === "name" && "name" in it && names.some((name) => fold(name) === fold(it.name)),
  );
}

const MAX_NAMES = 12;

/** Which names there are where a path goes astray, if it is for all tools the same place. */
function hintFor(steps: readonly PathStep[], types: readonly ArgumentType[]): string | undefined {
  if (beginsAt(steps, ["structuredContent", "content", "result"])) return FROM_ROOT;
  const hints = new Set(types.map((type) => canonicalJson(strayOf(steps, type) ?? null)));
  return hints.size === 1 && types[0] !== undefined ? strayOf(steps, types[0]) : undefined;
}

function strayOf(steps: readonly PathStep[], type: ArgumentType): string | undefined {
  let place: ArgumentType | undefined = type;
  let written = "$";
  for (const { descends, selectors } of steps) {
    const [selector, ...more] = selectors;
    if (place === undefined || descends || selector === undefined || more.length > 0) return undefined;
    const isList = place.kinds?.size === 1 && place.kinds.has("array");
    if (selector.kind === "name") {
      if (isList) return `\`${written}\` is a list: \`${written}[*]\` are its items.`;
      if (place.kinds?.has("object") === false) return `\`${written}\` is no object.`;
      const { presence, type: below }: ReturnType<ArgumentType["member"]> = place.member(selector.name);
      if (presence === "absent") return namesIn(written, place);
      written = `${written}.${selector.name}`;
      place = below;
    } else {
      if (!isList) return namesIn(written, place);
      written = `${written}[*]`;
      place = place.item();
    }
  }
  return undefined;
}

function namesIn(written: string, { names }: ArgumentType): string | undefined {
  if (names.length === 0) return undefined;
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : "";
  return `\`${written}\` has ${names.slice(0, MAX_NAMES).join(", ")}${more}.`;
}

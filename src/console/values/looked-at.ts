import { isObject, type Json } from "../../core/json.ts";
import type { ArgumentPath } from "../../policy/syntax/argument-paths.ts";

/** The paths that go on below a member. */
export function pathsBelow(paths: readonly ArgumentPath[], step: string | number): readonly ArgumentPath[] {
  return paths.flatMap((path) => (path.length > 0 && (path[0] === step || path[0] === null) ? [path.slice(1)] : []));
}

/** Whether one of the paths ends here: somebody looks at this value as a whole. */
export function endsHere(paths: readonly ArgumentPath[]): boolean {
  return paths.some((path) => path.length === 0);
}

/** Of these paths, those that lead to nothing in `value`, written `order.note`, `items[3]`. Each once, in order. */
export function absentPaths(value: Json | undefined, paths: readonly ArgumentPath[]): readonly string[] {
  return [...new Set(paths.filter((path) => isAbsent(value, path)).map(pathText))];
}

function isAbsent(value: Json | undefined, path: ArgumentPath): boolean {
  const [step, ...rest] = path;
  if (value === undefined) return true;
  // What every member is asked for is there if one has it; of none there is nothing to miss.
  if (step === null) {
    const members = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
    return members.length > 0 && members.every((member) => isAbsent(member, rest));
  }
  if (step === undefined) return false;
  if (typeof step === "number") return isAbsent(Array.isArray(value) ? value[step] : undefined, rest);
  return isAbsent(isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined, rest);
}

function pathText(path: ArgumentPath): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      if (step === null) return "[each]";
      if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(step)) return `[${JSON.stringify(step)}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}

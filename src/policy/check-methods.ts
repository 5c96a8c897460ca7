import type { AstCall, AstNode } from "./ast.ts";
import type { Finding } from "./check-findings.ts";
import { canBe, type Value } from "./check-values.ts";
import { ANYTHING, between, type Domain, textsThat } from "./domain.ts";

const CHANGES: Readonly<Record<string, { change(text: string): string; readonly says: string }>> = {
  lowerAscii: { change: (text) => text.replaceAll(/[A-Z]+/g, (it) => it.toLowerCase()), says: "It has no capitals." },
  upperAscii: { change: (text) => text.replaceAll(/[a-z]+/g, (it) => it.toUpperCase()), says: "It is all capitals." },
  trim: { change: (text) => text.trim(), says: "It has no blanks at its ends." },
};

/** What functions come to. The parts of a time are counted from 0, but `getDate`. */
const NUMBERS: Readonly<Record<string, Domain>> = {
  size: between(0, Number.POSITIVE_INFINITY),
  indexOf: between(-1, Number.POSITIVE_INFINITY),
  lastIndexOf: between(-1, Number.POSITIVE_INFINITY),
  getDate: between(1, 31),
  getDayOfMonth: between(0, 30),
  getDayOfWeek: between(0, 6),
  getDayOfYear: between(0, 365),
  getMonth: between(0, 11),
};
const CLOCK: Readonly<Record<string, Domain>> = {
  getHours: between(0, 23),
  getMinutes: between(0, 59),
  getSeconds: between(0, 59),
  getMilliseconds: between(0, 999),
};

/** What a call of a function or a method can come to, as far as its name and what it is called on tell. */
export function domainOfCall(name: string, target: Value | undefined): Domain {
  if (Object.hasOwn(NUMBERS, name)) return NUMBERS[name] ?? ANYTHING;
  // Of a duration these are its whole length.
  if (Object.hasOwn(CLOCK, name))
    return target !== undefined && !canBe(target, "duration") ? (CLOCK[name] ?? ANYTHING) : ANYTHING;
  const changed = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined;
  if (changed === undefined || target === undefined) return ANYTHING;
  const values = target.domain.values?.map((value) => (typeof value === "string" ? changed.change(value) : value));
  const says = values === undefined ? changed.says : target.domain.says;
  return { ...textsThat((text) => changed.change(text) === text, changed.says), values, says };
}

/** A test of a text that is false of everything that the text can be. */
export function checkTextTest(
  node: AstNode,
  { name, receiver }: AstCall,
  target: Value | undefined,
  argument: Value | undefined,
  { text, matches }: { readonly text: string; matches(pattern: string, text: string): boolean | undefined },
): readonly Finding[] {
  const values = target?.domain.values;
  const part = argument?.literal;
  if (values === undefined || receiver === undefined || typeof part !== "string") return [];
  const test = (value: string): boolean | undefined => {
    switch (name) {
      case "startsWith":
        return value.startsWith(part);
      case "endsWith":
        return value.endsWith(part);
      case "contains":
        return value.includes(part);
      case "matches":
        return matches(part, value);
      default:
        return undefined;
    }
  };
  const compared: Finding = { kind: "compared", start: node.start };
  if (!values.every((value) => typeof value !== "string" || test(value) === false)) return [compared];
  const written = text.slice(receiver.start, receiver.end);
  const message = `This is always false: \`${written}\` is nothing for which it is true.`;
  return [compared, { kind: "mistake", what: "decided", start: node.start, message, hint: target?.domain.says }];
}

import { EVERYWHERE, type Range } from "./number-range.ts";
import type { PatternTest } from "./schema-alternatives.ts";

/** One place in a text: which characters can stand there, and whether it can be left out, or repeated. */
interface Position {
  fits(character: string): boolean;
  /** All that fit, where they are few. */
  readonly only?: readonly string[];
  readonly skip: boolean;
  readonly loop: boolean;
}

/** What a text looks like, character by character: every text that something can be has it, and others may, too. */
export type Shape = readonly Position[];

/** Where in a text a part of it is looked for. */
export type PartPlace = "start" | "end" | "anywhere";

/** Longer ones, and more of them for one value, are not looked at: nothing is known then. */
const MAX_POSITIONS = 256;
const MAX_SHAPES = 16;

const any = (): boolean => true;

/** Any text. */
export const ANY_TEXT: Shape = [{ fits: any, skip: true, loop: true }];

/** This very text. */
export function literalShape(text: string): Shape | undefined {
  const characters = [...text];
  if (characters.length > MAX_POSITIONS) return undefined;
  return characters.map((it) => ({ fits: (character) => character === it, only: [it], skip: false, loop: false }));
}

/** Texts of characters for which `fits` holds, between so many. */
export function repeated(
  fits: (character: string) => boolean,
  least = 0,
  most = Number.POSITIVE_INFINITY,
): Shape | undefined {
  const bounded = most !== Number.POSITIVE_INFINITY;
  if (least > MAX_POSITIONS || (bounded && most > MAX_POSITIONS)) return undefined;
  const shape: Position[] = Array.from({ length: least }, () => ({ fits, skip: false, loop: false }));
  if (!bounded) shape.push({ fits, skip: true, loop: true });
  else for (let at = least; at < most; at++) shape.push({ fits, skip: true, loop: false });
  return shape;
}

/** One after the other. */
export function joined(...shapes: readonly (Shape | undefined)[]): Shape | undefined {
  const known = shapes.filter((shape) => shape !== undefined);
  const all = known.flat();
  return known.length < shapes.length || all.length > MAX_POSITIONS ? undefined : all;
}

/** Those of each of `left` followed by each of `right`. */
export function joinedAll(left: readonly Shape[], right: readonly Shape[]): readonly Shape[] | undefined {
  return few(left.flatMap((a) => right.map((b) => joined(a, b))));
}

/** `shapes`, if all are known and they are not too many. */
export function few(shapes: readonly (Shape | undefined)[]): readonly Shape[] | undefined {
  const known = shapes.filter((shape) => shape !== undefined);
  return known.length < shapes.length || known.length > MAX_SHAPES ? undefined : known;
}

/** Which characters texts of these shapes can have. */
export function anyOf(shapes: readonly Shape[]): (character: string) => boolean {
  const tests = [...new Set(shapes.flat().map(({ fits }) => fits))];
  return (character) => tests.some((fits) => fits(character));
}

/** What is left of a shape whose characters are changed one by one; `before`: all that become this one. */
export function changed(shape: Shape, before: (character: string) => readonly string[]): Shape {
  return shape.map(({ skip, loop, ...it }) => ({
    fits: (character) => before(character).some((from) => it.fits(from)),
    skip,
    loop,
  }));
}

/** The shape of texts that have this part there. */
export function shapeOfPart(part: string, where: PartPlace): Shape | undefined {
  const literal = literalShape(part);
  if (where === "start") return joined(literal, ANY_TEXT);
  return where === "end" ? joined(ANY_TEXT, literal) : joined(ANY_TEXT, literal, ANY_TEXT);
}

/** Whether a text can have both shapes, as far as that can be told: of characters that are not few any may be in both. */
export function haveTextInCommon(one: Shape, other: Shape): boolean {
  const width = other.length + 1;
  const states = new Set([0]);
  for (const state of states) {
    const [i, j] = [Math.floor(state / width), state % width];
    const [a, b] = [one[i], other[j]];
    if (a === undefined && b === undefined) return true;
    if (a?.skip) states.add(state + width);
    if (b?.skip) states.add(state + 1);
    if (a === undefined || b === undefined || !share(a, b)) continue;
    states.add((a.loop ? i : i + 1) * width + (b.loop ? j : j + 1));
  }
  return false;
}

function share(a: Position, b: Position): boolean {
  if (a.only !== undefined) return a.only.some((it) => b.fits(it));
  return b.only === undefined || b.only.some((it) => a.fits(it));
}

/** Whether every text of the shape has this part there, as far as it is written out in the shape. */
export function mustHavePart(shape: Shape, part: string, where: PartPlace): boolean {
  const characters = [...part];
  const last = shape.length - characters.length;
  const isAt = (from: number): boolean =>
    characters.every((it, at) => {
      const { only, skip = true, loop = true } = shape[from + at] ?? {};
      return only?.length === 1 && only[0] === it && !skip && !loop;
    });
  if (last < 0) return false;
  if (where !== "anywhere") return isAt(where === "start" ? 0 : last);
  return Array.from({ length: last + 1 }, (_, from) => from).some(isAt);
}

/** Whether a text has the shape. */
export function hasShape(text: string, shape: Shape): boolean {
  return walk(shape, [0], text).has(shape.length);
}

/** Whether any text of the shape has this part there. */
export function mayHavePart(shape: Shape, part: string, where: PartPlace): boolean {
  const from = where === "start" ? [0] : Array.from({ length: shape.length + 1 }, (_, at) => at);
  const reached = walk(shape, from, part);
  return where === "end" ? reached.has(shape.length) : reached.size > 0;
}

/** How many characters a text of the shape has. */
export function lengthOf(shape: Shape): Range {
  const low = shape.filter(({ skip }) => !skip).length;
  const high = shape.some(({ loop }) => loop) ? Number.POSITIVE_INFINITY : shape.length;
  return { ...EVERYWHERE, low, high };
}

function walk(shape: Shape, from: readonly number[], text: string): ReadonlySet<number> {
  let states = skipped(shape, from);
  for (const character of text) {
    const next: number[] = [];
    for (const at of states) {
      const position = shape[at];
      if (position?.fits(character)) next.push(position.loop ? at : at + 1);
    }
    states = skipped(shape, next);
    if (states.size === 0) break;
  }
  return states;
}

function skipped(shape: Shape, from: readonly number[]): ReadonlySet<number> {
  const states = new Set(from);
  for (const at of states) if (shape[at]?.skip) states.add(at + 1);
  return states;
}

/** One character of a pattern, a class in brackets, or an escape; then how often. */
const ATOM =
  /^(\[\^?(?:\\[dwDW\\\-.^$|?*+/()[\]{}]|[^\\[\]])+\]|\\[dwDW\\.^$|?*+/()[\]{}]|\.|[^\\^$.|?*+()[\]{}])(?:(?:([*+?])|\{(\d+)(,?)(\d*)\})\??)?/u;

/**
 * The shape of the texts that fit a pattern, where it is a plain row of characters and classes; `undefined` for any other:
 * with groups, alternatives, or classes that readers of JSON Schema understand in different ways (`\s`).
 */
export function shapeOfPattern(pattern: string, matches: PatternTest): Shape | undefined {
  if (matches(pattern, "") === undefined) return undefined;
  let rest = pattern.replace(/^\^/, "");
  // A dollar behind a backslash is one to be written.
  const closed = /(?:^|[^\\])(?:\\\\)*\$$/.test(rest);
  if (closed) rest = rest.slice(0, -1);
  const parts: (Shape | undefined)[] = pattern.startsWith("^") ? [] : [ANY_TEXT];
  while (rest !== "") {
    const atom = ATOM.exec(rest);
    if (atom === null) return undefined;
    parts.push(shapeOfAtom(atom, matches));
    rest = rest.slice(atom[0].length);
  }
  if (!closed) parts.push(ANY_TEXT);
  return joined(...parts);
}

function shapeOfAtom(
  [, single = "", sign, least, comma, most]: RegExpExecArray,
  matches: PatternTest,
): Shape | undefined {
  const known = new Map<string, boolean>();
  const fits = (character: string): boolean => {
    const before = known.get(character);
    if (before !== undefined) return before;
    const does = matches(`^(?:${single})$`, character) !== false;
    known.set(character, does);
    return does;
  };
  if (sign !== undefined) return repeated(fits, sign === "+" ? 1 : 0, sign === "?" ? 1 : Number.POSITIVE_INFINITY);
  if (least === undefined) return repeated(fits, 1, 1);
  const low = Number(least);
  return repeated(fits, low, comma === "" ? low : most === "" ? Number.POSITIVE_INFINITY : Number(most));
}

/** The shape of the texts that fit a glob: `*` is any text, `?` any character. */
export function shapeOfGlob(glob: string): Shape | undefined {
  const parts = [...glob].map((it) => (it === "*" ? ANY_TEXT : it === "?" ? repeated(any, 1, 1) : literalShape(it)));
  return joined(...parts);
}

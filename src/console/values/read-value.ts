import { writeExact } from "../../core/exact-json.ts";
import { isObject, type Json } from "../../core/json.ts";
import type { ArgumentPath } from "../../policy/syntax/argument-paths.ts";
import { absentPaths, endsHere, pathsBelow } from "./looked-at.ts";
import { isPlainRun, type Mark, scanText, type TextRun } from "./scan-text.ts";

/** How much of a value one page holds. Nobody reads more, and browsers get slow. */
export interface ValueLimits {
  /** Characters of one text before it is folded: its beginning and its end stay in sight. */
  readonly head: number;
  readonly tail: number;
  /** Members of one list or object before the rest is folded. */
  readonly members: number;
  /**
   * In all: characters of texts and names, and runs of them that stand out, once in sight and once folded; members. What
   * is beyond is only counted.
   */
  readonly maxCharacters: number;
  readonly maxMarks: number;
  readonly maxMembers: number;
}

/** What a page of the console shows. */
export const PAGE_LIMITS: ValueLimits = {
  head: 400,
  tail: 120,
  members: 50,
  maxCharacters: 100_000,
  maxMarks: 2_000,
  maxMembers: 3_000,
};

/** A text ready to be shown. */
export interface ShownText {
  /** UTF-16 units of the whole. */
  readonly length: number;
  /** What is in sight: all of it, or its beginning. */
  readonly head: readonly TextRun[];
  /** The end that stays in sight while the middle is folded. Empty if nothing is. */
  readonly tail: readonly TextRun[];
  /** The whole, folded, as far as the page holds it; empty if `head` is all. */
  readonly whole: readonly TextRun[];
  /** UTF-16 units that are not on the page. */
  readonly cut: number;
}

/** One member of a list or an object. */
export interface ShownMember {
  /** A name, or a position from 0. */
  readonly label: ShownText | number;
  readonly value: ShownValue;
  /** A policy read it. */
  readonly looked: boolean;
}

/** A JSON value ready to be shown. */
export type ShownValue =
  | {
      readonly kind: "text";
      readonly text: ShownText;
      /** What it would be without its quotes, where people may take it for that. */
      readonly resembles: "number" | "true, false or null" | undefined;
    }
  /** Numbers, `true`, `false`, `null`, as JSON has them. */
  | { readonly kind: "literal"; readonly text: string }
  | {
      readonly kind: "list" | "object";
      readonly size: number;
      readonly members: readonly ShownMember[];
      /** Those that are folded. */
      readonly more: readonly ShownMember[];
      /** Members that are not on the page. */
      readonly left: number;
    };

/** How many characters stand out for one reason, and the first few different ones. */
export interface MarkCount {
  readonly count: number;
  readonly samples: readonly string[];
}

/** A value with what should be known before it is read. */
export interface ReadValue {
  readonly value: ShownValue;
  /** Characters on the page that stand out, by kind. Kinds that do not occur are absent. */
  readonly marks: ReadonlyMap<Mark, MarkCount>;
  /** UTF-16 units of texts, and members, that are not on the page. */
  readonly cut: number;
  readonly left: number;
  /** A policy looks at the value as a whole. */
  readonly looked: boolean;
  /** Places that policies looked at and that hold nothing. */
  readonly absent: readonly string[];
}

/** What is left of a page's room. */
interface Room {
  characters: number;
  marks: number;
  members: number;
}

type Label = string | number;

/** A list or an object that is being read. */
interface Container {
  readonly kind: "list" | "object";
  readonly size: number;
  readonly members: ShownMember[];
  readonly more: ShownMember[];
  left: number;
}

/** Members that are still to be read. */
interface Task {
  readonly container: Container;
  readonly into: ShownMember[];
  readonly entries: readonly (readonly [label: Label, value: Json | undefined])[];
  readonly paths: readonly ArgumentPath[];
  readonly room: Room;
}

/**
 * Reads a value for people: what stands out, what is folded, what policies looked at. Level by level, and what is in
 * sight before what is folded, so that nothing large takes the room of what stands beside or above it. @throws never
 */
export function readValue(value: Json, looksAt: readonly ArgumentPath[], limits: ValueLimits = PAGE_LIMITS): ReadValue {
  const roomy = { characters: limits.maxCharacters, marks: limits.maxMarks, members: limits.maxMembers };
  const [visible, folded]: readonly [Room, Room] = [{ ...roomy }, { ...roomy }];
  const marks = new Map<Mark, MarkCount>();
  const visibleTasks: Task[] = [];
  const later: Task[] = [];
  let cut = 0;
  let left = 0;

  function note(runs: readonly TextRun[]): void {
    for (const run of runs) {
      if (run.mark !== undefined) marks.set(run.mark, withRun(marks.get(run.mark), run.text, run.times));
    }
  }

  function readText(text: string, room: Room): ShownText {
    const { length } = text;
    const { head, tail } = limits;
    if (length <= head + tail) {
      const runs = scanWhatFits(text, room);
      const missing = length - lengthOf(runs);
      cut += missing;
      note(runs);
      return { length, head: runs, tail: [], whole: [], cut: missing };
    }
    const beginning = scanWhatFits(wellCut(text, head), room);
    // The end of a text is where something can be added that nobody scrolls to.
    const end = scanWhatFits(wellBegun(text, length - tail), room);
    const whole = scanWhatFits(text, folded);
    const missing = length - lengthOf(whole);
    cut += missing;
    note(lengthOf(whole) < lengthOf(beginning) ? beginning : whole);
    if (missing > 0) note(end);
    return { length, head: beginning, tail: end, whole, cut: missing };
  }

  function read(current: Json, paths: readonly ArgumentPath[], room: Room): ShownValue {
    if (typeof current === "string") {
      return { kind: "text", text: readText(current, room), resembles: resemblance(current) };
    }
    if (!Array.isArray(current) && !isObject(current)) return { kind: "literal", text: writeExact(current) };
    const kind = Array.isArray(current) ? "list" : "object";
    const entries: Task["entries"] = Array.isArray(current) ? [...current.entries()] : Object.entries(current);
    const container: Container = { kind, size: entries.length, members: [], more: [], left: 0 };
    const [first, rest] = [entries.slice(0, limits.members), entries.slice(limits.members)];
    const task = { container, paths };
    (room === visible ? visibleTasks : later).push({ ...task, into: container.members, entries: first, room });
    if (rest.length > 0) later.push({ ...task, into: container.more, entries: rest, room: folded });
    return container;
  }

  function readMembers({ container, into, entries, paths, room }: Task): void {
    for (const [label, member] of entries.slice(0, room.members)) {
      const below = pathsBelow(paths, label);
      into.push({
        label: typeof label === "number" ? label : readText(label, room),
        value: read(member ?? null, below, room),
        looked: endsHere(below),
      });
    }
    const missing = Math.max(0, entries.length - room.members);
    room.members -= entries.length - missing;
    container.left += missing;
    left += missing;
  }

  const shown = read(value, looksAt, visible);
  // Both grow while they are read.
  for (const task of visibleTasks) readMembers(task);
  for (const task of later) readMembers(task);
  return { value: shown, marks, cut, left, looked: endsHere(looksAt), absent: absentPaths(value, looksAt) };
}

function resemblance(text: string): "number" | "true, false or null" | undefined {
  if (/^\s*[+-]?\d[\d.,\s]{0,40}(?:[eE][+-]?\d{1,5})?\s*$/.test(text)) return "number";
  return /^\s*(?:true|false|null)\s*$/i.test(text) ? "true, false or null" : undefined;
}

function withRun(before: MarkCount | undefined, text: string, times: number): MarkCount {
  const { count, samples } = before ?? { count: 0, samples: [] };
  const known = samples.includes(text) || samples.length === MAX_SAMPLES;
  return { count: count + times, samples: known ? samples : [...samples, text] };
}

const MAX_SAMPLES = 6;

/** The beginning of a text, as far as there is room; that much less is left of it. */
function scanWhatFits(text: string, room: Room): readonly TextRun[] {
  const runs: TextRun[] = [];
  const kept = wellCut(text, room.characters);
  // Looking for marks is what takes time: where there is room for none, only texts are shown that have none.
  if (room.marks === 0 && !isPlainRun(kept)) return runs;
  for (const run of scanText(kept)) {
    if (run.mark !== undefined) {
      if (room.marks === 0) break;
      room.marks -= 1;
    }
    room.characters -= lengthOf([run]);
    runs.push(run);
  }
  return runs;
}

function lengthOf(runs: readonly TextRun[]): number {
  return runs.reduce((sum, run) => sum + run.text.length * (run.mark === undefined ? 1 : run.times), 0);
}

/** The first `length` units, or one less: not half of a pair. */
function wellCut(text: string, length: number): string {
  if (text.length <= length) return text;
  const kept = text.slice(0, length);
  return /[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept;
}

function wellBegun(text: string, at: number): string {
  const kept = text.slice(at);
  return /^[\udc00-\udfff]/.test(kept) ? kept.slice(1) : kept;
}

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync } from "oxc-parser";
import { describe, expect, it } from "vitest";

const SRC = join(import.meta.dirname, "../src");

/** Lines of a function without those of the functions in it. */
const MAX_OWN_LINES = 60;

/** Lines of a function with those of the functions in it: of a factory with its methods. */
const MAX_LINES = 120;

/** What the comment above a function begins its reason with, if it is longer. */
const REASON = /\blong because \w/i;

/** A function, by its lines from 1. */
interface SourceFunction {
  readonly place: string;
  readonly first: number;
  readonly last: number;
  /** Lines that belong to no function in it. */
  readonly own: number;
  /** Whether the comment above says why it is long. */
  readonly excused: boolean;
}

const functions = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.tsx?$/.test(path))
  .flatMap((path) => functionsIn(path, readFileSync(join(SRC, path), "utf8")));

const isLong = ({ first, last, own }: SourceFunction): boolean => own > MAX_OWN_LINES || last - first >= MAX_LINES;

describe("functions", () => {
  it("are found", () => {
    expect(functions.length).toBeGreaterThan(3_000);
  });

  it("are short, or their comment says that they are long because of something", () => {
    const long = functions.filter((each) => isLong(each) && !each.excused);
    expect(long.map(({ place, first, last, own }) => `${place}: ${last - first + 1} lines, ${own} its own`)).toEqual(
      [],
    );
  });

  it("give no reason for a length that they do not have", () => {
    expect(functions.filter((each) => each.excused && !isLong(each)).map(({ place }) => place)).toEqual([]);
  });
});

function functionsIn(path: string, text: string): readonly SourceFunction[] {
  const { program, comments } = parseSync(path, text);
  const lineAt = lineCounter(text);
  const reasons = new Set(comments.filter(({ value }) => REASON.test(value)).map(({ end }) => lineAt(end) + 1));
  const found: SourceFunction[] = [];

  /** Adds the functions in a part of the tree, inner ones first. The lines that they take. */
  const visit = (node: unknown): readonly number[] => {
    if (Array.isArray(node)) return node.flatMap(visit);
    if (!isNode(node)) return [];
    const taken = Object.values(node).flatMap(visit);
    if (!/Function/.test(node.type) || !isNode(node["body"])) return taken;
    const first = lineAt(node.start);
    const last = lineAt(node.end - 1);
    const inner = new Set(taken);
    const lines = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const own = lines.filter((line) => !inner.has(line)).length;
    found.push({ place: `${path}:${first}`, first, last, own, excused: reasons.has(first) });
    return lines;
  };
  visit(program);
  return found;
}

interface SourceNode extends Readonly<Record<string, unknown>> {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

function isNode(value: unknown): value is SourceNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value && "end" in value;
}

/** The line of an offset, from 1. */
function lineCounter(text: string): (offset: number) => number {
  const ends = [...text.matchAll(/\n/g)].map(({ index }) => index);
  return (offset) => {
    let from = 0;
    let to = ends.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((ends[middle] ?? 0) < offset) from = middle + 1;
      else to = middle;
    }
    return from + 1;
  };
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSearchBudget, spendSteps } from "../../../src/audit/names/search-budget.ts";
import { createNameReader, stepsOfName } from "../../../src/audit/names/sensitive-names.ts";
import { withoutDocuments } from "../../../src/audit/secrets/documents.ts";
import { REDACT_LIMITS, REDACTED, redact } from "../../../src/audit/secrets/redact.ts";
import type { Json, JsonObject } from "../../../src/core/json.ts";

/*
 * How much work one copy takes, counted: a caller who fills a call with what must be read holds up nobody, and what was not read
 * is hidden.
 */

const FULL = createSearchBudget().left;

const times = <T>(count: number, write: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => write(index));
const object = (count: number, key: (index: number) => string, value: (index: number) => Json): JsonObject =>
  Object.fromEntries(times(count, (index) => [key(index), value(index)]));
const long = (start: string, unit: string, length = 70): string => start.padEnd(length, unit);

/** Arguments whose parts, each alone or each times each, are much to read. */
const SHAPES: ReadonlyArray<readonly [name: string, write: (unit: string) => JsonObject]> = [
  [
    "members × headings",
    (unit) =>
      object(
        300,
        (n) => `a${n} columns`,
        (n) => times(60, (m) => long(`n${n}n${m}`, unit)),
      ),
  ],
  [
    "members × headings in one text",
    (unit) =>
      object(
        300,
        (n) => `a${n} columns`,
        (n) => times(60, (m) => long(`n${n}n${m}`, unit, 30)).join(),
      ),
  ],
  [
    "headings of many members",
    (unit) => ({
      columns: times(90, (n) =>
        object(
          200,
          (m) => `${unit} ${m} name`,
          () => `col${n}`,
        ),
      ),
    }),
  ],
  [
    "many names",
    (unit) => ({
      a: times(5, () =>
        times(45, (n) =>
          object(
            200,
            (m) => long(`k${n}k${m}`, unit),
            () => 1,
          ),
        ),
      ),
    }),
  ],
  [
    "names beside names",
    (unit) => ({
      a: times(45, (n) => ({
        value: "x",
        ...object(
          300,
          (m) => `k${m} name`,
          (m) => long(`n${n}n${m}`, unit),
        ),
      })),
    }),
  ],
  [
    "statements with thousands of places",
    (unit) => ({
      a: times(40, () => ({ sql: `password = ? ${unit} ${"?, ".repeat(1300)}`, params: times(500, () => "x") })),
    }),
  ],
  [
    "statements × wide parameters",
    (unit) => {
      const wide = object(
        2000,
        (n) => `${unit}${n}`,
        () => "x",
      );
      const said = "pin = :pin";
      return {
        a: times(20, () => ({
          sql: said,
          query: said,
          statement: said,
          text: said,
          params: wide,
          args: wide,
          data: wide,
          values: wide,
        })),
      };
    },
  ],
  [
    "statements × many rows",
    (unit) => ({
      sql: "pin = :pin",
      query: "pin = :a",
      params: times(100, () => times(100, () => ({ pin: unit, name: "pin" }))),
    }),
  ],
  [
    "commands",
    (unit) => ({ a: times(5, () => times(45, () => ["mysql", ...times(150, () => `bash -c 'mysql -p ${unit}'`)])) }),
  ],
  ["words of a megabyte", (unit) => ({ command: "mysql", args: times(5, () => `mysql -p ${unit} `.repeat(20_000)) })],
  ["commands in texts", (unit) => ({ a: times(5, () => times(45, () => `mysql -p ${unit} | `.repeat(100))) })],
  ["texts", (unit) => ({ a: times(5, () => times(45, () => `password ${unit} `.repeat(100))) })],
  ["digits", (unit) => ({ a: times(5, () => times(45, () => `12 34 ${unit} 4111 1111 `.repeat(60))) })],
  ["parts of cards", () => ({ a: times(280, () => times(50, () => "4111 1111 1111")) })],
  [
    "JSON in texts",
    (unit) => ({ a: times(45, () => JSON.stringify(times(100, (n) => ({ [`${unit} pin${n}`]: "x" })))) }),
  ],
  [
    "JSON in JSON",
    (unit) => ({
      a: times(5, () => times(5, () => JSON.stringify({ a: JSON.stringify({ pin: JSON.stringify([unit]) }) }))).concat([
        times(5, () => `${"[".repeat(9000)}pin${"]".repeat(9000)}`),
      ]),
    }),
  ],
  [
    "deep nests",
    (unit) => {
      let value: JsonObject = { pin: unit };
      for (let depth = 0; depth < 200; depth++)
        value = {
          ...object(
            50,
            (n) => `${unit} ${n} columns`,
            (n) => [`n${n}`],
          ),
          value,
        };
      return value;
    },
  ],
  [
    "texts with headings",
    (unit) => ({ a: times(5, () => times(45, () => `${times(20, (n) => long(`n${n}`, unit, 18)).join(",")}\n1,2,3`)) }),
  ],
  ["documents", (unit) => ({ a: times(5, () => times(45, () => `data:\n  ${unit}: x\n`.repeat(2000))) })],
];

const UNITS = ["aB", "\ufdfa"];

/** `value` with a count of how often each member of its objects and each list is looked at. */
function watched(value: JsonObject): { value: JsonObject; most(): number } {
  const counts: Map<string | symbol, number>[] = [];
  const wrap = (part: Json | undefined): Json | undefined => {
    if (typeof part !== "object" || part === null) return part;
    const seen = new Map<string | symbol, number>();
    counts.push(seen);
    const inner = (
      Array.isArray(part)
        ? part.map(wrap)
        : Object.fromEntries(Object.entries(part).map(([key, one]) => [key, wrap(one)]))
    ) as object;
    return new Proxy(inner, {
      get(target, key, receiver) {
        if (Object.hasOwn(target, key) && key !== "length") seen.set(key, (seen.get(key) ?? 0) + 1);
        return Reflect.get(target, key, receiver);
      },
      ownKeys(target) {
        seen.set("*", (seen.get("*") ?? 0) + 1);
        return Reflect.ownKeys(target);
      },
    }) as Json;
  };
  return {
    value: wrap(value) as JsonObject,
    most: () => Math.max(0, ...counts.flatMap((seen) => Math.max(0, ...seen.values()))),
  };
}

/** Statements and programs are four at most, and each looks at what is given. */
const MOST_LOOKS = 30;

describe("the work of a copy has a bound", () => {
  it.each(SHAPES)("%s", (_name, write) => {
    for (const unit of UNITS) {
      const search = createSearchBudget();
      const given = write(unit);
      const shown = redact(given, REDACT_LIMITS, search);
      expect(search.left).toBeGreaterThanOrEqual(0);
      expect(search.left).toBeLessThan(FULL);
      // Equal calls give equal copies, whatever is remembered of names.
      if (unit === "aB") expect(redact(given)).toEqual(shown);
    }
  });

  it.each(SHAPES)("and nothing is looked at again and again: %s", (_name, write) => {
    const { value, most } = watched(write("x"));
    redact(value);
    expect(most()).toBeLessThanOrEqual(MOST_LOOKS);
  });

  it("whatever is left, what was not read is hidden", () => {
    const secrets: JsonObject = {
      password: "hunter2",
      named: { name: "DB_PASSWORD", value: "hunter2" },
      table: { columns: ["user", "password"], rows: [["a", "hunter2"]] },
      rows: [
        ["user", "pin"],
        ["a", "hunter2"],
      ],
      pair: ["password", "hunter2"],
      statement: { sql: "UPDATE u SET name = ?, password = ?", params: ["a", "hunter2"] },
      program: { command: "mysql", args: ["-phunter2"] },
      words: ["mysql", "-phunter2"],
      patch: { field: "password", to: "hunter2" },
      locator: { locator: { label: "Password" }, text: "hunter2" },
      key: { title: "Deploy key", key: "hunter2" },
      text: "password: hunter2",
      csv: "user,password\na,hunter2",
      json: JSON.stringify({ k: "password", v: "hunter2" }),
      manifest: `data:\n  a: hunter2\n  b: ${"x".repeat(900)}\nkind: Secret\n`,
      "hunter2 is the password": "password%3Dhunter2",
      card: ["4111", "1111", "1111", "1111"],
    };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60_000 }), fc.constantFrom(...Object.keys(secrets)), (left, key) => {
        const search = { left };
        const text = JSON.stringify(redact({ [key]: secrets[key] ?? null }, REDACT_LIMITS, search));
        expect(search.left).toBeGreaterThanOrEqual(0);
        if (key !== "hunter2 is the password") expect(text).not.toMatch(/hunter2|1111/);
      }),
      { numRuns: 2_000 },
    );
    // From nothing to what one of them takes, step by step.
    for (const key of Object.keys(secrets).filter((name) => !name.includes(" ")))
      for (let left = 0; left < 1_500; left += 7)
        expect(JSON.stringify(redact({ [key]: secrets[key] ?? null }, REDACT_LIMITS, { left }))).not.toMatch(
          /hunter2|1111/,
        );
  });

  it.each([49, 99, 100, 149, 150, 151])("a list of words may have something else at %i", (at) => {
    const args: Json[] = ["-phunter2", ...times(300, () => "a")];
    args[at] = 7;
    const shown = JSON.stringify(redact({ command: "mysql", args, list: ["mysql", ...args] }));
    expect(shown).not.toContain("hunter2");
  });

  it("where nothing is left, all values are hidden", () => {
    expect(redact({ a: "x", b: [1], c: { d: 1 }, e: null }, REDACT_LIMITS, { left: 0 })).toEqual({ [REDACTED]: null });
  });

  it("something small still fits where something large did not", () => {
    const search = { left: 10 };
    expect([spendSteps(search, 11), spendSteps(search, 8), spendSteps(search, 3), spendSteps(search, 2)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    expect(search.left).toBe(0);
  });
});

describe("an ordinary call is far from the bound", () => {
  it("as many values as are shown, each with a name of its own", () => {
    const search = createSearchBudget();
    const given = {
      rows: times(14, (n) =>
        object(
          20,
          (m) => `customerField${n}_${m}`,
          (m) => `some value number ${m}`,
        ),
      ),
    };
    expect(redact(given, REDACT_LIMITS, search)).toEqual(given);
    expect(search.left).toBeGreaterThan(FULL / 2);
  });
});

describe("a name takes a bounded number of steps", () => {
  it.each(["x", "aB", "ü", "漢", "\ufdfa"])("of %j", (unit) => {
    expect(stepsOfName(unit.repeat(100_000))).toBe(stepsOfName(unit.repeat(100_000).slice(0, 400)));
  });

  it("signs that stand for whole sentences are in no honest name", () => {
    expect(createNameReader()("\ufdfa".repeat(30)).kind).toBe("secret");
    expect(createNameReader()("ﬁle_nаme").kind).toBe("plain");
  });
});

it.each([" ", "\t", "# ", "\r", " \r"])("a line is read in one look, however often it has %j", (unit) => {
  const text = `${unit.repeat(500_000)}\rx`;
  for (const start of ["", "#", "//", "---", "]"])
    expect(withoutDocuments(`a: 1\n${start}${text}`, REDACTED, false, createSearchBudget())).toContain(text);
});

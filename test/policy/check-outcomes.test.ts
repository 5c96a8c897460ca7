import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { NO_KNOWN_FACTS } from "../../src/policy/values/facts.ts";
import { policyInput } from "../support/policy-inputs.ts";

// Patterns that are plain rows of characters, and others.
const PATTERNS = [
  "^[A-Z]{2}[0-9]+$",
  "^a",
  "b$",
  "a?b{1,2}",
  "^\\d{2,3}-\\w*$",
  "^[^aA]+$",
  "^x\\+?$",
  "^\\??a??$",
  "^.{2}$",
  "^(a|b)+$",
  "^a|b$",
  "^\\$?[.$]*\\\\?$",
];
const character = fc.constantFrom("a", "A", "b", "B", "1", "2", "-", " ", "x", "é", "😀", "@");
const words = (minLength: number, maxLength: number) => fc.string({ unit: character, minLength, maxLength });

/** A schema of the arguments, and calls that fit it. */
const worlds = fc.constantFrom(...PATTERNS).chain((pattern) => {
  const list = { type: "array", items: { enum: ["a", "B"] }, minItems: 1, maxItems: 2 };
  const schemas: JsonObject = {
    short: { type: "string", maxLength: 3 },
    long: { type: "string", minLength: 2 },
    shaped: { type: "string", pattern },
    both: { type: "string", pattern, maxLength: 4 },
    either: {
      anyOf: [
        { type: "string", pattern: "^a+$" },
        { type: "string", maxLength: 1 },
      ],
    },
    free: { type: "string" },
    listed: { enum: ["EUR", "usd", ""] },
    flag: { type: "boolean" },
    n: { type: "integer" },
    positive: { type: "integer", minimum: 0 },
    small: { type: "integer", minimum: 1, maximum: 7 },
    fraction: { type: "number", minimum: -2.5, maximum: 2.5 },
    level: { type: "integer", enum: [-1, 2] },
    list,
  };
  const shaped = fc.stringMatching(new RegExp(pattern, "u"));
  const args = fc.record({
    short: words(0, 3),
    long: words(2, 6),
    shaped,
    both: shaped.filter((text) => [...text].length <= 4),
    either: fc.oneof(fc.stringMatching(/^a+$/), words(0, 1)),
    free: words(0, 6),
    listed: fc.constantFrom("EUR", "usd", ""),
    flag: fc.boolean(),
    n: fc.integer({ min: -7, max: 7 }),
    positive: fc.nat({ max: 7 }),
    small: fc.integer({ min: 1, max: 7 }),
    fraction: fc.double({ min: -2.5, max: 2.5, noNaN: true }),
    level: fc.constantFrom(-1, 2),
    list: fc.array(fc.constantFrom("a", "B"), { minLength: 1, maxLength: 2 }),
  });
  const call = fc.record({
    args,
    email: fc.constantFrom("ann@acme.com", "Bob@Acme.com", "x@b.example"),
    // Also by a clock that is ahead.
    signedIn: fc.constantFrom(-3_600_000, -1_000, 0, 1_000, 60_000),
  });
  const inputSchema: JsonObject = { type: "object", properties: schemas, required: Object.keys(schemas) };
  return fc.record({ inputSchema: fc.constant(inputSchema), calls: fc.array(call, { minLength: 12, maxLength: 24 }) });
});

const LITERALS = [
  "",
  "a",
  "A",
  "aa",
  "ab",
  "aB",
  "EUR",
  "eur",
  "usd",
  "true",
  "yes",
  "12",
  "-1",
  "AB12",
  "x+",
  "?",
  "$",
  " a",
  "a ",
];
const literal = fc
  .oneof(
    fc.constantFrom(
      ...LITERALS,
      "ann@acme.com",
      "Bob@Acme.com",
      "ann",
      "@",
      "@acme.com",
      "acme.com",
      "abcd",
      "é",
      "😀",
      "t",
      "srv/t",
    ),
    words(0, 4),
  )
  .map((text) => JSON.stringify(text));
const NAMES = ["short", "long", "shaped", "both", "either", "free", "listed"];
const { text: texts } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    { weight: 6, arbitrary: fc.constantFrom(...NAMES.flatMap((name) => [`args.${name}`, `args["${name}"]`])) },
    fc.constantFrom("user.email", 'user["email"]', "tool.name", "tool.upstream", "string(args.flag)", "string(args.n)"),
    fc.constantFrom("string(args.listed)", "string(args.level)", "string(args.short)"),
    fc.constantFrom("args.list[0]", 'tool["upstream"] + "/" + tool["name"]', "args.list.map(i, i + args.short)[0]"),
    fc.tuple(tie("text"), fc.constantFrom("lowerAscii", "upperAscii", "trim")).map(([it, by]) => `(${it}).${by}()`),
    tie("text").map((it) => `(${it}).split("@")[0]`),
    tie("text").map((it) => `(${it}).substring(0)`),
    fc.tuple(literal, tie("text")).map(([a, b]) => `(${a} + ${b})`),
    fc.tuple(tie("text"), literal).map(([a, b]) => `(${a} + ${b})`),
    fc.tuple(tie("text"), tie("text")).map(([a, b]) => `(args.flag ? ${a} : ${b})`),
    fc.tuple(tie("text"), tie("text")).map(([a, b]) => `[${a}, ${b}][0]`),
    fc.tuple(tie("text")).map(([a]) => `cel.bind(v, ${a}, v + "")`),
  ),
}));
const lists = fc.constantFrom(
  "args.list",
  'args["list"].filter(i, i == "a")',
  "args.list.map(i, i + i)",
  "args.list + args.list",
  '(args.flag ? args.list : ["a"])',
  'args.list.map(i, i == "a", i)',
);
const number = fc.constantFrom("-8", "-2", "-1", "0", "1", "2", "3", "4", "5", "7");
const order = fc.constantFrom("==", "!=", "<", "<=", ">", ">=");
const divisor = fc.constantFrom("2", "-2", "3", "1", "args.positive + 1");
const integer = fc.constantFrom("args.n", "args.positive", "args.small", "args.level", "int(args.fraction)");
const fraction = fc.constantFrom("args.fraction", "double(args.small)", "double(args.level)", "double(args.n)");
const arithmetic = fc.oneof(
  fc
    .tuple(integer, fc.constantFrom("*", "/"), fc.oneof(integer, fc.constantFrom("2", "-3", "1")))
    .map(([a, by, b]) => `(${a} ${by} ${b})`),
  fc
    .tuple(fraction, fc.constantFrom("*", "/"), fc.oneof(fraction, fc.constantFrom("2.0", "-0.5", "1e300")))
    .map(([a, by, b]) => `(${a} ${by} ${b})`),
  fraction.map((it) => `int(${it})`),
  fraction,
);
const lengths = fc.oneof(
  arithmetic,
  texts.map((it) => `size(${it})`),
  texts.map((it) => `(${it}).size()`),
  lists.map((it) => `size(${it})`),
  fc.tuple(texts, literal).map(([it, part]) => `(${it}).indexOf(${part})`),
  fc
    .tuple(fc.constantFrom("args.n", "args.positive", "-args.n", "-args.positive"), divisor)
    .map(([a, b]) => `(${a}) % (${b})`),
);
const duration = fc.constantFrom("0s", "1s", "-1s", "1h", "-1.5s", "1m30s", "500ms").map((it) => `duration("${it}")`);

/** One comparison or one test of a text, however it is written. */
const comparisons = fc.oneof(
  fc.tuple(texts, fc.constantFrom("==", "!="), literal).map((it) => it.join(" ")),
  fc.tuple(literal, fc.constantFrom("==", "!="), texts).map((it) => it.join(" ")),
  fc.tuple(texts, literal, literal).map(([it, a, b]) => `${it} in [${a}, ${b}]`),
  fc.tuple(literal, lists).map(([it, list]) => `${it} in ${list}`),
  fc
    .tuple(texts, fc.constantFrom("startsWith", "endsWith", "contains", "matches"), literal)
    .map(([it, test, part]) => `(${it}).${test}(${part.replaceAll(/[+?$]/g, "1")})`),
  fc
    .tuple(texts, fc.constantFrom("^", ""), fc.constantFrom("a", "A", "EUR", "1"), fc.constantFrom("$", ""))
    .map(([it, start, part, end]) => `(${it}).matches("${start}${part}${end}")`),
  fc.tuple(lengths, order, number).map((it) => it.join(" ")),
  fc.tuple(number, order, lengths).map((it) => it.join(" ")),
  fc
    .tuple(
      fc.constantFrom(
        "request.time - user.auth_time",
        'request["time"] - user["auth_time"]',
        "user.auth_time - request.time",
      ),
      order,
      duration,
    )
    .map((it) => it.join(" ")),
  fc.tuple(order).map(([it]) => `request.time ${it} user.auth_time`),
  fc
    .tuple(
      fc.constantFrom("args.listed", "args.level", "args.flag", "args.n", "args.fraction"),
      fc.constantFrom("string", "int", "double", "bool"),
    )
    .map(([it, type]) => `type(${it}) == ${type}`),
  fc.tuple(fc.constantFrom("args.listed", "args.listed.lowerAscii()"), literal).map((it) => it.join(" < ")),
  fc.constantFrom("args.level", "args.level + 1", "args.level * args.level").chain((it) => {
    const values = fc.shuffledSubarray(["-1", "0", "1", "2", "3", "4"], { minLength: 2 });
    return values.map((all) => `${it} in [${all.join(", ")}]`);
  }),
  fc.tuple(order).map(([it]) => `user.auth_time ${it} request.time`),
);

/** Two or three comparisons of the same few expressions with constants, in one row. */
const rows = fc
  .tuple(
    fc.constantFrom("&&", "||"),
    fc.array(
      fc
        .oneof(
          fc.tuple(fc.constantFrom("args.n", 'args["n"]', "args.positive", "size(args.free)"), order, number),
          fc.tuple(number, order, fc.constantFrom("args.n", "args.positive", "size(args.free)")),
          fc.tuple(
            fc.constantFrom("args.listed", "args.free", "args.listed.lowerAscii()"),
            fc.constantFrom("==", "!="),
            fc.constantFrom('"EUR"', '"usd"', '"eur"'),
          ),
          fc
            .tuple(
              fc.constantFrom("args.free", "args.short", "args.free.lowerAscii()", "args.listed"),
              fc.constantFrom("startsWith", "endsWith", "contains", "matches"),
              fc.constantFrom("a", "B", "ab", "E", "aa"),
            )
            .map(([it, test, part]) => [`${it}.${test}("${part}")`]),
          fc
            .tuple(
              fc.constantFrom("args.free", "args.shaped"),
              fc.constantFrom("^a", "b$", "^[a-c]+$", "^[^a]", "^..$"),
            )
            .map(([it, pattern]) => [`${it}.matches("${pattern}")`]),
          fc.tuple(fc.constantFrom("size(args.short)", "args.free.size()"), order, number),
          fc.tuple(fc.constantFrom("args.listed"), fc.constantFrom("in"), fc.constantFrom('["EUR", "usd"]', '["usd"]')),
          fc.tuple(fc.constantFrom("args.level"), fc.constantFrom("==", "!="), fc.constantFrom("-1", "2", "3")),
          fc.tuple(fc.constantFrom("args.flag", 'args["flag"]'), fc.constantFrom("== true", "!= true", "")),
        )
        .chain((it) => fc.constantFrom(it.join(" "), `!(${it.join(" ")})`)),
      { minLength: 2, maxLength: 3 },
    ),
  )
  .map(([operator, parts]) => parts.join(` ${operator} `));

describe("a comparison of which the check says what it comes to", () => {
  it("comes to that for every call that fits the schema", () => {
    let told = 0;
    fc.assert(
      fc.property(
        worlds,
        fc.array(fc.oneof({ weight: 2, arbitrary: comparisons }, rows), { minLength: 4, maxLength: 8 }),
        ({ inputSchema, calls }, conditions) => {
          const definition = { name: "t", inputSchema };
          for (const condition of conditions) {
            const text = `policies: [{ id: p, when: ${JSON.stringify(condition)}, then: { deny: {} } }]`;
            const compiled = compilePolicies([{ name: "p.yaml", text }], { default: "allow", flows: undefined });
            if (!compiled.ok) continue;
            const { set } = compiled;
            const scope = { facts: NO_KNOWN_FACTS };
            const known = checkAgainstTools(
              [{ name: "p.yaml", text }],
              [{ upstream: "srv", name: "t", definition }],
              scope,
            );
            const messages = [...known.errors, ...known.warnings].map(({ message }) => message);
            const outcome = outcomeSaid(condition, messages);
            if (outcome === undefined) continue;
            told += 1;
            for (const { args, email, signedIn } of calls) {
              const time = Date.parse("2026-03-02T09:30:00Z");
              const principal = { email, authTime: time + signedIn };
              const input = policyInput({ tool: "srv/t", definition, arguments: args, principal, request: { time } });
              const [match] = set.decide(input).matched;
              expect([condition, args, match?.error ?? match !== undefined]).toEqual([condition, args, outcome]);
            }
          }
        },
      ),
      { numRuns: 20 },
    );
    expect(told).toBeGreaterThan(20);
  });

  // A value that cannot occur beside others in a list decides nothing.
  function outcomeSaid(condition: string, messages: readonly string[]): boolean | undefined {
    // Of several only what is said of all of them.
    if (/ (&&|\|\|) /.test(condition)) {
      if (messages.some((it) => it.startsWith("This is never true beside"))) return false;
      return messages.some((it) => / wherever /.test(it)) ? true : undefined;
    }
    const never = messages.filter((it) => / never /.test(it));
    const always = messages.map((it) => /always (true|false)/.exec(it)?.[1]).find((it) => it !== undefined);
    if (always !== undefined) return always === "true";
    const listed = / in \[(.*)\]$/.exec(condition)?.[1]?.split(", ").length ?? 1;
    if (never.length === 0 || never.length < listed) return undefined;
    return condition.includes("!=");
  }
});

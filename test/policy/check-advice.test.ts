import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { PolicyError } from "../../src/policy/policy-set.ts";
import { policyInput } from "../support/policy-inputs.ts";

const EFFECTS = {
  deny: "{ deny: {} }",
  step_up: "{ step_up: { acr: [mfa] } }",
  request_approval: "{ request_approval: { flow: finance } }",
  redact: "{ redact: { detect: [email] } }",
  rate_limit: "{ rate_limit: { limit: 5, per: 1d } }",
  allow: "{ allow: {} }",
} as const;
type EffectName = keyof typeof EFFECTS;
const NAMES = Object.keys(EFFECTS) as readonly EffectName[];

const filesOf = (when: string, effect: EffectName) => [
  { name: "p.yaml", text: `policies: [{ id: p, when: ${JSON.stringify(when)}, then: ${EFFECTS[effect]} }]` },
];

function problemsOf(when: string, effect: EffectName, inputSchema: JsonObject): readonly PolicyError[] {
  const tool = { upstream: "u", name: "t", definition: { name: "t", inputSchema } };
  const { errors, warnings } = checkAgainstTools(filesOf(when, effect), [tool]);
  return [...errors, ...warnings];
}

/** Whether each of the calls gets through untouched; `undefined` if the condition does not compile. */
function passes(
  when: string,
  effect: EffectName,
  inputSchema: JsonObject,
  calls: readonly JsonObject[],
): readonly boolean[] | undefined {
  const fallback = effect === "allow" ? "deny" : "allow";
  const compiled = compilePolicies(filesOf(when, effect), { default: fallback, flows: ["finance"] });
  if (!compiled.ok) return undefined;
  const { set } = compiled;
  // As the gateway does: the tool of all calls is one object, and what is read of it is kept.
  const call = policyInput({ tool: "u/t", definition: { name: "t", inputSchema } });
  return calls.map((args) => {
    const input = { ...call, arguments: args };
    const decision = set.decide(input);
    const result = { isError: false, structured: undefined, text: "" };
    const taken = decision.inspectsResult === true ? set.decideResult(input, result).redactions : [];
    return decision.effect === "allow" && decision.limits === undefined && taken.length === 0;
  });
}

/** Does what the checker says until it proposes nothing any more; `undefined` if that does not end or compile. */
function follow(when: string, effect: EffectName, inputSchema: JsonObject): readonly string[] {
  const texts = [when];
  for (let text = when; texts.length < 40; ) {
    const fix = problemsOf(text, effect, inputSchema).find((problem) => problem.fix !== undefined)?.fix;
    if (fix === undefined) return texts;
    text = text.slice(0, fix.start) + fix.text + text.slice(fix.end);
    texts.push(text);
  }
  throw new Error(`The advice does not end: ${texts.at(-1)}`);
}

/** Calls that get further with the advice than without it, as texts. */
function opened(when: string, effect: EffectName, schema: JsonObject, calls: readonly JsonObject[]): readonly string[] {
  const texts = follow(when, effect, schema);
  const before = passes(when, effect, schema, calls);
  return texts.slice(1).flatMap((text) => {
    const after = passes(text, effect, schema, calls);
    if (after === undefined) return [`${text} does not compile`];
    return calls.flatMap((call, at) =>
      after[at] === true && before?.[at] === false ? [`${text} ${JSON.stringify(call)}`] : [],
    );
  });
}

const object = (properties: JsonObject, ...required: readonly string[]): JsonObject => ({
  type: "object",
  properties,
  required,
});
const number: JsonObject = { type: "number" };
const line = object({ price: number, text: { type: "string" } });
const nested = object({ max: number, deep: object({ max: number }) });
const SCHEMAS: Readonly<Record<string, JsonObject>> = {
  optional: object({
    n: number,
    s: { type: "string" },
    b: { type: "boolean" },
    list: { type: "array", items: line },
    o: nested,
  }),
  required: object(
    { n: number, s: { type: "string" }, b: { type: "boolean" }, list: { type: "array", items: line }, o: nested },
    "n",
    "s",
    "b",
    "list",
    "o",
  ),
  defaults: object({
    n: { type: "number", default: 20_000 },
    s: { type: "string", default: "x" },
    b: { type: "boolean", default: true },
    list: { type: "array", items: line, default: [{ price: 20_000 }] },
    o: { ...nested, default: {} },
  }),
  nullable: object({
    n: { type: ["number", "null"], default: null },
    s: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
    b: { type: ["boolean", "null"] },
    list: { type: ["array", "null"], items: line },
    o: { anyOf: [nested, { type: "null" }] },
  }),
  enumerated: object({
    n: { enum: [1, 20_000] },
    s: { enum: ["x", "y"] },
    b: { const: true },
    list: { type: "array", items: line },
    o: nested,
  }),
};

const VALUES: Readonly<Record<string, readonly Json[]>> = {
  n: [5, 20_000, "5", null],
  s: ["x", "y", 5, null],
  b: [true, false, "true"],
  list: [[], [{}], [{ price: 5 }, {}], [{ price: 20_000, text: "x" }], [{ price: "5" }], [null], "x", null],
  o: [{}, { max: 20_000 }, { deep: {} }, { deep: { max: 20_000 }, max: 5 }, { deep: null }, "x"],
};

const OTHERS: JsonObject = {
  n: 5,
  s: "y",
  b: false,
  list: [{ price: 5, text: "y" }],
  o: { max: 5, deep: { max: 5 } },
};

// Each argument absent and of every value, beside others that are there and that are not.
const CALLS: readonly JsonObject[] = [
  {},
  ...Object.entries(VALUES).flatMap(([name, values]) => {
    const { [name]: _, ...others } = OTHERS;
    return [others, ...values.flatMap((value) => [{ [name]: value }, { ...others, [name]: value }])];
  }),
];

const CONDITIONS = [
  "args.n > 10000.0",
  "!(args.n <= 10000.0)",
  "!!(args.n > 10000.0)",
  'args.n > 10000.0 && !("cfo" in user.roles)',
  'args.n > 10000.0 || "cfo" in user.roles',
  "args.n > 1.0 && args.n < 10.0",
  "args.n > 1.0 || args.s == 'x'",
  "!(args.n > 1.0 && args.s == 'x')",
  "!(args.n > 1.0 || !(args.s == 'x'))",
  "args.n > 10000.0 ? true : args.b",
  "args.b ? args.n > 10000.0 : args.s == 'x'",
  "!(args.b ? args.n > 10000.0 : args.s == 'x')",
  "(args.n > 10000.0 ? 1 : 2) == 1",
  "(args.n > 10000.0) == true",
  "(args.n > 10000.0) != false && args.b",
  "args.b",
  "!args.b",
  "args.b == args.b",
  "has(args.n) || args.n > 10000.0",
  "!has(args.n) && args.n > 10000.0",
  "args['n'] > 10000.0",
  "!(args['n'] > 10000.0)",
  "args.s.startsWith('x')",
  "!args.s.startsWith('x')",
  "args.s in ['x', 'z']",
  "!(args.s in ['x', 'z'])",
  "args.s.matches('^x$') && args.n > 10000.0",
  "size(args.s) > 0 && args.s != 'y'",
  "args.list.exists(l, l.price > 10000.0)",
  "!args.list.exists(l, l.price > 10000.0)",
  "args.list.all(l, l.price > 10000.0)",
  "!args.list.all(l, l.price > 10000.0)",
  "args.list.exists_one(l, l.price > 10000.0)",
  "!args.list.exists_one(l, l.price > 10000.0)",
  "args.list.filter(l, l.price > 10000.0).size() > 0",
  "args.list.filter(l, l.price > 10000.0).size() == 0",
  "args.list.map(l, l.price).exists(p, p > 10000.0)",
  "args.list.exists(l, l.price > args.n)",
  "args.list.exists(l, l['price'] > 10000.0 && l.text == 'x')",
  "args.list.all(l, args.list.exists(m, m.price > l.price))",
  "args.list.all(l, args.list.filter(m, m.price > l.price).size() == 0)",
  "args.o.max > 10000.0",
  "args.o.deep.max > 10000.0",
  "!(args.o.deep.max > 10000.0)",
  "has(args.o.deep) && args.o.deep.max > 10000.0",
  "cel.bind(o, args.o, o.max > 10000.0)",
  "!cel.bind(o, args.o, o.deep.max > 10000.0)",
  "cel.bind(o, args.o, o.max > 10000.0) == true",
  "[args.n].exists(v, v > 10000.0)",
  "args.n * 2.0 > args.o.max",
  "!(args.n * 2.0 > args.o.max) && args.s == 'x'",
] as const;

describe("the advice of the checker", () => {
  describe.each(NAMES)("for %s", (effect) => {
    it.each(Object.keys(SCHEMAS))("lets no call further, where arguments are %s", (name) => {
      const schema = SCHEMAS[name] ?? {};
      expect(CONDITIONS.flatMap((when) => opened(when, effect, schema, CALLS))).toEqual([]);
    });
  });

  it.each(NAMES.filter((name) => name !== "rate_limit"))("mends whatever it speaks of, for %s", (effect) => {
    const schema = SCHEMAS["optional"] ?? {};
    const left = CONDITIONS.flatMap((when) => {
      const text = follow(when, effect, schema).at(-1) ?? when;
      return problemsOf(text, effect, schema).flatMap(({ message }) =>
        message.includes("optional") ? [`${text} ${message}`] : [],
      );
    });
    expect(left).toEqual([]);
  });

  it("lets no call further, however the condition is made", () => {
    const names = ["n", "s", "b", "list", "o"] as const;
    const atom = fc.constantFrom(...CONDITIONS.filter((when) => !when.includes("args.list.all(l, args.list")));
    const guard = fc.oneof(
      fc.constantFrom(...names).map((name) => `has(args.${name})`),
      fc.constantFrom(...names).map((name) => `"${name}" in args`),
      fc.constantFrom("has(args.o) && has(args.o.max)", "user.id == 'u-1'", "true", "false"),
    );
    const { condition } = fc.letrec<{ condition: string }>((tie) => ({
      condition: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        atom,
        guard,
        fc.tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition")).map((it) => `(${it.join(" ")})`),
        tie("condition").map((it) => `!(${it})`),
        fc.tuple(tie("condition"), tie("condition"), tie("condition")).map(([a, b, c]) => `((${a}) ? (${b}) : (${c}))`),
        fc.tuple(tie("condition"), fc.constantFrom("== true", "!= true", "== false")).map(([a, b]) => `((${a}) ${b})`),
        tie("condition").map((it) => `[1].exists(one, ${it})`),
      ),
    }));
    let followed = 0;
    fc.assert(
      fc.property(
        condition,
        fc.constantFrom(...NAMES),
        fc.constantFrom(...Object.keys(SCHEMAS)),
        (when, effect, name) => {
          const schema = SCHEMAS[name] ?? {};
          if (passes(when, effect, schema, []) === undefined) return;
          if (follow(when, effect, schema).length > 1) followed += 1;
          expect([when, ...opened(when, effect, schema, CALLS)]).toEqual([when]);
        },
      ),
      { numRuns: 60 },
    );
    expect(followed).toBeGreaterThan(8);
  });

  // What the words of a hint come to, done at every place that it could be about.
  function heeded(when: string, { message, hint = "" }: PolicyError): readonly string[] {
    const never = /is never "(.*?)"/.exec(message)?.[1];
    const named = [...message.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
    const wrong = never === undefined ? named : [`'${never}'`];
    const meant = /Did you mean `([^`]+)`|Write `([^`]+)`/.exec(hint);
    const text = meant?.[1] ?? meant?.[2];
    const texts = /without quotes/.test(hint)
      ? [when.replaceAll(/'(\d+)'/g, "$1")]
      : /int\(\) around/.test(hint)
        ? [when.replaceAll(/args\.\w+(?= %)/g, "int($&)")]
        : text === undefined
          ? []
          : [...wrong, ...wrong.flatMap((it) => it.split(" in ").toReversed()), /\d+\.\d+|\d+/.exec(when)?.[0] ?? ""]
              .filter((it) => it !== "" && when.includes(it))
              .map((it) => when.replace(it, () => text));
    return texts.filter((it) => it !== when);
  }

  const URLS: JsonObject = { url: { type: "string", format: "uri" }, mail: { type: "string", format: "email" } };
  const DOUBTFUL = [
    "args.url.startsWith('https://acme.com')",
    "args.url.contains('acme.com')",
    "args.url.matches('^https://[^/]*acme.com')",
    "args.mail.indexOf('@acme.com') > 0",
    "args.mail.split('@')[1] == 'acme.com'",
    "args.s in ['x', 'y']",
    "args.b != true && args.b != false",
  ].flatMap((it) => [it, `!(${it})`]);

  const MISTAKES = [
    "args.m > 5.0",
    "args.nn > 1.0",
    "args.lists.size() > 2",
    "args['nn'] == 1.0",
    "has(args.nn) && args.nn > 1.0",
    "args.n > '5'",
    "args.n == '5'",
    "args.n != '5'",
    "args.n in ['5', '6']",
    "'x' in args.s",
    "args.n * 2 > 5.0",
    "args.s.size() + 2.0 > 5.0",
    "args.n % 2 == 0",
    "args.s.size() + args.n > 2.0",
    "args.s == 'z'",
    "args.s != 'xx'",
  ].flatMap((it) => [it, `!(${it})`]);
  // Values that the schema rules out are those that another one is proposed for: they say nothing of the others.
  const SOME = [{}, { n: 5, s: "x", o: {} }, { n: 20_000, s: "y", o: {} }, { n: 1, s: "xx" }, { n: 2, s: "", o: {} }];

  it.each(["deny", "allow", "rate_limit"] as const)(
    "proposes no text without what it lets through, where calls get further by it, for %s",
    (effect) => {
      const alone: string[] = [];
      let opening = 0;
      for (const name of ["required", "enumerated"]) {
        const schema = SCHEMAS[name] ?? {};
        const calls = name === "enumerated" ? SOME.slice(0, 3) : SOME;
        for (const when of MISTAKES) {
          for (const problem of problemsOf(when, effect, schema)) {
            if (problem.fix !== undefined) continue;
            for (const text of heeded(when, problem)) {
              const [before, after] = [when, text].map((it) => passes(it, effect, schema, calls));
              if (!calls.some((_, at) => after?.[at] === true && before?.[at] === false)) continue;
              opening += 1;
              if (!/ Mended, it /.test(problem.hint ?? "")) alone.push(`${name}: ${when} -> ${text}`);
            }
          }
        }
      }
      expect(alone).toEqual([]);
      expect(opening).toBeGreaterThan(10);
    },
  );

  it.each(["deny", "allow", "rate_limit"] as const)(
    "proposes nothing where a test is only doubtful, for %s",
    (effect) => {
      const schema = object({ ...URLS, s: { enum: ["x", "y"] }, b: { type: "boolean" } }, "url", "mail", "s", "b");
      const found = DOUBTFUL.map((when) => problemsOf(when, effect, schema));
      expect(found.filter((all) => all.length === 0)).toEqual([]);
      expect(
        found.flat().filter(({ fix, hint = "" }) => fix !== undefined || /Write |Did you mean/.test(hint)),
      ).toEqual([]);
    },
  );

  it.each([
    ["deny", "args.m > 5.0", "Did you mean `args.n`? Mended, it lets calls pass for which it is false."],
    ["allow", "args.n > '5'", "Write the number without quotes. Mended, it allows calls for which it is true."],
    ["rate_limit", "args.n * 2 > 5.0", "Write `2.0`. Mended, it lets calls pass that it refuses now."],
  ] as const)("says what mending lets through, for %s", (effect, when, hint) => {
    const schema = object({ n: number, s: { type: "string" } }, "n", "s");
    expect(problemsOf(when, effect, schema).map((problem) => problem.hint)).toEqual([hint]);
  });

  it.each([
    [
      "deny",
      "args.n > 10000.0",
      "In place of `args.n > 10000.0` write `!has(args.n) || args.n > 10000.0`. `!has(args.n) || …` keeps refusing calls without it, `has(args.n) && …` lets them pass.",
    ],
    [
      "allow",
      "args.n > 10000.0",
      "In place of `args.n > 10000.0` write `has(args.n) && args.n > 10000.0`. `has(args.n) && …` keeps not allowing calls without it.",
    ],
    [
      "rate_limit",
      "args.n > 10000.0",
      "Calls without it are refused. `!has(args.n) || …` counts them, and `has(args.n) && …` lets them pass uncounted.",
    ],
  ] as const)("says what each way does, for %s", (effect, when, hint) => {
    expect(problemsOf(when, effect, SCHEMAS["optional"] ?? {}).map((problem) => problem.hint)).toEqual([hint]);
  });
});

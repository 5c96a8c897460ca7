import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { policyInput } from "../support/policy-inputs.ts";

type Scalar = "number" | "integer" | "string" | "boolean";

/** The schema of one argument and how to write its values. */
interface Sketch {
  readonly name: string;
  readonly required: boolean;
  readonly type: Scalar | "texts" | "rows" | "object";
  readonly members: readonly Sketch[];
}

const scalar = fc.constantFrom<Scalar>("number", "integer", "string", "boolean");
const leaf = (name: string): fc.Arbitrary<Sketch> =>
  fc.record({ name: fc.constant(name), required: fc.boolean(), type: scalar, members: fc.constant([]) });
const argument = (name: string): fc.Arbitrary<Sketch> =>
  fc.record({
    name: fc.constant(name),
    required: fc.boolean(),
    type: fc.oneof(
      { weight: 4, arbitrary: scalar },
      { weight: 3, arbitrary: fc.constantFrom("texts" as const, "rows" as const, "object" as const) },
    ),
    members: fc.tuple(leaf("x"), leaf("y")),
  });
const sketches: fc.Arbitrary<readonly Sketch[]> = fc.tuple(argument("a"), argument("b"), argument("c"));

function schemaOf({ type, members }: Sketch): JsonObject {
  switch (type) {
    case "texts":
      return { type: "array", items: { type: "string" } };
    case "rows":
      return { type: "array", items: objectOf(members) };
    case "object":
      return objectOf(members);
    default:
      return { type };
  }
}

function objectOf(members: readonly Sketch[]): JsonObject {
  return {
    type: "object",
    properties: Object.fromEntries(members.map((member) => [member.name, schemaOf(member)])),
    required: members.filter(({ required }) => required).map(({ name }) => name),
  };
}

function valuesOf(sketch: Sketch): fc.Arbitrary<Json> {
  switch (sketch.type) {
    case "number":
      return fc.constantFrom(0, 1, 2.5, -3);
    case "integer":
      return fc.constantFrom(0, 1, 7, -3);
    case "string":
      return fc.constantFrom("", "x", "xy");
    case "boolean":
      return fc.boolean();
    case "texts":
      return fc.array(fc.constantFrom("x", "y"), { maxLength: 3 });
    case "rows":
      return fc.array(argsOf(sketch.members), { maxLength: 3 });
    case "object":
      return argsOf(sketch.members);
    default:
      return sketch.type satisfies never;
  }
}

function argsOf(members: readonly Sketch[]): fc.Arbitrary<JsonObject> {
  const values = Object.fromEntries(members.map((member) => [member.name, valuesOf(member)]));
  const requiredKeys = members.filter(({ required }) => required).map(({ name }) => name);
  return fc.record(values, { requiredKeys }) as fc.Arbitrary<JsonObject>;
}

// Conditions over a, b and c that know nothing of the types, guarded or not.
const place = fc.constantFrom("args.a", "args.b", "args.c", "args.a.x", "args.b.y", "args.c.x", 'args["a"]');
const literal = fc.constantFrom("1", "2.0", '"x"', "true");
const guard = fc.oneof(
  place.filter((it) => it.startsWith("args.")).map((it) => `has(${it})`),
  fc.constantFrom('"a" in args', '"b" in args', '"x" in args.c', "has(args.a) && has(args.a.x)"),
);
const conditions = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.tuple(place, fc.constantFrom("<", ">="), fc.oneof(literal, place)).map((it) => it.join(" ")),
    fc.tuple(place, fc.constantFrom("+", "*", "-"), literal).map((it) => `size([${it.join(" ")}]) == 1`),
    place,
    place.map((it) => `${it}.startsWith("x")`),
    place.map((it) => `size(${it}) > 1`),
    place.map((it) => `"x" in ${it}`),
    fc
      .tuple(
        place,
        fc.constantFrom("all", "exists"),
        fc.constantFrom('i == "x"', "has(i.x) && i.x > 1", "i.y", "i > 'a'"),
      )
      .map(([list, test, body]) => `${list}.${test}(i, ${body})`),
    place.map((it) => `${it}.filter(i, has(i.x)).all(i, i.x > 1)`),
    guard,
    guard,
    fc.tuple(guard, tie("condition")).map(([test, rest]) => `(${test} && ${rest})`),
    fc.tuple(guard, tie("condition")).map(([test, rest]) => `(${rest} && ${test})`),
    fc.tuple(guard, tie("condition")).map(([test, rest]) => `(!(${test}) || ${rest})`),
    fc.tuple(tie("condition"), fc.constantFrom("&&", "||"), tie("condition")).map((it) => `(${it.join(" ")})`),
    tie("condition").map((it) => `!(${it})`),
    fc.tuple(guard, tie("condition"), tie("condition")).map(([test, a, b]) => `(${test} ? ${a} : ${b})`),
  ),
}));

const definitionOf = (members: readonly Sketch[]): JsonObject => ({ name: "t", inputSchema: objectOf(members) });

/** What is wrong with a condition, `undefined` if it does not compile. */
function mistakes(condition: string, definition: JsonObject): readonly string[] {
  const text = `policies: [{ id: p, when: ${JSON.stringify(condition)}, then: { deny: {} } }]`;
  const { errors } = checkAgainstTools([{ name: "p.yaml", text }], [{ upstream: "u", name: "t", definition }]);
  return errors.map(({ message }) => message);
}

/** What a condition comes to for each call: `true`, `false` or why it has no value; `undefined` if it does not compile. */
function outcomes(
  condition: string,
  definition: JsonObject,
  calls: readonly JsonObject[],
): readonly (boolean | string)[] | undefined {
  const text = `policies: [{ id: p, when: ${JSON.stringify(condition)}, then: { deny: {} } }]`;
  const compiled = compilePolicies([{ name: "p.yaml", text }], { default: "allow", flows: undefined });
  if (!compiled.ok) return undefined;
  return calls.map((args) => {
    const [match] = compiled.set.decide(policyInput({ tool: "u/t", definition, arguments: args })).matched;
    return match === undefined ? false : (match.error ?? true);
  });
}

const cases = sketches.chain((members) =>
  fc.record({
    members: fc.constant(members),
    condition: conditions.condition,
    calls: fc.array(argsOf(members), { minLength: 8, maxLength: 16 }),
  }),
);

describe("a condition against random schemas", () => {
  it("in which no mistake is found is never an error for arguments that fit the schema", () => {
    let silent = 0;
    fc.assert(
      fc.property(cases, ({ members, condition, calls }) => {
        const definition = definitionOf(members);
        if (mistakes(condition, definition).length > 0) return;
        const came = outcomes(condition, definition, calls);
        if (came === undefined) return;
        silent += 1;
        expect([condition, came.filter((it) => typeof it !== "boolean")]).toEqual([condition, []]);
      }),
      { numRuns: 1500 },
    );
    expect(silent).toBeGreaterThan(100);
  });

  // Every combination of present and absent, so that a condition without an error really has none.
  const present = (members: readonly Sketch[]): readonly JsonObject[] =>
    members.reduce<readonly JsonObject[]>(
      (all, member) => {
        const values: readonly Json[] = samples(member);
        return all.flatMap((args) => [
          ...(member.required ? [] : [args]),
          ...values.map((value) => ({ ...args, [member.name]: value })),
        ]);
      },
      [{}],
    );
  const samples = (sketch: Sketch): readonly Json[] => {
    switch (sketch.type) {
      case "number":
        return [0, 2.5];
      case "integer":
        return [0, 7];
      case "string":
        return ["", "xy"];
      case "boolean":
        return [true, false];
      case "texts":
        return [[], ["x"], ["y"]];
      case "rows":
        return [[], ...present(sketch.members).map((row) => [row])];
      case "object":
        return present(sketch.members);
      default:
        return sketch.type satisfies never;
    }
  };

  // Authors write guards in good faith: built so that every read of what may be missing is guarded and fits its type.
  const guarded = (members: readonly Sketch[]): fc.Arbitrary<string> => {
    const reads = members.flatMap((member) => readsOf(member, `args.${member.name}`, []));
    const read = fc.constantFrom(...reads);
    return fc.letrec<{ all: string }>((tie) => ({
      all: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        read.map(({ test, guards }) => `(${[...guards, test].join(" && ")})`),
        read.map(({ test, guards }) => `(${[test, ...guards].join(" && ")})`),
        read.map(({ test, guards }) => `(${[...guards.map((it) => `!${it}`), test].join(" || ")})`),
        read.map(({ test, guards }) => guards.reduceRight((rest, it) => `(${it} ? ${rest} : false)`, `(${test})`)),
        fc.tuple(tie("all"), fc.constantFrom("&&", "||"), tie("all")).map((it) => `(${it.join(" ")})`),
        tie("all").map((it) => `!(${it})`),
      ),
    })).all;
  };
  const readsOf = (
    { type, required, members }: Sketch,
    at: string,
    above: readonly string[],
  ): readonly { readonly test: string; readonly guards: readonly string[] }[] => {
    const guards = required ? above : [...above, `has(${at})`];
    switch (type) {
      case "number":
        return [{ test: `${at} * 2.0 > 1.0 && ${at} < 3`, guards }];
      case "integer":
        return [{ test: `${at} * 2 > 1 && ${at} < 3.5`, guards }];
      case "string":
        return [{ test: `${at}.startsWith("x") || ${at} == "y"`, guards }].map((it) => ({
          ...it,
          test: `(${it.test})`,
        }));
      case "boolean":
        return [{ test: at, guards }];
      case "texts":
        return [{ test: `${at}.exists(i, i.contains("x"))`, guards }];
      case "object":
        return members.flatMap((member) => readsOf(member, `${at}.${member.name}`, guards));
      case "rows":
        return members.flatMap((member) =>
          readsOf(member, `i.${member.name}`, []).map((inner) => ({
            test: `${at}.all(i, ${[...inner.guards, inner.test].join(" && ")})`,
            guards,
          })),
        );
      default:
        return type satisfies never;
    }
  };

  it("that is never an error, however the call is made, has no mistake", () => {
    fc.assert(
      fc.property(
        sketches.chain((members) => fc.record({ members: fc.constant(members), condition: guarded(members) })),
        ({ members, condition }) => {
          const definition = definitionOf(members);
          const calls = present(members).slice(0, 64);
          const failed = outcomes(condition, definition, calls)?.filter((it) => typeof it !== "boolean");
          expect([condition, failed]).toEqual([condition, []]);
          expect([condition, ...mistakes(condition, definition)]).toEqual([condition]);
        },
      ),
      { numRuns: 120 },
    );
  });
});

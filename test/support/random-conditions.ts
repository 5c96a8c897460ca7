import fc from "fast-check";
import type { Json, JsonObject } from "../../src/core/json.ts";

// Arguments: mostly of the types that the expressions expect, sometimes of others, sometimes missing. No nulls: the other
// engine takes a member that is null for one that is missing.
const number = fc.oneof(fc.constantFrom(0, -1, 1, 10, 100, 2.5, 1e6), fc.double({ noNaN: true, min: -1e6, max: 1e6 }));
const text = fc.constantFrom(
  "",
  "a",
  "ab",
  "EUR",
  "a@acme.com",
  "a@acme.com.example",
  "release/1",
  "2026-01-31T00:00:00Z",
);
const texts = fc.array(text, { maxLength: 3 });
const member = fc.record({ x: number, s: text, b: fc.boolean() }, { requiredKeys: [] });
const odd = fc.oneof(number, text, fc.boolean(), texts, member);
const rarely = <T extends Json>(usual: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: usual as fc.Arbitrary<Json> }, { weight: 1, arbitrary: odd as fc.Arbitrary<Json> });
/** Arguments of a call. */
export const randomArgs = fc.record(
  {
    n: rarely(number),
    m: rarely(number),
    s: rarely(text),
    t: rarely(text),
    b: rarely(fc.boolean()),
    c: rarely(fc.boolean()),
    l: rarely(texts),
    ns: rarely(fc.array(number, { maxLength: 3 })),
    o: rarely(member),
    os: rarely(fc.array(member, { maxLength: 3 })),
  },
  { requiredKeys: ["n", "s", "b"] },
) as fc.Arbitrary<JsonObject>;
/** Roles of a user. */
export const randomRoles = fc.subarray(["employee", "cfo", "admin"]);

// Conditions as authors write them, nested and combined at random.
const literalText = text.map((it) => JSON.stringify(it));
const literalNumber = fc.constantFrom("0", "1", "10", "100", "2.5", "-1", "0.0", "1e3");
const textExpr = fc.oneof(
  fc.constantFrom("args.s", "args.t", "args.o.s", "user.email", 'args["s"]', "args.l[0]", "args.s + args.t"),
  fc.constantFrom("args.s.lowerAscii()", "(args.b ? args.s : args.t)", "string(args.b)"),
  literalText,
);
const doubleExpr = fc.constantFrom(
  "args.n",
  "args.m",
  "args.o.x",
  "args.ns[0]",
  "args.n + args.m",
  "args.n * 2.0",
  "-args.n",
);
const sizeExpr = fc.constantFrom("size(args.l)", "args.s.size()", "size(args)", "args.os.size()", "size(user.roles)");
const listExpr = fc.constantFrom(
  "args.l",
  "user.roles",
  '["a", "EUR"]',
  "args.l + user.roles",
  "args.l.filter(i, i != 'a')",
);
const comparison = fc.constantFrom("==", "!=", "<", "<=", ">", ">=");
const join = (...parts: readonly (fc.Arbitrary<string> | string)[]): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part))).map((it) => it.join(""));

const conditions = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    join(doubleExpr, " ", comparison, " ", fc.oneof(literalNumber, doubleExpr)),
    join(textExpr, " ", comparison, " ", textExpr),
    join(sizeExpr, " ", comparison, " ", fc.constantFrom("0", "1", "2")),
    join(textExpr, " in ", listExpr),
    join("args.s.", fc.constantFrom("startsWith", "endsWith", "contains"), "(", textExpr, ")"),
    join("args.s.matches(", fc.constantFrom('"^a"', '"[a-z]+@acme[.]com$"', '"(?i)eur"', '"^(a|b)*$"'), ")"),
    fc.constantFrom("args.b", "args.c", "args.o.b", "has(args.m)", "has(args.o.x)", '"n" in args', "has(args.missing)"),
    fc.constantFrom(
      "args.b == args.c",
      "args.n == args.s",
      "args.o == args.o",
      "args.l == user.roles",
      "args.missing > 1.0",
    ),
    fc.constantFrom(
      'timestamp(args.t) < timestamp("2026-06-01T00:00:00Z")',
      "request.time >= timestamp('2026-01-01T00:00:00Z')",
      "request.time.getHours() < 12",
      'request.time.getDayOfWeek("Europe/Berlin") in [0, 6]',
      "request.time - timestamp(args.t) > duration('24h')",
    ),
    join(listExpr, ".", fc.constantFrom("exists", "all", "exists_one"), "(i, i == ", textExpr, ")"),
    join("args.ns.", fc.constantFrom("exists", "all"), "(i, i ", comparison, " ", literalNumber, ")"),
    join("args.os.", fc.constantFrom("exists", "all"), "(i, has(i.x) && i.x ", comparison, " ", literalNumber, ")"),
    join("(", tie("condition"), fc.constantFrom(" && ", " || "), tie("condition"), ")"),
    join("!(", tie("condition"), ")"),
    join("(", tie("condition"), " ? ", tie("condition"), " : ", tie("condition"), ")"),
  ),
}));

/** A condition over those arguments and roles. Not every one compiles. */
export const randomCondition: fc.Arbitrary<string> = conditions.condition;

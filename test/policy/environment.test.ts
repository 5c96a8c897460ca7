import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { parseExact } from "../../src/core/exact-json.ts";
import { ExactNumber } from "../../src/core/exact-number.ts";
import type { Json, JsonObject } from "../../src/core/json.ts";
import { CallContext, readSubjectFacts } from "../../src/policy/cel/context.ts";
import { createPolicyLanguage } from "../../src/policy/cel/environment.ts";
import { evaluate, mistakes, policyInput, policySet, refusalOf } from "../support/policy-inputs.ts";

const mistakeIn = (condition: string) =>
  mistakes(`policies: [{ id: p, when: ${JSON.stringify(condition)}, then: { deny: {} } }]`).map((text) =>
    text.replace(/^\S+ /, ""),
  );

const WHOLE = { inputSchema: { properties: { whole: { type: "integer" } } } };

/** The message of a refusal of this call. */
function renderedOf(message: string, args: JsonObject): string | undefined {
  const text = `policies: [{ id: p, then: { deny: { message: ${JSON.stringify(message)} } } }]`;
  return refusalOf(policySet(text).decide(policyInput({ definition: WHOLE, arguments: args })));
}

const json = (text: string): JsonObject => JSON.parse(text) as JsonObject;

describe("names that a condition may use", () => {
  const sketch = {
    arguments: { amount: 5, note: null, tags: ["a"] },
    principal: { authTime: Date.parse("2026-03-02T09:00:00Z"), acr: "mfa", amr: ["otp"] },
    definition: {
      title: "Create",
      annotations: { readOnlyHint: false },
      _meta: { "acme/tier": 2 },
    },
    request: { session: "s1", endpoint: "finance", headers: { "x-team": "red" } },
  };

  it.each([
    'user.id == "u-1"',
    'user.email == "ann@example.com"',
    'user.name == "Ann"',
    '"employee" in user.roles',
    '"sales" in user.groups',
    '"mcp" in user.scopes',
    'user.issuer == "https://idp.example"',
    'user.claims.department == "sales"',
    'user.acr == "mfa"',
    '"otp" in user.amr',
    'request.time - user.auth_time == duration("30m")',
    'client.id == "agent" && client.name == "claude-code" && client.version == "1.0.0"',
    'client.ip.startsWith("10.") && client.user_agent == "test"',
    'tool.name == "create_expense" && tool.upstream == "expenses" && tool.title == "Create"',
    "!tool.annotations.readOnlyHint",
    'tool.meta["acme/tier"] == 2.0',
    'request.id == "call_1" && request.method == "tools/call" && request.session == "s1"',
    'request.endpoint == "finance" && request.headers["x-team"] == "red"',
    'request.time == timestamp("2026-03-02T09:30:00Z")',
    "args.amount == 5.0 && args.amount == 5 && args.amount > 4",
    "args.note == null && has(args.note)",
    'args.tags == ["a"] && size(args) == 3',
  ])("sees %s", (condition) => {
    expect(evaluate(condition, sketch)).toBe(true);
  });

  it.each([
    ["user.email", { principal: { email: undefined } }],
    ["user.auth_time", {}],
    ["user.acr", {}],
    ["client.id", { client: { id: undefined } }],
    ["request.session", {}],
    ["tool.title", {}],
    ["args.note", {}],
  ])("tells that %s is absent instead of making one up", (name, absent) => {
    expect(evaluate(`has(${name})`, absent)).toBe(false);
    expect(evaluate(`${name} == ${name}`, absent)).toBe(`${name} is missing`);
  });
});

describe("JSON as a condition sees it", () => {
  it.each(["$typeName", "constructor", "toString", "hasOwnProperty", "__proto__", "entries", "size", "get"])(
    "sees the real value under the key %s",
    (key) => {
      const args = json(`{"${key}": 1000000, "inner": {"${key}": 7}}`);
      expect(evaluate(`args["${key}"] > 1000`, { arguments: args })).toBe(true);
      expect(evaluate(`args.inner["${key}"] == 7.0`, { arguments: args })).toBe(true);
      expect(evaluate(`"${key}" in args && size(args.inner) == 1`, { arguments: args })).toBe(true);
    },
  );

  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("has no %s of its own making", (key) => {
    expect(evaluate(`has(args.${key})`, { arguments: { inner: {} } })).toBe(false);
    expect(evaluate(`"${key}" in args.inner`, { arguments: { inner: {} } })).toBe(false);
    expect(evaluate(`user.claims["${key}"] == 1`)).toBe(`user.claims["${key}"] is missing`);
  });

  it("is not fooled by arguments that dress up as another representation", () => {
    const args = { $typeName: "google.protobuf.Struct", fields: { amount: 1 }, amount: 1_000_000 };
    expect(evaluate("args.amount > 1000", { arguments: args })).toBe(true);
  });

  it("compares, walks and counts objects as a whole", () => {
    const args = json('{"a": {"x": 1, "y": [1, {"z": null}]}, "b": {"y": [1, {"z": null}], "x": 1}, "c": {"x": 1}}');
    expect(evaluate("args.a == args.b", { arguments: args })).toBe(true);
    expect(evaluate("args.a == args.c", { arguments: args })).toBe(false);
    expect(evaluate('args.c == {"x": 1.0}', { arguments: args })).toBe(true);
    expect(evaluate("args.c in [args.a, args.c]", { arguments: args })).toBe(true);
    expect(evaluate('args.all(key, key in ["a", "b", "c"])', { arguments: args })).toBe(true);
    expect(evaluate("type(args.a) == map", { arguments: args })).toBe(true);
  });
});

describe("numbers", () => {
  const inputSchema = {
    type: "object",
    properties: {
      count: { type: "integer" },
      price: { type: "number" },
      either: { type: ["integer", "number"] },
      maybe: { anyOf: [{ type: "integer" }, { type: "null" }] },
      list: { type: "array", items: { type: "integer" } },
      nested: { type: "object", properties: { n: { $ref: "#/$defs/n" } } },
      tree: { $ref: "#/$defs/tree" },
      free: { type: "object", additionalProperties: { type: "integer" } },
    },
    $defs: {
      n: { type: "integer" },
      tree: { properties: { n: { type: "integer" }, child: { $ref: "#/$defs/tree" } } },
    },
  };
  const definition = { name: "create_expense", inputSchema };

  it.each([
    ["count", { count: 7 }],
    ["maybe", { maybe: 7 }],
    ["list[0]", { list: [7] }],
    ["nested.n", { nested: { n: 7 } }],
    ["tree.child.child.n", { tree: { child: { child: { n: 7 } } } }],
    ["free.anything", { free: { anything: 7 } }],
  ])("are integers at args.%s, where the tool's schema says so", (path, args) => {
    expect(evaluate(`args.${path} % 2 == 1 && args.${path} + 1 == 8`, { definition, arguments: args })).toBe(true);
  });

  it.each([
    ["price", { price: 7 }],
    ["either", { either: 7 }],
    ["unknown", { unknown: 7 }],
  ])("are doubles at args.%s, whatever the caller sends", (path, args) => {
    expect(evaluate(`type(args.${path}) == double && args.${path} + 1.0 == 8.0`, { definition, arguments: args })).toBe(
      true,
    );
  });

  it("stay doubles where an integer was promised and a fraction came", () => {
    expect(evaluate("args.count > 7", { definition, arguments: { count: 7.5 } })).toBe(true);
  });

  it.each([
    ["1.0", true],
    ["0.50", false],
    ["1.0000000000000000000001", "a number has more digits than a double"],
    ["9007199254740993", "a number has more digits than a double"],
    ["1e400", "a number has more digits than a double"],
    ["1e21", false],
  ])("are read as they were written: %s", (amount, outcome) => {
    const given = { amount: new ExactNumber(amount) };
    expect(evaluate("args.amount == 1.0", { arguments: given })).toBe(outcome);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "are refused where they are none: %d",
    (amount) => {
      const text = "a number is beyond ±(2^53-1)";
      expect(evaluate("args.amount > 1", { arguments: { amount } })).toBe(text);
      expect(evaluate("args.other > 1", { arguments: { amount, other: 2 } })).toBe(true);
    },
  );

  // As a body has them: beyond 2^53 the nearest double of the next number is this one, too.
  it.each([
    ["9007199254740994", "9007199254740993", "9007199254740995"],
    ["9.007199254740994e15", "9007199254740993", "9007199254740995"],
    ["-9007199254740992", "-9007199254740993", "-9007199254740991"],
    ["1152921504606846976", "1152921504606846975", "1152921504606846977"],
    ["9223372036854774784", "9223372036854774783", "9223372036854774785"],
    ["-9223372036854774784", "-9223372036854774785", "-9223372036854774783"],
  ])("beyond 2^53 are what they are, between the integers beside them: %s", (text, below, above) => {
    const all = parseExact(`{"whole":${text},"any":${text}}`) as JsonObject;
    for (const name of ["whole", "any"]) {
      const is = (it: string) => evaluate(it.replaceAll("X", `args.${name}`), { definition: WHOLE, arguments: all });
      const exact = BigInt(above) - 1n;
      expect([name, is(`X == ${exact} && X in [${below}, ${exact}] && [X] == [${exact}]`)]).toEqual([name, true]);
      expect([name, is(`X != ${below} && X != ${above} && !(X in [${below}, ${above}])`)]).toEqual([name, true]);
      expect([name, is(`X > ${below} && X < ${above} && X >= ${exact} && X <= ${exact}`)]).toEqual([name, true]);
      expect([name, is(`${below} < X && ${above} > X && int(X) - ${exact} == 0`)]).toEqual([name, true]);
      const message = renderedOf(`{{ args.${name} }}`, all);
      expect([name, message]).toEqual([name, `${exact}`]);
    }
    expect(evaluate("type(args.whole) == int && type(args.any) == double", { definition: WHOLE, arguments: all })).toBe(
      true,
    );
  });

  it.each([
    ["9223372036854775808", "9223372036854775808"],
    ["12345678901234567168", "12345678901234567168"],
    ["100000000000000000000", "100000000000000000000"],
    ["1e20", "100000000000000000000"],
    ["1e21", "1000000000000000000000"],
    ["-1E+21", "-1000000000000000000000"],
    ["123456789012345685803008", "123456789012345685803008"],
  ])("beyond 64 bits are doubles where an integer was promised, too: %s", (text, digits) => {
    const all = parseExact(`{"whole":${text},"any":${text}}`) as JsonObject;
    for (const name of ["whole", "any"]) {
      const is = (it: string) => evaluate(it.replaceAll("X", `args.${name}`), { definition: WHOLE, arguments: all });
      const sign = digits.startsWith("-") ? "-X" : "X";
      expect(is(`${sign} > 10.0 && ${sign} > 9223372036854775807 && X == X && type(X) == double`)).toBe(true);
      expect(is("X == 9223372036854775807 || X in [9223372036854775807, 10]")).toBe(false);
      expect(is("int(X) > 0")).toBe("int() was given a number of more than 64 bits");
      expect(renderedOf(`{{ args.${name} }}`, all)).toBe(digits);
    }
  });

  it("are no text where it would have other digits", () => {
    const of = (text: string) =>
      evaluate('string(args.n) == "1"', { arguments: parseExact(`{"n":${text}}`) as JsonObject });
    expect(of("12345678901234567168")).toBe("string() was given a number whose digits it does not keep");
    expect(of("9007199254740994")).toBe(false);
    expect(of("1e21")).toBe(false);
  });

  it.each(["9007199254740993", "-9007199254740995", "12345678901234567000", "1e23", "1e400", "0.1000000000000000055"])(
    "that are no double cannot be read, whoever says it: %s",
    (text) => {
      const arguments_ = parseExact(`{"whole":${text},"any":${text},"list":[${text}]}`) as JsonObject;
      for (const part of ["args.whole", "args.any", "args.list[0]"]) {
        const found = evaluate(`${part} > 10.0 || ${part} < 10.0`, { definition: WHOLE, arguments: arguments_ });
        expect([part, found]).toEqual([part, expect.stringContaining("number")]);
      }
      expect(renderedOf("{{ args.any }}", arguments_)).toBe("[not available]");
    },
  );

  it.each([
    ["9007199254740993", "9007199254740992"],
    ["12345678901234567000", "12345678901234567168"],
    ["1e23", "99999999999999991611392"],
  ])("in a file of policies or of tests are not rounded: %s", (text, read) => {
    const message = `1:39 The number ${text} has more digits than a double, and would be read as ${read}.`;
    expect(mistakes(`policies: [{ id: p, metadata: { size: ${text} }, then: { deny: {} } }]`)).toEqual([message]);
  });

  it("of a token's claims are not read beyond 2^53, where the token's reader has rounded them", () => {
    const principal = {
      claims: JSON.parse('{"n":9007199254740993,"in":[{"n":9007199254740994}],"m":5}') as JsonObject,
    };
    expect(evaluate("user.claims.n > 10", { principal })).toBe("a number is beyond ±(2^53-1)");
    expect(evaluate('user.claims["in"][0].n > 10', { principal })).toBe("a number is beyond ±(2^53-1)");
    expect(evaluate("user.claims.m == 5", { principal })).toBe(true);
  });
});

describe("limits", () => {
  const nested = (depth: number): JsonObject => (depth === 0 ? { leaf: true } : { down: nested(depth - 1) });
  const path = (depth: number) => `args${".down".repeat(depth)}.leaf`;

  it("reads eight levels below args and refuses the ninth, for the policies that read it", () => {
    expect(evaluate(path(8), { arguments: nested(8) })).toBe(true);
    expect(evaluate(path(9), { arguments: nested(9) })).toBe("a value is nested too deeply to be read by a policy");
    expect(evaluate("args.ok", { arguments: { ...nested(60), ok: true } })).toBe(true);
  });

  it("reads lists of a thousand items and refuses longer ones, for the policies that read them", () => {
    const list = (length: number) => ({ list: Array.from({ length }, () => 1), ok: true });
    expect(evaluate("args.list.all(x, x == 1.0)", { arguments: list(1000) })).toBe(true);
    const text = "a list or an object is too long to be read by a policy";
    expect(evaluate("args.list.all(x, x == 1.0)", { arguments: list(1001) })).toBe(text);
    expect(evaluate("size(args.list) > 5000", { arguments: list(1001) })).toBe(text);
    expect(evaluate("args.ok", { arguments: list(100_000) })).toBe(true);
  });

  it("counts the items of lists in lists together", () => {
    const rows = { rows: Array.from({ length: 200 }, () => Array.from({ length: 100 }, () => 1)) };
    expect(evaluate("size(args.rows) > 0", { arguments: rows })).toContain("too long");
  });

  it("refuses objects of more than a thousand members", () => {
    const wide = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`k${index}`, 1]));
    expect(evaluate("args.wide.k0 == 1.0", { arguments: { wide } })).toContain("too long");
    expect(evaluate("args.k0 == 1.0", { arguments: wide })).toContain("too long");
  });

  it("refuses to read a text beyond a megabyte", () => {
    expect(evaluate('args.text.contains("a")', { arguments: { text: "b".repeat(1_048_577) } })).toContain("too long");
  });

  it("bounds what split() makes", () => {
    const args = { text: "a,".repeat(2000) };
    expect(evaluate('size(args.text.split(",")) > 0', { arguments: args })).toBe("split() gives more than 1000 parts");
    expect(evaluate('args.text.split(",", 2)[0] == "a"', { arguments: args })).toBe(true);
    expect(evaluate('"a,b,c".split(",", 2) == ["a", "b,c"] && "a,b".split(",", -1) == ["a", "b"]')).toBe(true);
  });

  it.each([
    "args.a.all(x, args.b.all(y, args.c.all(z, z == x)))",
    "args.a.exists(x, args.b.filter(y, args.c.exists_one(z, z == x)).size() > 0)",
    "args.a.map(x, args.b.map(y, args.c.map(z, z))).size() > 0",
    "args.a.all(x, args.b.all(y, y in args.c))",
  ])("refuses loops in loops in loops: %s", (condition) => {
    expect(mistakeIn(condition)).toEqual(["Comprehensions stand in each other more than 2 deep."]);
  });

  it("allows two levels, and any number beside each other", () => {
    const args = { a: [1, 2], b: [1, 2, 3], c: [3] };
    expect(evaluate("args.a.all(x, args.b.exists(y, x == y))", { arguments: args })).toBe(true);
    expect(
      evaluate("args.b.filter(x, x > 1).map(x, x * 2.0).exists(x, x in args.c || x == 4.0)", { arguments: args }),
    ).toBe(true);
  });

  it("refuses a text that would exhaust the stack", () => {
    expect(mistakeIn(`${"(".repeat(2000)}true${")".repeat(2000)}`)).toEqual(["Exceeded maxDepth (64)."]);
    expect(mistakeIn(`1${"+1".repeat(2000)} > 0`)).toEqual(["Exceeded maxAstNodes (2000)."]);
    expect(mistakeIn("!".repeat(4000))).toHaveLength(1);
  });

  it("keeps nothing of the shapes that calls have", () => {
    const set = policySet(
      'policies: [{ id: p, when: "args.a == args.b || args.a in [args.b] || size(args.a) > 9", then: { deny: {} } }]',
    );
    // A nest of lists and objects, seven deep; the bits of `seed` say which is which.
    const nest = (seed: number, depth = 7): Json => {
      if (depth === 0) return [1, "a", true, null][seed % 4] ?? null;
      return (seed >> depth) % 2 === 0 ? [nest(seed, depth - 1)] : { [`k${seed}`]: nest(seed, depth - 1) };
    };
    const shape = (seed: number): JsonObject => ({
      a: nest((seed * 7919) % 65_521),
      b: nest((seed * 104_729) % 65_519),
    });
    const run = (from: number, to: number) => {
      for (let seed = from; seed < to; seed++) set.decide(policyInput({ arguments: shape(seed) }));
    };
    run(0, 2000);
    const before = settledHeap();
    run(2000, 22_000);
    expect(settledHeap() - before).toBeLessThan(1_000_000);
  });
});

describe("regular expressions", () => {
  it("are matched in linear time", () => {
    const args = { text: `${"a".repeat(50_000)}!` };
    expect(evaluate('args.text.matches("(a+)+$")', { arguments: args })).toBe(false);
  });

  it.each([
    ["^[a-z]+$", "abc", true],
    ["b", "abc", true],
    ["(?i)ABC", "xabcx", true],
    ["\\\\pL+", "é", true],
    ["^[[:alpha:]]+\\\\z", "abc", true],
    ["^b", "abc", false],
  ])("are RE2 and match anywhere: %s", (pattern, text, matches) => {
    expect(evaluate(`args.text.matches("${pattern}")`, { arguments: { text } })).toBe(matches);
  });

  it("are known to the policy set that they stand in, and to no other", () => {
    const [own, other] = [createPolicyLanguage(), createPolicyLanguage()];
    const compiled = own.condition('args.text.matches("^a")');
    const alike = other.condition('args.text.matches("^a")');
    const different = other.condition('args.text.matches("^b")');
    const input = policyInput({ arguments: { text: "abc" } });
    const context = () => new CallContext(input, readSubjectFacts(input.subject));
    expect([compiled, alike, different].map((each) => (each.ok ? each.run(context()) : each))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it.each([
    "args.tags.exists(t, t.matches('^x'))",
    "cel.bind(t, args.tags[1], t.matches('^x'))",
    "args.tags.filter(t, t.matches('^x')).size() == 1",
    "true ? args.tags[1].matches('^x') : false",
    "{'k': args.tags[1].matches('^x')}['k']",
    "[args.tags[1].matches('^x')][0]",
    "!(!args.tags[1].matches('^x'))",
  ])("are RE2 wherever they stand: %s", (condition) => {
    expect(evaluate(condition, { arguments: { tags: ["ax", "xa"] } })).toBe(true);
    expect(mistakeIn(condition.replace("'^x'", "'(?=x)'"))[0]).toContain("not a valid pattern");
  });

  it.each([
    ["args.text.matches(args.pattern)", "matches() takes a literal pattern only."],
    ["args.text.matches('a' + 'b')", "matches() takes a literal pattern only."],
    ["matches(args.text, 'a')", "Found no matching overload for 'matches(dyn, string)'."],
  ])("are refused where the caller could choose them: %s", (condition, message) => {
    expect(mistakeIn(condition)).toEqual([message]);
  });

  it("fail closed on what is not a text", () => {
    expect(evaluate("args.text.matches('a')", { arguments: { text: 5 } })).toContain("does not fit the types");
  });
});

describe("time", () => {
  it.each(["90", "", "1d", "1 h", "s", "-", "5m30", "PT1H", "1h,30m"])("has no duration %j", (text) => {
    const hint = "This is not a duration.";
    expect(mistakeIn(`request.time - request.time > duration("${text}")`)).toEqual([hint]);
  });

  it.each(["90s", "-1.5h", "+2h45m", "300ms", ".5s", "1.s", "1us2ns"])("has the duration %j", (text) => {
    expect(evaluate(`duration("${text}") == duration(args.d)`, { arguments: { d: text } })).toBe(true);
  });

  it.each([
    "January 1, 2025",
    "January 1, 2025 12:00",
    "2025-02-30T00:00:00Z",
    "2025-01-01",
    "2025-01-01T00:00:00",
    "2025-01-01 00:00:00Z",
    "2025-01-01T24:00:00Z",
    "2025-01-01T00:00:60Z",
    "2025-01-01T00:00:00+24:00",
  ])("is not read from %s", (text) => {
    expect(mistakeIn(`request.time > timestamp("${text}")`)).toEqual(["This is not an RFC 3339 timestamp."]);
    expect(evaluate("request.time > timestamp(args.at)", { arguments: { at: text } })).toContain("not RFC 3339");
  });

  it.each([
    ["2026-03-02T09:30:00Z", "==", "2026-03-02T10:30:00+01:00"],
    ["2026-03-02T09:30:00.5Z", "==", "2026-03-02t09:30:00.500z"],
    ["0099-01-01T00:00:00Z", "<", "1999-01-01T00:00:00Z"],
    ["2024-02-29T00:00:00Z", "<", "2024-03-01T00:00:00-00:30"],
  ])("is read from RFC 3339: %s %s %s", (left, operator, right) => {
    expect(evaluate(`timestamp("${left}") ${operator} timestamp("${right}")`)).toBe(true);
  });

  it.each([
    'request.time.getHours() == 9 && request.time.getHours("Europe/Berlin") == 10',
    'request.time.getHours("+05:30") == 15 && request.time.getMinutes("+05:30") == 0',
    'request.time.getDayOfWeek() == 1 && request.time.getDayOfWeek("Pacific/Kiritimati") == 1',
    'request.time.getDate("America/Los_Angeles") == 2 && request.time.getDayOfMonth("America/Los_Angeles") == 1',
    'timestamp("2026-03-29T00:59:59Z").getHours("Europe/Berlin") == 1',
    'timestamp("2026-03-29T01:00:00Z").getHours("Europe/Berlin") == 3',
    'timestamp("2026-12-31T23:30:00Z").getFullYear("Europe/Berlin") == 2027',
    'timestamp("2026-12-31T23:30:00Z").getDayOfYear() == 364',
    'timestamp("2026-12-31T23:30:00Z").getDayOfYear("Europe/Berlin") == 0',
    'timestamp("2026-07-02T12:00:00.250Z").getMilliseconds("Europe/Berlin") == 250',
    'duration("90m").getHours() == 1',
    "timestamp(0) < request.time && timestamp(request.time) == request.time",
  ])("has parts that depend on the zone that is asked for alone: %s", (condition) => {
    expect(evaluate(condition)).toBe(true);
  });

  it("is in no zone that does not exist", () => {
    expect(mistakeIn('request.time.getHours("Mars/Olympus") > 8')).toEqual(["There is no such time zone."]);
    expect(evaluate("request.time.getHours(args.zone) > 8", { arguments: { zone: "nowhere" } })).toContain("time zone");
  });
});

describe("what other languages write", () => {
  it.each([
    ["args.a = 1", "=="],
    ["args.a == 1 and args.b", "&&"],
    ["args.a == 1 OR args.b", "||"],
    ["not args.a", "!"],
    ["args.a & args.b", "&&"],
  ])("is told how CEL writes it: %s", (condition, instead) => {
    const compiled = createPolicyLanguage().condition(condition);
    expect(!compiled.ok && compiled.problems.map(({ hint }) => hint)).toEqual([`CEL writes \`${instead}\`.`]);
  });
});

describe("mistakes found at load", () => {
  it.each([
    ["agrs.amount > 1", "Unknown variable: agrs."],
    ["user.rolez == []", "No such key: rolez."],
    ["has(user.rolez)", "`user` has no field `rolez`."],
    ["has(tool.nmae)", "`tool` has no field `nmae`."],
    ["has(request.id.x)", "`request.id` is a string and has no fields."],
    ["has(agrs.path)", "Unknown variable: agrs."],
    ['has(args["path"])', "has() takes a selection such as args.note."],
    ["args.items.exists(i, has(user.nope) && i == 1)", "`user` has no field `nope`."],
    ["args.items.exists(args, args == 1)", "`args` already has a meaning here."],
    ["cel.bind(user, args.user, user.x == 1)", "`user` already has a meaning here."],
    ["size(args.items)", "A condition must be true or false; the type of this is int."],
    ["user.email", "A condition must be true or false; the type of this is string."],
    ["'a' + 1 == 'a1'", "No such overload: string + int."],
    ["user.name > 5", "No such overload: string > int."],
    ["user.email.startWith('a')", "Found no matching overload for 'string.startWith(string)'."],
    ["args.ok &&", "Unexpected end."],
    ["~args.ok", "Unexpected character: ~."],
    ["args.a === 1", "Unexpected character: =."],
    ['args.a == "abc', "Unterminated string."],
    ["{'a': 1, 'a': 2}[args.k] > 1", 'The key "a" is in this map twice.'],
    ["{'constructor': 1}[args.k] > 1", 'The key "constructor" cannot be used in a map.'],
    ["{1: 'a'}[1] == args.k", "The keys of a map must be strings in quotes."],
    ["{args.k: 1}.size() == 1", "The keys of a map must be strings in quotes."],
    ["bytes(args.text).json().x == 1", "json() is not available: it would read unchecked data."],
    ["args.?a.hasValue()", "Expected a name, got QUESTION."],
  ])("refuses %s", (condition, message) => {
    const [first = "", ...more] = mistakeIn(condition);
    expect(first.startsWith(message), first).toBe(true);
    expect(more).toEqual([]);
  });
});

describe("evaluation", () => {
  it.each([
    ["args.ok", { ok: "true" }, "its value is neither true nor false"],
    ["args.ok", { ok: 1 }, "its value is neither true nor false"],
    ["args.ok", {}, "args.ok is missing"],
    ["!args.ok", { ok: "x" }, "!args.ok does not fit the types of its values"],
    ["args.a + 1 > 2", { a: 1 }, "args.a + 1 does not fit the types of its values"],
    ["args.a < 3", { a: "x" }, "args.a < 3 does not fit the types of its values"],
    ["args.list[5] == 1", { list: [] }, "args.list[5] is not in the list"],
    ["args.a.b.c == 1", { a: {} }, "args.a.b is missing"],
    ["int(args.text) > 1", { text: "secret-1" }, "int(args.text) cannot be evaluated"],
    ["bool(args.text)", { text: "secret-2" }, "bool(args.text) cannot be evaluated"],
    ["duration(args.text) > duration('1s')", { text: "secret-3" }, "duration(args.text) cannot be evaluated"],
    ["args.map[args.key] == 1", { map: {}, key: "secret-4" }, "args.map[args.key] is missing"],
    ["args.all(x, x > 1)", { "secret-5": 1 }, "x > 1 does not fit the types of its values"],
  ])("explains why %s has no value, without values of the call", (condition, args, error) => {
    expect(evaluate(condition, { arguments: args })).toBe(error);
  });

  it.each([
    ["true || args.missing == 1", true],
    ["args.missing == 1 || true", true],
    ["args.missing == 1 && false", false],
    ["!has(args.p) || args.p == 'x'", true],
    ["args.l.exists(r, r.x == 1.0)", true],
    ["args.l.all(r, r.x == 2.0)", false],
  ])("lets the other side of a logical operator decide: %s", (condition, value) => {
    expect(evaluate(condition, { arguments: { l: [{}, { x: 1 }] } })).toBe(value);
  });

  it("does not write to what it reads", () => {
    const args = Object.freeze({ list: Object.freeze([Object.freeze({ a: 1 })]) });
    expect(evaluate("args.list.map(x, x.a * 2.0) == [2.0]", { arguments: args })).toBe(true);
  });
});

// Garbage is collected before the heap is measured, so that the number is what is kept.
function settledHeap(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().heapUsed;
}

import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type CheckScope, checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { KnownTool } from "../../src/policy/known-tool.ts";
import type { KnownFacts } from "../../src/policy/values/facts.ts";

const inputSchema: JsonObject = {
  type: "object",
  properties: {
    count: { type: "integer", minimum: 0 },
    amount: { type: "number" },
    currency: { enum: ["EUR", "USD"] },
    level: { enum: [1, 2] },
    iban: { type: "string", pattern: "^[A-Z]{2}[0-9]+$", minLength: 5, maxLength: 34 },
    free: { type: "string" },
    day: { type: "string", format: "date" },
    mail: { type: "string", format: "email" },
    moment: { type: "string", format: "date-time" },
    few: { type: "array", items: { type: "string" }, maxItems: 2 },
    lines: {
      type: "array",
      items: { type: "object", properties: { kind: { const: "in" }, n: { type: "number" } }, required: ["kind", "n"] },
    },
  },
  required: ["count", "amount", "currency", "level", "iban", "free", "few", "day", "mail", "moment", "lines"],
};
const tool = (upstream: string, name: string): KnownTool => ({
  upstream,
  name,
  definition: { name, title: `Do ${name}`, inputSchema },
});
const TOOLS = [tool("srv", "read"), tool("srv", "write")];
const FACTS: KnownFacts = {
  endpoints: ["team", "srv"],
  issuers: ["https://idp.acme.com", "portcullis:keys"],
  headers: ["origin", "user-agent"],
};

interface Found {
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

function check(policy: string, tools = TOOLS, scope: CheckScope = { facts: FACTS }): Found {
  const files = [{ name: "p.yaml", text: `policies:\n- ${policy}\n` }];
  const compiled = compilePolicies(files, { default: "allow", flows: ["finance"] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const { errors, warnings } = checkAgainstTools(files, tools, scope);
  const shown = ({ message, hint }: (typeof errors)[number]) => `${message}${hint === undefined ? "" : ` ${hint}`}`;
  return { errors: errors.map(shown), warnings: warnings.map(shown) };
}
const condition = (when: string, effect = "deny", tools = TOOLS, scope?: CheckScope): Found =>
  check(`{ id: p, when: ${JSON.stringify(when)}, then: { ${effect}: {} } }`, tools, scope);

// Of each fact a value that it can have, and one that it never has.
const TEXTS: readonly (readonly [fact: string, live: string, dead: string])[] = [
  ["tool.name", "read", "srv__read"],
  ["tool.name", "write", "srv/write"],
  ["tool.upstream", "srv", "srvv"],
  ["tool.title", "Do read", "Do it"],
  ["request.method", "tools/call", "tools/Call"],
  ["request.method", "prompts/get", "tools/list"],
  ["prompt.name", "summary", ""],
  ["resource.uri", "file:///hr/a.txt", ""],
  ["request.endpoint", "team", "teem"],
  ["request.endpoint", "", "/mcp/team"],
  ["user.issuer", "https://idp.acme.com", "https://idp.acme.com/"],
  ["client.ip", "10.0.0.1", "10.0.0.0/8"],
  ["client.ip", "2001:db8::1", "2001:DB8::1"],
  ["client.ip", "::1", "::ffff:10.0.0.1"],
  ["user.id", "bob", ""],
  ["user.acr", "mfa", ""],
  ["request.session", "s", ""],
  ["user.claims.iss", "https://idp.acme.com", "https://idp.acme.com/"],
  ["user.scopes[0]", "read", "read write"],
  ["user.email.lowerAscii()", "ann@acme.com", "Ann@acme.com"],
  ["request.method.upperAscii()", "TOOLS/CALL", "tools/call"],
  ["args.currency", "EUR", "CHF"],
  ["args.iban", "DE1234", "de1234"],
  ["args.iban", "DE1234", "D1"],
  ["args.iban", "DE1234", `DE${"1".repeat(40)}`],
  ["args.lines[0].kind", "in", "out"],
  ['args["lines"][0]["kind"]', "in", "out"],
  ['args["currency"]', "EUR", "CHF"],
  ['("x-" + args.currency)', "x-EUR", "EUR"],
  ["args.lines.map(l, l.kind)[0]", "in", "out"],
  ['tool["name"]', "read", "srv__read"],
  ['(tool["upstream"] + "/" + tool.name)', "srv/read", "srv__read"],
  ['("srv/" + user.id + "!")', "srv/bob!", "srv/bob"],
  ['(tool.upstream + "/" + user.id)', "srv/bob", "srvv/bob"],
  ["user.email", "ann@acme.com", "ann"],
  ['user["email"]', "ann@acme.com", "@acme.com"],
  ["user.email.trim().lowerAscii()", "ann@acme.com", "ann@Acme.com"],
  ["args.free.trim()", "a b", " a"],
  ["args.iban.lowerAscii()", "de1234", "de12x4"],
  ["string(args.count > 1)", "true", "yes"],
  ["string(args.count)", "5", "five"],
];
const NUMBERS: readonly (readonly [fact: string, live: string, dead: string])[] = [
  ["args.amount", "9007199254740991", "9007199254740993"],
  ["args.amount", "1e300", "-9007199254740993"],
  ["args.amount", "9007199254740994", "9223372036854775807"],
  ["args.count", "9007199254740994", "9007199254740995"],
  ["args.count", "5", "9007199254740993"],
  ["args.count", "5", "5.5"],
  ["args.level", "2", "3"],
  ['args["level"]', "2", "3"],
  ["(args.level + 1.0)", "3.0", "4.0"],
  ["-args.level", "-2", "2"],
  ["user.claims.limit", "5", "9007199254740993"],
  ["args.lines[0].anything", "5", "9007199254740993"],
];
const quoted = (text: string): string => JSON.stringify(text);
const ALL = [...TEXTS.map(([fact, live, dead]) => [fact, quoted(live), quoted(dead)] as const), ...NUMBERS];

describe("a comparison with a value that a fact never has", () => {
  const WAYS: readonly (readonly [string, (fact: string, value: string) => string])[] = [
    ["==", (fact, value) => `${fact} == ${value}`],
    ["== the other way round", (fact, value) => `${value} == ${fact}`],
    ["!=", (fact, value) => `${fact} != ${value}`],
    ["!= the other way round", (fact, value) => `${value} != ${fact}`],
    ["in", (fact, value) => `${fact} in [${value}]`],
    ["in the other way round", (fact, value) => `${value} in [${fact}]`],
    ["a negation", (fact, value) => `!(${fact} == ${value})`],
    ["a choice", (fact, value) => `user.id == "x" ? ${fact} == ${value} : false`],
    ["beside others", (fact, value) => `user.id == "x" && (${fact} == ${value} || user.id == "y")`],
    ["inside a comprehension", (fact, value) => `user.roles.exists(r, r == "x" && ${fact} == ${value})`],
    ["by the sides of a choice", (fact, value) => `(user.id == "x" ? ${fact} : ${fact}) == ${value}`],
    ["by a choice of lists", (fact, value) => `${fact} in (user.id == "x" ? [${value}] : [${value}])`],
    ["in lists that are joined", (fact, value) => `${fact} in [${value}] + [${value}]`],
    ["out of a list", (fact, value) => `[${fact}][0] == ${value}`],
    ["out of an object", (fact, value) => `{"a": ${fact}}.a == ${value}`],
    ["out of an object by index", (fact, value) => `{"a": ${fact}}["a"] == ${value}`],
    ["by cel.bind", (fact, value) => `cel.bind(f, ${fact}, f == ${value})`],
    ["by a variable of one", (fact, value) => `[${value}].exists(v, v == ${fact})`],
  ];

  it.each(WAYS)("is found, written with %s", (_way, write) => {
    const missed = ALL.flatMap(([fact, live, dead]) => {
      const name = "lines[0].anything";
      const others = fact.endsWith(name) ? /never/ : /./;
      const [good, bad] = [condition(write(fact, live)), condition(write(fact, dead))];
      const noise = fact.endsWith(name) ? [] : good.errors;
      const found = bad.errors.filter((it) => others.test(it)).length > 0;
      return [...noise.map((it) => `${write(fact, live)}: ${it}`), ...(found ? [] : [write(fact, dead)])];
    });
    expect(missed).toEqual([]);
  });

  it("is a warning in a list where another one can occur", () => {
    const alike = ([fact, live, dead]: readonly [string, string, string]): boolean =>
      !fact.includes("anything") && (live.startsWith('"') || /[.e]/.test(live) === /[.e]/.test(dead));
    const found = ALL.filter(alike).map(([fact, live, dead]) => {
      const { errors, warnings } = condition(`${fact} in [${live}, ${dead}]`);
      // Some facts are what a server says, which is warned of, too.
      return [errors.length, warnings.filter((it) => !it.includes("goes by what servers say")).length];
    });
    expect(found).toEqual(found.map(() => [0, 1]));
  });

  it("is found where no tool is known, unless it is about the tool", () => {
    const scope = { facts: FACTS, listed: false };
    for (const when of ['request.endpoint == "teem"', 'request.method == "tools/Call"', "args.a == 9007199254740993"]) {
      expect([when, condition(when, "deny", [], scope).errors.length]).toEqual([when, 1]);
    }
    expect(condition('tool.name == "srv__read" || args.currency == "CHF"', "deny", [], scope)).toEqual({
      errors: [],
      warnings: [],
    });
  });

  it("is not found where nobody knows what the fact can be", () => {
    const whens = [
      'request.endpoint == "teem"',
      'user.issuer == "x"',
      'request.headers["x-team"] == "a"',
      'user.id == "X"',
    ];
    for (const when of whens) expect(condition(when, "deny", TOOLS, {})).toEqual({ errors: [], warnings: [] });
    const others = { facts: FACTS, unlisted: ["new"] };
    expect(condition('tool.name == "srv__read"', "deny", TOOLS, others)).toEqual({ errors: [], warnings: [] });
  });

  it("says what the fact is instead", () => {
    expect(condition('tool.name == "srv__read"').errors).toEqual([
      '`tool.name` is never "srv__read". It is the upstream\'s own name of the tool, and of those in the target: "read", "write".',
    ]);
    expect(condition('request.endpoint != "x"').errors).toEqual([
      '`request.endpoint` is never "x". It is "srv", "team", or empty for /mcp itself.',
    ]);
  });

  it.each([
    ["deny", 'args.currency == "EURO"', true],
    ["deny", 'args.currency != "EURO"', false],
    ["deny", '!(args.currency == "EURO")', false],
    ["deny", '!(args.currency != "EURO")', true],
    ["deny", '(args.currency == "EURO") == true', false],
    ["deny", 'args.currency in ["EURO"]', true],
    ["allow", 'args.currency == "EURO"', false],
    ["allow", 'args.currency != "EURO"', true],
    ["allow", '!(args.currency == "EURO")', true],
    ["allow", 'args.currency in ["EURO"]', false],
  ])("proposes another value for %s of %s only if no call gets further by it", (effect, when, proposes) => {
    const said = condition(when, effect).errors.join();
    expect([said.includes("Did you mean"), said.includes("It is one of")]).toEqual([proposes, !proposes]);
  });
});

describe("a test that is false of everything that a fact can be", () => {
  it.each([
    ['tool.name.startsWith("srv__")'],
    ['tool.name.endsWith("/read")'],
    ['tool.upstream.contains("x")'],
    ['tool.name.matches("^srv")'],
    ['request.endpoint.startsWith("/mcp")'],
    ['request.method.lowerAscii().startsWith("roots/")'],
    ['args.currency.startsWith("e")'],
    ["size(args.free) < 0"],
    ["args.free.size() <= -1"],
    ['args.free.indexOf("x") < -1'],
    ["request.time.getMonth() == 12"],
    ["request.time.getDayOfWeek() in [1, 7]"],
    ["request.time.getHours() > 23"],
    ["args.level > 2"],
    ['tool["name"].startsWith("srv__")'],
    ['(tool.upstream + "/" + user.id).startsWith("srvv/")'],
    ['args.free.lowerAscii().contains("DROP")'],
    ['args.free.lowerAscii().matches("^DROP")'],
    ['args.free.upperAscii().endsWith("drop")'],
    ['args.free.trim().startsWith(" ")'],
    ['args.free.lowerAscii().indexOf("DROP") >= 0'],
    ["user.claims.exp < request.time"],
    ['user.email.contains(" ")'],
    ['client.ip.startsWith("10.0.0.0/")'],
    ['user.scopes.exists(s, s.contains(" "))'],
    ['user.email.startsWith("@acme.com")'],
    ['args.iban.startsWith("de")'],
    ['args.iban.endsWith("X")'],
    ['args.iban.contains("-")'],
    [`args.iban.contains("${"1".repeat(40)}")`],
    ["size(args.iban) < 5"],
    ["args.iban.size() == 35"],
    ["size(args.currency) > 3"],
    ["size(args.few) == 3"],
    ["args.few.filter(i, i.contains('x')).size() > 2"],
    ["args.count % 2 == 3"],
    ["args.count % 2 < 0"],
    ['request.time - user.auth_time < duration("0s")'],
    ['user.auth_time - request.time >= duration("1ms")'],
    ["user.auth_time > request.time"],
    ["'cfo' == 'cto'"],
    ["1 > 2"],
    ["1 == 1"],
    ["args.amount > 100 && args.amount < 50"],
    ["args.count == 1 && user.id == 'x' && args.count == 2"],
    ["args.count > 5 || user.id == 'x' || 5 >= args.count"],
    ["args.currency == 'EUR' && args[\"currency\"] == 'USD'"],
    ["args.currency != 'EUR' || args.currency != 'USD'"],
    ["!(args.currency == 'EUR' || args.count == 2) && args.currency == 'EUR'"],
    ["args.free in ['a', 'b'] && args.free == 'c'"],
    ["args.lines.exists(l, l.n > 5 && l.n < 2)"],
    ["size(args.free) > 5 && size(args.free) < 3"],
    ["args.day > '2026-6-1'"],
    ["args.day == '1.6.2026'"],
    ["args.moment == '2026-06-01'"],
    ["timestamp(args.day) > request.time"],
    ["user.email.endsWith('acme.com')"],
  ])("is warned of: %s", (when) => {
    const { errors, warnings } = condition(when);
    expect([errors.length + warnings.length, when]).toEqual([1, when]);
  });

  it.each([
    ['tool.name.startsWith("re")'],
    ['!tool.name.startsWith("w")'],
    ['request.endpoint.startsWith("te")'],
    ["size(args.free) > 0"],
    ["request.time.getMonth() == 11"],
    ["request.time.getDayOfWeek() in [0, 6]"],
    ["args.level > 1"],
    ['args.free.lowerAscii().contains("drop")'],
    ['args.free.lowerAscii().matches("(?i)DROP")'],
    ['args.iban.startsWith("DE")'],
    ['args.iban.contains("E1")'],
    ["size(args.iban) == 34"],
    ["size(args.few) == 2"],
    ["args.count % 2 == 1"],
    ['request.time - user.auth_time < duration("5m")'],
    ["user.auth_time >= request.time"],
    ['user.email.endsWith("@acme.com")'],
    ['string(args.count).startsWith("1")'],
    ["args.amount > 50 && args.amount < 100"],
    ["args.count > 5 || args.count <= 4"],
    ["args.count > 5 && user.id == 'x' || args.count < 2"],
    ["args.lines.exists(l, l.n > 5) && args.lines.exists(l, l.n < 2)"],
    ["args.currency > 'F'"],
    ["args.day > '2026-06-01' && args.day.startsWith('2026-')"],
    ["args.moment == '2026-06-01T00:00:00Z'"],
    ["timestamp(args.day + 'T00:00:00Z') > request.time"],
    ["user.email.endsWith('.acme.com')"],
    ["args.amount > 9007199254740993"],
    ["args.amount <= 1e21 && args.amount != 1e300"],
    ["args.count + 9007199254740900 == 9007199254740993"],
    ["args.amount * 1000000000.0 > 9007199254740993.0"],
    ['"origin" in request.headers && request.headers.origin == "x"'],
  ])("is not seen in %s", (when) => {
    expect(condition(when)).toEqual({ errors: [], warnings: [] });
  });
});

// What is plainly one does not load: addresses.test.ts.
describe("an address that is compared with capitals", () => {
  it.each([
    ['cel.bind(who, user.email, "Bob@acme.com" == who)'],
    ['["Bob@acme.com"].exists(who, who == user.email)'],
    ['(has(user.email) ? user.email : "") == "bob@Acme.com"'],
    ['cel.bind(who, user.email, who == "bob@münchen.example")'],
  ])("is never true: %s", (when) => {
    expect(condition(when)).toEqual({ errors: [expect.stringMatching(/ (is|are) never /)], warnings: [] });
  });

  it.each([['cel.bind(who, user.email, who.endsWith("@Acme.com"))'], ['user.email.trim().contains("ACME")']])(
    "is always false: %s",
    (when) => {
      expect(condition(when)).toEqual({ errors: [], warnings: [expect.stringContaining("always false")] });
    },
  );
});

describe("a request header that conditions do not see", () => {
  it.each([
    ['request.headers["x-team"] == "a"'],
    ["has(request.headers.team)"],
    ['"x-team" in request.headers'],
    ['"Origin" in request.headers'],
  ])("is found in %s", (when) => {
    const { errors } = condition(when);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("Conditions see origin, user-agent.");
  });
});

describe("the callers of a target", () => {
  it.each([
    ["endpoints: [teem]", "deny", ["There is no endpoint `teem`. Did you mean `team`?"]],
    ["endpoints: [teem]", "allow", ["There is no endpoint `teem`. Known are team, srv."]],
    ['endpoints: ["x*"]', "deny", ["There is no endpoint `x*`. Known are team, srv."]],
    ['roles: ["cfo", "!*"]', "deny", ["This fits nobody: what it names is excluded as well."]],
    ['clients: ["a-*", "!a-*"]', "deny", ["This fits nobody: what it names is excluded as well."]],
    ['endpoints: ["te*", ""]'.replace(', ""', ""), "deny", []],
    ['roles: ["!*"]', "deny", []],
    ['users: ["*@acme.com", "!bob@acme.com"]', "deny", []],
  ])("are looked at: %s for %s", (target, effect, errors) => {
    expect(check(`{ id: p, target: { ${target} }, then: { ${effect}: {} } }`)).toEqual({ errors, warnings: [] });
  });

  it.each(["*acme.com", "!*acme.com", "*ann@acme.com", "ann@*", "*@acme.com*", "*@acme.*"])(
    "are warned of where others have such an address: %s",
    (users) => {
      const { errors, warnings } = check(`{ id: p, target: { users: ["${users}"] }, then: { deny: {} } }`);
      expect([errors, warnings.map((it) => it.includes("also fits addresses of others"))]).toEqual([[], [true]]);
    },
  );

  it.each([
    "*@acme.com",
    "*.acme.com",
    "ann@acme.com",
    "svc-*@acme.com",
    "u-*",
    "*-ext",
    "https://idp.acme.com|*",
    "*",
  ])("are not where nobody else has: %s", (users) => {
    const found = check(`{ id: p, target: { users: ["${users}"] }, then: { deny: {} } }`);
    expect(found).toEqual({ errors: [], warnings: [] });
  });

  it("are warned of where they exclude an endpoint that is not there", () => {
    const found = check('{ id: p, target: { endpoints: ["!teem"] }, then: { deny: {} } }');
    expect(found).toEqual({
      errors: [],
      warnings: ["`!teem` excludes nothing: there is no such endpoint. Known are team, srv."],
    });
  });
});

/** Tests of a part of an address that others can have as well, and of one that they cannot. */
const OTHERS_HAVE: readonly string[] = [
  'X.endsWith("acme.com")',
  'X.endsWith("ann@acme.com")',
  'X.contains("@acme.com")',
  'X.contains("acme")',
  'X.startsWith("ann@acme.com")',
  'X.startsWith("ann@")',
  'X.matches("acme\\\\.com$")',
  'X.matches("(?i)acme[.]com$")',
  'X.matches("^.*@acme.com$")',
  'X.matches("@acme.com")',
  'X.matches("@acme\\\\.com")',
  'X.matches("^[a-z]+@acme\\\\.com")',
  'X.matches("^[^@\\\\s]+@acme.com$")',
  'X.matches("@acme\\\\.com$|acme\\\\.org$")',
  'X.matches("@(acme|corp.acme)\\\\.com$")',
  'X.matches("(?:acme|corp)\\\\.com\\\\z")',
  'X.matches("@acme\\\\.[a-z]+$")',
  '["@acme.com", "acme.org"].exists(it, X.endsWith(it))',
  'X.split("@")[1].endsWith("acme.com")',
  'X.split("@")[1].contains("acme.com")',
  'X.split("@")[1].startsWith("acme.")',
  'X.substring(3).endsWith("acme.com")',
];
const OTHERS_HAVE_NOT: readonly string[] = [
  'X.endsWith("@acme.com")',
  'X.endsWith(".acme.com")',
  'X.startsWith("svc-")',
  'X.contains("+")',
  'X.matches("@acme\\\\.com$")',
  'X.matches("[.]acme[.]com$")',
  'X.matches("^[^@\\\\s]+@acme\\\\.com$")',
  'X.matches("@(acme|corp)\\\\.(com|org)$")',
  'X.matches("@(?:[a-z]+\\\\.)*acme\\\\.com$")',
  'X.matches("^ann@acme\\\\.com$")',
  'X.matches("^svc-")',
  'X.matches("^[^@]+@[^@]+$")',
  '["@acme.com", "@acme.org"].exists(it, X.endsWith(it))',
  'X.split("@")[0].endsWith("-ext")',
  'X.substring(X.lastIndexOf("@") + 1) == "acme.com"',
  'X.substring(X.indexOf("@")) == "@acme.com"',
  'X.lastIndexOf("@acme.com") == X.size() - 9',
  'X.split("@").size() == 3',
];
/** What only plain addresses have one of. */
const OTHERS_HAVE_IF_ODD: readonly string[] = [
  'X.split("@")[1] == "acme.com"',
  'X.split("@")[1].endsWith(".acme.com")',
  'X.split("@")[1] in ["acme.com", "acme.org"]',
];
/** Tests that come down to a part, however they are written. */
const COMES_TO_A_PART: readonly string[] = [
  'X.indexOf("@acme.com") > 0',
  'X.indexOf("@acme.com") != -1',
  '!(X.indexOf("@acme.com") < 0)',
  '0 < X.lastIndexOf("acme.com")',
  'X.lastIndexOf("@acme.com") >= 0',
  'X.substring(X.size() - 8) == "acme.com"',
  'X.substring(X.size() - 8) in ["acme.com", "acme.org"]',
  'X.split("@acme.com").size() == 2',
  'X.split("acme.com")[0] != X',
  'cel.bind(m, X, m.indexOf("@acme.com") > 0)',
  '[X].exists(m, m.substring(m.size() - 8) == "acme.com")',
];
const ADDRESSES = [
  "user.email",
  "user.email.lowerAscii()",
  "user.email.trim().lowerAscii()",
  "args.mail",
  "args.mail.lowerAscii()",
];

describe.each(ADDRESSES)("a part of an address, %s,", (address) => {
  it("is warned of where others can have it as well", () => {
    const written = OTHERS_HAVE.map((it) => it.replace("X", address));
    expect(written.filter((it) => !condition(it).warnings.some((said) => said.includes("letter by letter")))).toEqual(
      [],
    );
  });

  it("is not where nobody else has it", () => {
    const found = OTHERS_HAVE_NOT.map((it) => condition(it.replaceAll("X", address)));
    expect(found).toEqual(found.map(() => ({ errors: [], warnings: [] })));
  });
});

describe.each(ADDRESSES)("a test that comes down to a part of an address, %s,", (address) => {
  const saidOf = (when: string): readonly string[] => condition(when.replaceAll("X", address)).warnings;

  it("is warned of, with an address of somebody else", () => {
    const missed = COMES_TO_A_PART.filter((it) => !saidOf(it).some((said) => / takes `.*` for one of /.test(said)));
    expect(missed).toEqual([]);
  });

  it("is warned of where others than plain addresses may come", () => {
    const found = OTHERS_HAVE_IF_ODD.map((it) => saidOf(it).length);
    expect(found).toEqual(found.map(() => (address.startsWith("user.") ? 0 : 1)));
  });
});

describe("a part that was taken out of a text", () => {
  it.each([
    ['user.email.split("@")[1] == "Acme.com"'],
    ['user.email.split("@")[0] == "ann@acme.com"'],
    ['user.email.split("@")[1] in ["Acme.com"]'],
    ['user.email.split("@").exists(it, it == "Acme.com")'],
    ['"Acme.com" in user.email.split("@")'],
    ['user.email.substring(4) == "Acme.com"'],
    ['args.free.split(",")[0] == "a,b"'],
    ['args.iban.substring(2) == "a"'],
  ])("is never %s", (when) => {
    expect(condition(when)).toEqual({ errors: [expect.stringContaining("never")], warnings: [] });
  });

  it.each([
    ['user.email.split("@")[1] == "acme.com"'],
    ['user.email.split("@")[0] in ["ann", "bob"]'],
    ['user.email.split("")[0] == "@"'],
    ['user.email.split("@", 1)[0] == "ann@acme.com"'],
    ['user.email.substring(4) == "acme.com"'],
    ['args.free.split(",")[0] == "a.b"'],
    ['args.free.split(", ")[0] == "a,b"'],
  ])("can be %s", (when) => {
    expect(condition(when)).toEqual({ errors: [], warnings: [] });
  });
});

describe("a name in a target", () => {
  it.each([
    ["users", "https://idp.acme.com/|carl", "there is no issuer `https://idp.acme.com/`."],
    ["users", "https://idp.other.example|*", "there is no issuer"],
    ["users", "!https://idp.other.example|carl", "there is no issuer"],
    ["users", "portcullis:nokeys|carl", "there is no issuer"],
    ["clients", "https://idp.other.example|agent", "there is no issuer"],
    ["users", "@acme.com", "Write `*@acme.com`"],
  ])("%s: %s fits nobody", (key, name, text) => {
    const found = check(`{ id: p, target: { ${key}: ["${name}"] }, then: { deny: {} } }`);
    expect(found.errors.join()).toContain(text);
  });

  it.each([
    ["users", "https://idp.acme.com|carl"],
    ["users", "https://idp.*|carl"],
    ["users", "portcullis:keys|carl"],
    ["users", "auth0|3f2c"],
    ["users", "https://idp.acme.com|auth0|3f2c"],
    ["users", "*@acme.com"],
    ["clients", "https://idp.acme.com|agent"],
  ])("%s: %s may fit somebody", (key, name) => {
    expect(check(`{ id: p, target: { ${key}: ["${name}"] }, then: { deny: {} } }`).errors).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { policyInput } from "../support/policy-inputs.ts";

const properties: JsonObject = {
  kind: { enum: ["read", "write"] },
  level: { type: "integer", enum: [1, 2, 3] },
  urgent: { type: "boolean" },
  maybe: { type: ["boolean", "null"] },
  list: { type: "array", items: { enum: ["a", "b"] } },
  free: { type: "string" },
  n: { type: "integer" },
  mix: { type: ["string", "number"] },
  url: { type: "string", format: "uri" },
  callback_url: { type: "string" },
  customer_email: { type: "string" },
  recipients: { type: "array", items: { type: "string" }, minItems: 1 },
  own: { type: "string", format: "uri", pattern: "^https://acme\\.com/" },
  site: { enum: ["https://acme.com", "https://acme.org"] },
};
const definition = {
  name: "t",
  inputSchema: { type: "object", properties, required: Object.keys(properties) },
};

const filesOf = (when: string, effect: string) => [
  { name: "p.yaml", text: `policies: [{ id: p, when: ${JSON.stringify(when)}, then: { ${effect}: {} } }]` },
];

function warningsOf(when: string, effect = "deny") {
  const files = filesOf(when, effect);
  const { errors, warnings } = checkAgainstTools(files, [{ upstream: "s", name: "t", definition }]);
  expect([when, errors]).toEqual([when, []]);
  return warnings;
}
const messagesOf = (when: string): readonly string[] => warningsOf(when).map(({ message }) => message);

/** What a condition comes to for a call; an error's text where it fails. */
function outcomeOf(when: string, args: JsonObject): boolean | string {
  const compiled = compilePolicies(filesOf(when, "deny"), { default: "allow", flows: undefined });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const { set } = compiled;
  const [match] = set.decide(policyInput({ tool: "s/t", definition, arguments: args })).matched;
  return match?.error ?? match !== undefined;
}

describe("a part of a condition, where all values of what it reads are known", () => {
  it.each([
    ['!(args.kind in ["read", "write"])', true],
    ['args.kind in ["write", "read", "delete"]', true],
    ['args.kind == "read" || args.kind == "write"', true],
    ['args.kind > "a"', true],
    ["args.kind.size() + args.level < 9", true],
    ['args.kind.split("").size() > 3', true],
    ["args.urgent == args.urgent", true],
    ["args.level * args.level in [1, 4, 9]", true],
    ["args.level % 4 == 0", false],
    ['args.list.all(one, one in ["a", "b"])', true],
    ['args.list.exists(one, one.upperAscii() in ["A", "B"])', true],
    ["[args.urgent].exists(one, one || !one)", true],
    ['cel.bind(one, args.kind, one in ["read", "write"])', true],
    ["type(args.free) == string", true],
    ["type(args.n) == double", false],
    ["type(args.mix) == bool", false],
    ["type(args.mix) in [string, double]", true],
  ])("that always comes out the same is found: %s", (when, outcome) => {
    expect(messagesOf(when)).toEqual([expect.stringMatching(new RegExp(`^This is always ${outcome}: |is never`))]);
  });

  it.each([
    "args.urgent != true && args.urgent != false",
    "user.id == 'x' && args.urgent && !args.urgent",
    "user.id == 'x' || !args.urgent || args.urgent",
    "args.urgent == false && user.id == 'x' && args.urgent",
    'user.id == "x" && args.kind != "read" && args.kind != "write"',
    'args.kind == "read" || user.id == "x" || args.kind == "write"',
  ])("in a row with others is found as well: %s", (when) => {
    expect(messagesOf(when)).toEqual([
      expect.stringMatching(/^This is (never true beside|always true: .* wherever|always)/),
    ]);
  });

  it.each([
    'args.kind in ["read"]',
    'args.kind == "read"',
    "args.urgent",
    "!args.urgent",
    "args.maybe != true && args.maybe != false",
    "args.urgent || args.level == 1",
    "args.level > 1",
    '[0, 1].all(at, args.list[at] == "a") || [0, 1].all(at, args.list[at] == "b")',
    'args.list.all(one, one == "a")',
    'args.list.exists(one, one == "a")',
    "type(args.mix) == string",
    "args.free == args.kind",
    'args.kind == "read" && user.id == "x"',
    'args.urgent && user.id == "x" || !args.urgent',
    "[true].exists(one, one == args.urgent) && user.id == 'x'",
    "args.site.startsWith('https://acme.com')",
  ])("that comes out either way is left alone: %s", (when) => {
    expect(messagesOf(when)).toEqual([]);
  });

  it("is left alone where another tool has other values", () => {
    const other = {
      ...definition,
      name: "o",
      inputSchema: { type: "object", properties: { kind: { type: "string" } }, required: ["kind"] },
    };
    const files = filesOf('!(args.kind in ["read", "write"])', "deny");
    const tools = [definition, other].map((it) => ({ upstream: "s", name: it.name, definition: it }));
    expect(checkAgainstTools(files, tools).warnings).toEqual([]);
    const third = {
      ...other,
      inputSchema: { type: "object", properties: { kind: { enum: ["x", "y"] } }, required: ["kind"] },
    };
    const apart = [definition, third].map((it, at) => ({ upstream: "s", name: `t${at}`, definition: it }));
    expect(checkAgainstTools(files, apart).warnings).toEqual([]);
  });
});

describe("the cost of a call", () => {
  const costs: JsonObject = {
    n: { type: "integer" },
    least: { type: "integer", minimum: 1 },
    more: { type: "number", exclusiveMinimum: 0 },
    amount: { type: "number", minimum: 0 },
    few: { enum: [0, 5] },
    items: { type: "array", items: { type: "number" } },
    any: {},
  };
  const inputSchema: JsonObject = { type: "object", properties: costs, required: Object.keys(costs) };
  const tool = { upstream: "s", name: "t", definition: { name: "t", inputSchema } };
  const policyOf = (cost: string): string =>
    `policies: [{ id: p, then: { rate_limit: { limit: 5, per: 1d, by: [tool], cost: ${JSON.stringify(cost)} } } }]`;
  const found = (cost: string): readonly string[] => {
    const { errors, warnings } = checkAgainstTools([{ name: "p.yaml", text: policyOf(cost) }], [tool]);
    return [...errors, ...warnings].map(({ message }) => message);
  };

  it.each([
    "args.n",
    "args.amount",
    "double(args.n) * 2.0",
    "args.amount * args.more",
    "args.few",
    "args.n * args.least",
  ])("is nothing where an argument is 0, which is warned of: %s", (cost) => {
    const [message = "", ...more] = found(cost);
    expect([message, more]).toEqual([expect.stringMatching(/^A call with `args\.\w+` at 0 costs nothing/), []]);
    const [, name = ""] = /args\.(\w+)/.exec(message) ?? [];
    const compiled = compilePolicies([{ name: "p.yaml", text: policyOf(cost) }], { default: "allow", flows: [] });
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
    const args = { n: 1, least: 1, more: 1, amount: 1, few: 5, [name]: 0 };
    const input = policyInput({ tool: "s/t", definition: tool.definition, arguments: args });
    expect(compiled.set.decide(input)).toMatchObject({ limits: [{ cost: 0 }] });
  });

  it.each([
    "args.least",
    "args.more",
    "args.n == 0 ? 1 : args.n",
    "args.n + 1",
    "double(args.items.size())",
    "args.any",
    "5",
  ])("is left alone where it is something, or cannot be told: %s", (cost) => {
    expect(found(cost)).toEqual([]);
  });
});

/** A test of a part of a URL that URLs of other hosts pass. */
const OTHERS_PASS: readonly string[] = [
  'X.startsWith("https://acme.com")',
  '!X.startsWith("https://acme.com")',
  'X.startsWith("https://acme.com:443")',
  'X.startsWith("https://ann@acme.com")',
  'X.startsWith("https://acme.")',
  'X.contains("//acme.com")',
  'X.contains("acme.com")',
  'X.contains("https://acme.com/")',
  'X.contains(".acme.com/")',
  'X.endsWith("acme.com")',
  'X.endsWith(".acme.com")',
  'X.endsWith(".acme.com/api")',
  'X.matches("^https://[^/]*acme.com")',
  'X.matches("^https://acme.com/")',
  'X.matches("^https?://(www\\\\.)?acme\\\\.com")',
  'X.matches("https://acme\\\\.com/")',
  'X.matches("^https://.*\\\\.acme\\\\.com/")',
  'X.matches("^https://[^/]+\\\\.acme\\\\.com/")',
  'X.matches("^https:\\\\/\\\\/(acme|corp)\\\\.com")',
  'X.matches("acme\\\\.com$")',
  'X.indexOf("https://acme.com") == 0',
  'X.indexOf("acme.com") > 0',
  'X.substring(0, 16) == "https://acme.com"',
  'X.split("/")[2].endsWith("acme.com")',
  'X.split("//")[1].startsWith("acme.com")',
  'X.lowerAscii().startsWith("https://acme.com")',
  '["https://acme.com", "https://acme.org"].exists(it, X.startsWith(it))',
  'cel.bind(it, X, it.contains("acme.com"))',
  '[X].exists(it, it.startsWith("https://localhost"))',
  // What stands between the second slash and the third is no host: `https:/evil.com/acme.com` leads to evil.com.
  'X.split("/")[2] == "acme.com"',
  'X.split("/")[2] in ["acme.com", "acme.org"]',
  'X.split("//")[1].split("/")[0] == "acme.com"',
  'X.split("//")[1].startsWith("acme.com/")',
  'X.split("://")[1].split("/")[0] != "acme.com"',
  'X.substring(X.lastIndexOf("//") + 2).startsWith("acme.com/")',
  'X.startsWith("https:") && X.split("/")[2] == "acme.com"',
  'user.id == "x" || !X.startsWith("https://") && X.split("/")[2] == "acme.com"',
  // Only where there is an `@` it comes to anything.
  'X.split("@")[1].split("/")[0] == "acme.com"',
  'X.substring(X.indexOf("@")).startsWith("@acme.com")',
  // Line breaks within a URL count for nothing.
  'X.matches("(?m)^https://acme\\\\.com/$")',
  'X.matches("(?m)^https://acme\\\\.com$")',
  'X.matches("(?im)^https://acme\\\\.com(/|$)")',
  'X.matches("(?m:^https://acme\\\\.com(/|$))")',
  'X.matches("^https://acme\\\\.com(\\\\s|/|$)")',
  // Nor do they end a host that only letters, points, colons and `@` are thought to go on with.
  'X.matches("^https://acme\\\\.com[^a-z.:@]")',
  'X.matches("^https://acme\\\\.com([^\\\\w.:@-]|$)")',
];
const NOBODY_ELSE_PASSES: readonly string[] = [
  'X.startsWith("https://acme.com/")',
  'X.startsWith("https://acme.com?")',
  'X.startsWith("https://acme.com:443/")',
  'X.startsWith("https://acme.com/api")',
  'X.startsWith("https://")',
  'X.startsWith("http")',
  'X.contains("/admin/")',
  'X.contains("..")',
  'X.endsWith(".pdf")',
  'X.endsWith("/healthz")',
  'X.matches("^https://")',
  'X.matches("^https://acme\\\\.com/")',
  'X.matches("^https://acme\\\\.com(/|$)")',
  'X.matches("^https://([a-z0-9-]+\\\\.)*acme\\\\.com(:[0-9]+)?(/.*)?$")',
  'X.matches("^https://(acme|corp)\\\\.com/")',
  'X == "https://acme.com/"',
  'X in ["https://acme.com/", "https://acme.org/"]',
  'X.matches("(?i)^https://acme\\\\.com/")',
  'X.matches("^https://acme\\\\.com[/?#]")',
  'X.matches("^(?P<whole>https://acme\\\\.com/.*)$")',
  'X.indexOf("://acme.com/") == 5',
  // What is spelt oddly is kept out beside it.
  'X.startsWith("https://") && X.split("/")[2] == "acme.com"',
  '!X.startsWith("https://") || X.split("/")[2] != "acme.com"',
  '!(X.startsWith("https://") && X.split("/")[2] == "acme.com")',
  'user.id == "x" && X.matches("^https?://") && user.name == "x" && X.split("/")[2] in ["acme.com", "acme.org"]',
  'user.id == "x" && (!X.startsWith("https://") || X.split("/")[2] != "acme.com")',
  "X.size() > 2000",
];

describe.each(["args.url", "args.callback_url", 'args["url"]'])("a test of a part of a URL, %s,", (url) => {
  it("is warned of where other hosts pass, with a URL that does", () => {
    const wrong = OTHERS_PASS.flatMap((it) => {
      const when = it.replaceAll("X", url);
      const [first, ...more] = messagesOf(when);
      const example = / takes `(.*)` for one of /.exec(first ?? "")?.[1]?.replaceAll("\\n", "\n");
      if (example === undefined || more.length > 0) return [when];
      const [theirs, strangers] = [example, "https://stranger.example/"].map((text) =>
        outcomeOf(when, { url: text, callback_url: text }),
      );
      const host = new URL(example).hostname;
      const isOurs = /^(.*\.)?(acme\.(com|org)|corp\.com|localhost)$/.test(host);
      return isOurs || theirs === strangers ? [`${when}: ${example}`] : [];
    });
    expect(wrong).toEqual([]);
  });

  it("is left alone where the host is fixed, or none is named", () => {
    expect(NOBODY_ELSE_PASSES.flatMap((it) => messagesOf(it.replaceAll("X", url)))).toEqual([]);
  });

  it("proposes nothing", () => {
    for (const effect of ["deny", "allow"]) {
      const all = OTHERS_PASS.flatMap((it) => warningsOf(it.replaceAll("X", url), effect));
      expect(
        all.filter(({ hint, fix }) => fix !== undefined || /Write|Did you mean|In place of/.test(hint ?? "")),
      ).toEqual([]);
    }
  });
});

/** Tests of an address that others pass, and that no `format` and no `name` says is one. */
describe.each(["args.free", "args.customer_email", 'args["recipients"][0]'])(
  "a test of a part of an address, %s,",
  (X) => {
    const calls = (text: string) => ({ free: text, customer_email: text, recipients: [text] });

    it.each([
      'X.contains("@acme.com")',
      '!X.contains("@acme.com")',
      'X.startsWith("ann@acme.com")',
      'X.endsWith("ann@acme.com")',
      'X.indexOf("@acme.com") > 0',
      'X.split("@")[1] == "acme.com"',
      'X.split("@")[1].endsWith("acme.com")',
      'X.matches("@acme\\\\.com")',
      'X.matches("(?m)@acme\\\\.com$")',
      'X.matches("(?m)^[a-z]+@acme\\\\.com$")',
      'X.matches("(?i)^[a-z]+@acme\\\\.com\\\\b")',
      'X.matches("@acme\\\\.com(\\\\s|$)")',
      'X.lowerAscii().contains("@acme.com")',
      '["@acme.com", "@acme.org"].exists(it, X.contains(it))',
    ])("is warned of where others pass, with one that does: %s", (it) => {
      const when = it.replaceAll("X", X);
      const [message = "", ...more] = messagesOf(when);
      const example = / takes `(.*)` for one of /.exec(message)?.[1]?.replaceAll("\\n", "\n") ?? "";
      expect([message, more]).toEqual([expect.stringContaining(" takes `"), []]);
      const [theirs, strangers] = [example, "bob@stranger.example"].map((text) => outcomeOf(when, calls(text)));
      expect([example, theirs]).not.toEqual([example, strangers]);
      expect(example).not.toMatch(/^ann@acme\.com$/);
    });

    it.each([
      'X.endsWith("@acme.com")',
      'X.lowerAscii().endsWith("@acme.com")',
      'X.matches("@acme\\\\.com$")',
      'X.matches("@(.+\\\\.)?acme\\\\.com$")',
      'X.contains("@here")',
      'X.contains("@acme/tools")',
      'X.startsWith("git@acme.com:tools/")',
      'X.contains("@")',
      'X.split("@").size() == 2',
      'X.split("@").size() == 2 && X.split("@")[1] == "acme.com"',
    ])("is left alone where it is certain, or names nobody: %s", (it) => {
      expect(messagesOf(it.replaceAll("X", X))).toEqual([]);
    });
  },
);

describe("a text that nobody says is a URL", () => {
  it.each([
    ['args.free.startsWith("https://acme.com")', 1],
    ['args.free.matches("^https://acme.com/")', 1],
    ['request.headers.origin.startsWith("https://acme.com")', 1],
    ['user.claims.home.startsWith("https://acme.com")', 1],
    ['args.free.startsWith("https://acme.com/")', 0],
    ['args.free.split("://")[1].split("/")[0] == "acme.com"', 1],
    ['args.customer_email.endsWith("acme.com")', 1],
    ['args.free.contains("acme.com")', 0],
    ['args.free.endsWith("acme.com")', 0],
    ['args.own.contains("acme.com")', 0],
    ['user.id.startsWith("https://idp.partner|")', 0],
  ])("is read as one where it is held against one: %s", (when, count) => {
    expect(messagesOf(when)).toHaveLength(count);
  });

  it("is read as one where no tool is known, too", () => {
    const { warnings } = checkAgainstTools(filesOf('args.x.startsWith("https://acme.com")', "deny"), [], {
      listed: false,
    });
    expect(warnings).toHaveLength(1);
  });
});

import { describe, expect, it } from "vitest";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import type { KnownTool } from "../../src/policy/known-tool.ts";

const TOOL: KnownTool = {
  upstream: "srv",
  name: "t",
  definition: {
    name: "t",
    inputSchema: {
      type: "object",
      properties: {
        s: { type: "string" },
        n: { type: "integer" },
        x: { type: "number" },
        flag: { type: "boolean" },
        list: { type: "array", items: { type: "string" } },
      },
      required: ["s", "n", "x", "flag", "list"],
    },
  },
};

function told(when: string): readonly string[] {
  const files = [
    { name: "p.yaml", text: `policies:\n- { id: p, when: ${JSON.stringify(when)}, then: { deny: {} } }\n` },
  ];
  const compiled = compilePolicies(files, { default: "allow", flows: [] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const { errors, warnings } = checkAgainstTools(files, [TOOL]);
  expect(errors).toEqual([]);
  return warnings.map(({ message }) => message);
}

// Of each pair of tests one that excludes the other, and one that does not.
const PAIRS: readonly (readonly [one: string, apart: string, together: string])[] = [
  ['args.s.startsWith("/a/")', 'args.s.startsWith("/b/")', 'args.s.startsWith("/a/b")'],
  ['args.s.endsWith(".exe")', 'args.s.endsWith(".sh")', 'args.s.endsWith("x.exe")'],
  ['args.s.startsWith("/a")', 'args.s == "b"', 'args.s == "/ab"'],
  ['args.s == "a"', 'args.s.startsWith("b")', 'args.s.contains("a")'],
  ['args.s == "a"', 'args.s.contains("z")', 'args.s.endsWith("a")'],
  ['args.s == "a"', "size(args.s) > 5", "args.s.size() < 5"],
  ['args.s.startsWith("abcdef")', "size(args.s) < 6", "size(args.s) == 6"],
  ['args.s == "b"', 'args.s.matches("^a")', 'args.s.matches("^[a-c]$")'],
  ['args.s.startsWith("b")', 'args.s.matches("^a")', 'args.s.matches("a")'],
  ['args.s.startsWith("b1")', 'args.s.matches("^[a-z]+$") && args.s.matches("^ba")', 'args.s.matches("^b[0-9]")'],
  ['args.s.startsWith("a")', '!args.s.startsWith("a")', '!args.s.startsWith("ab")'],
  ['args.s.startsWith("ab")', '!args.s.startsWith("a")', '!args.s.endsWith("ab")'],
  ['args.s.endsWith("ab")', '!args.s.contains("ab")', '!args.s.startsWith("ab")'],
  ['args.s == "ab"', '!args.s.contains("b")', '!args.s.contains("c")'],
  ['args.s == "ab"', '!args.s.matches("^a")', '!args.s.matches("^b")'],
  ['args.s in ["a", "b"]', 'args.s == "c"', 'args.s.startsWith("b")'],
  ['args.s in ["a", "b"]', 'args.s.startsWith("c")', '!(args.s in ["a"])'],
  ['args.s.lowerAscii() == "a"', 'args.s == "B"', 'args.s == "A"'],
  ['args.s.lowerAscii().startsWith("a")', 'args.s.startsWith("B")', 'args.s.startsWith("A")'],
  ["size(args.s) > 5", "size(args.s) < 5", "size(args.s) < 7"],
  ["size(args.s) == 0", "size(args.s) != 0", "size(args.s) != 1"],
  ["size(args.list) == 0", "size(args.list) > 2", "size(args.list) < 2"],
  ['user.email.endsWith("@a.com")', 'user.email.endsWith("@b.com")', 'user.email.startsWith("ann@")'],
  ['user.acr == "mfa"', 'user.acr == "pwd"', 'user.acr != "pwd"'],
  ['"mfa" in user.amr', '!("mfa" in user.amr)', '!("pwd" in user.amr)'],
  ['args.list.exists(i, i == "a")', '!args.list.exists(i, i == "a")', '!args.list.exists(i, i == "b")'],
  ["args.flag", "!args.flag", "args.n > 1"],
  ["args.n > 1", "args.n < 1", "args.n < 3"],
  [
    'request.time > timestamp("2027-01-02T00:00:00Z")',
    'request.time < timestamp("2027-01-01T00:00:00Z")',
    'request.time < timestamp("2027-01-03T00:00:00Z")',
  ],
  [
    'request.time >= timestamp("2027-01-02T00:00:00+02:00")',
    'request.time < timestamp("2027-01-01T22:00:00Z")',
    'request.time < timestamp("2027-01-01T22:00:01Z")',
  ],
  [
    'request.time - user.auth_time > duration("10m")',
    'request.time - user.auth_time < duration("5m")',
    'request.time - user.auth_time < duration("1h")',
  ],
  ['request.time.getHours("Europe/Berlin") > 17', 'request.time.getHours("Europe/Berlin") < 9', "args.n == 1"],
  ['args.s == "a  b"', 'args.s == "a b"', 'args.s == "a  b"'],
];

describe("tests of one thing that exclude each other", () => {
  it.each(PAIRS)("%s && %s", (one, apart, together) => {
    expect(told(`${one} && ${apart}`).join()).toContain("never true beside");
    expect(told(`${apart} && ${one}`).join()).toContain("never true beside");
    expect(told(`!(${one}) || !(${apart})`).join()).toContain("always true");
    expect(told(`args.n == 7 && (${one} && ${apart})`).join()).toContain("never true beside");
    for (const both of [`${one} && ${together}`, `${together} && ${one}`, `!(${one}) || !(${together})`]) {
      expect(told(both).filter((it) => it.includes("beside") || it.includes("always"))).toEqual([]);
    }
  });

  it("says nothing of texts that differ in blanks within quotes", () => {
    expect(
      told('(args.s + "a  b") == "xa  b" && (args.s + "a b") == "ya b"').filter((it) => it.includes("beside")),
    ).toEqual([]);
  });

  it.each([
    'args.s.startsWith("a") || args.s.startsWith("b")',
    'args.s.contains("a") && args.s.contains("b")',
    'args.s.startsWith("a") && args.s.endsWith("a")',
    'args.s.matches("(?i)^a") && args.s.startsWith("A")',
    'args.s.matches("^a|b") && args.s.startsWith("b")',
    'args.list.exists(i, i == "a") && args.list.exists(i, i == "b")',
    '"a" in args.list && "b" in args.list',
    'args.s.startsWith("aa") && args.s.endsWith("aa") && size(args.s) == 3',
    'args.s != "a" && args.s != "b"',
    "args.x > 1.0 && args.x < 1.5",
  ])("says nothing of %s", (when) => {
    expect(told(when).filter((it) => it.includes("beside") || it.includes("always"))).toEqual([]);
  });
});

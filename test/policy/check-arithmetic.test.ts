import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";

const properties: JsonObject = {
  n: { type: "integer", minimum: 1, maximum: 100 },
  any: { type: "integer" },
  x: { type: "number", minimum: 0.5, maximum: 10 },
  code: { enum: ["a", "b"] },
  level: { type: "integer", enum: [1, 2] },
  id: { type: "string", format: "uuid" },
  link: { type: "string", format: "uri" },
  host: { type: "string", format: "ipv4" },
  host6: { type: "string", format: "ipv6" },
  name: { type: "string", format: "hostname" },
  clock: { type: "string", format: "time" },
  to: { type: "string", format: "email" },
};

function problemsOf(when: string, effect = "deny: {}"): readonly (readonly [string, string | undefined])[] {
  const text = `policies: [{ id: p, when: ${JSON.stringify(when)}, then: { ${effect} } }]`;
  const files = [{ name: "p.yaml", text }];
  const compiled = compilePolicies(files, { default: "allow", flows: [] });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.errors));
  const inputSchema: JsonObject = { type: "object", properties, required: Object.keys(properties) };
  const { errors, warnings } = checkAgainstTools(files, [
    { upstream: "s", name: "t", definition: { name: "t", inputSchema } },
  ]);
  return [...errors, ...warnings].map(({ message, hint }) => [message, hint]);
}

describe("a product, a quotient or a conversion of arguments", () => {
  it.each([
    ["args.n * 2 > 300", false],
    ["args.n * -1 < 1", true],
    ["args.n * args.n >= 1", true],
    ["args.x * 2.0 > 20.0", false],
    ["args.n / 2 > 50", false],
    ["args.n / -3 > 0", false],
    ["args.x / 2.0 < 0.0", false],
    ["args.x / 2.0 > 5.5", false],
    ["double(args.n) > 100.5", false],
    ["double(args.n) * 1.5 > 150.0", false],
    ["int(args.x) > 10", false],
    ["int(args.x) < 0", false],
  ])("has the range that follows: %s", (when, outcome) => {
    expect(problemsOf(when)).toMatchObject([[expect.stringContaining(`This is always ${outcome}`), undefined]]);
  });

  it.each([
    "args.n * 2 > 199",
    "args.any * 2 > 300",
    "args.any * args.any >= 0",
    "args.n / 2 < 1",
    "args.n / args.any > 100",
    "args.any / 2 > 50",
    "double(args.any) > 100.5",
    "int(args.x) < 1",
    "int(args.code) > 5",
    "double(args.code) > 5.0",
  ])("is left alone where it can come out either way: %s", (when) => {
    expect(problemsOf(when)).toEqual([]);
  });

  it.each(['string(args.code) == "c"', 'string(args.level) == "3"', 'string(string(args.code)) == "A"'])(
    "is a text that is known: %s",
    (when) => {
      expect(problemsOf(when)).toMatchObject([[expect.stringContaining(" never "), expect.anything()]]);
    },
  );
});

describe("a text of a format", () => {
  it.each([
    ['args.id == "12"', "uuid"],
    ['args.link == "acme.com"', "URI"],
    ['args.host == "localhost"', "IPv4"],
    ['args.host6 == "127.0.0.1"', "IPv6"],
    ['args.name == "acme.com/path"', "host"],
    ['args.clock == "9:00"', "time"],
    ['args.id in ["12", "123e4567-e89b-12d3-a456-426614174000"]', "uuid"],
  ])("in another form is doubtful: %s", (when, says) => {
    expect(problemsOf(when)).toMatchObject([
      [expect.stringContaining("letter by letter"), expect.stringContaining(says)],
    ]);
  });

  it.each([
    'args.id == "123e4567-e89b-12d3-a456-426614174000"',
    'args.id == "123E4567-E89B-12D3-A456-426614174000"',
    'args.link == "https://acme.com/x?y#z"',
    'args.link == "mailto:ann@acme.com"',
    'args.link.startsWith("https://")',
    'args.host == "127.0.0.1"',
    'args.host.startsWith("10.")',
    'args.host6 == "::1"',
    'args.name == "acme.com"',
    'args.clock == "09:00:00Z"',
  ])("in its form is not: %s", (when) => {
    expect(problemsOf(when)).toEqual([]);
  });
});

describe("an address in arguments", () => {
  it.each(['args.to == "Bob@acme.com"', 'args.to.endsWith("@Acme.com")', 'args.to in ["Bob@acme.com"]'])(
    "that is compared with capitals is doubtful, and nothing is proposed: %s",
    (when) => {
      for (const effect of ["deny: {}", "allow: {}"]) {
        expect(problemsOf(when, effect)).toMatchObject([
          [expect.stringContaining("letter by letter"), expect.not.stringContaining("lowerAscii")],
        ]);
      }
    },
  );

  it.each(['args.to == "bob@acme.com"', 'args.to.lowerAscii() == "bob@acme.com"'])("is not otherwise: %s", (when) => {
    expect(problemsOf(when)).toEqual([]);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RawJson } from "../../src/core/raw-json.ts";
import { memberText, withMember, withMembers, withoutMembers } from "../../src/mcp/members/raw-members.ts";

const raw = (text: string) => RawJson.fromBytes(Buffer.from(text));

describe("members of these values", () => {
  it.each([
    ["{}", '{"a":1,"b":"x"}'],
    ["{ \n }", '{"a":1,"b":"x" \n }'],
    [`{${" ".repeat(100)}}`, `{"a":1,"b":"x"${" ".repeat(100)}}`],
    [' {"c":[1]}', '{"a":1,"b":"x","c":[1]}'],
    ['{"a":2,"c":1}', '{"a":1,"b":"x","c":1}'],
    ['{"a":1,"c":1.0}', '{"b":"x","a":1,"c":1.0}'],
    ['{"c":{"a":2}}', '{"a":1,"b":"x","c":{"a":2}}'],
    ['{"c":"say \\"a\\""}', '{"a":1,"b":"x","c":"say \\"a\\""}'],
    ['{"b":"x","a":1}', '{"b":"x","a":1}'],
    ['{"b":"y","a":{"b":[]}}', '{"a":1,"b":"x"}'],
  ])("are put into %s", (before, after) => {
    expect(withMembers(raw(before), { a: 1, b: "x" }).bytes.toString()).toBe(after);
  });
});

it("members are taken out wherever they stand, and every digit of the others stays", () => {
  const value = fc.oneof(
    fc.constantFrom(
      "1.0",
      "9007199254740993",
      "1e400",
      "[]",
      "{}",
      '{"a":1,"b":[{"a":"}"}]}',
      '"a"',
      '"\\"a\\":{,"',
      "null",
    ),
    fc.json(),
  );
  const name = fc.constantFrom("a", "b", "c", "d", "aa", "x");
  const blank = fc.constantFrom("", " ", "\n\t");
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(name, value, blank), { selector: ([key]) => key }),
      blank,
      (members, around) => {
        const write = (of: typeof members) =>
          `{${of.map(([key, text, space]) => `${space}"${key}"${space}:${text}${space}`).join(",")}}`;
        const left = withoutMembers(raw(`${around}${write(members)}${around}`), ["a", "b"]).bytes.toString();
        const wanted = write(members.filter(([key]) => key !== "a" && key !== "b"));
        expect(left.replace(/\s/g, "")).toBe(wanted.replace(/\s/g, ""));
        for (const key of ["a", "x"]) {
          const text = members.find(([of]) => of === key)?.[1];
          const found = memberText(raw(`${around}${write(members)}${around}`), key)?.toString();
          expect(found?.trim()).toBe(text?.trim());
        }
      },
    ),
  );
});

it.each([
  ["{}", '{"r":{"x":"}"}}'],
  [' { "a": "}" } ', ' { "a": "}" ,"r":{"x":"}"}}'],
])("a member is added at the end of %s, unparsed", (before, after) => {
  expect(withMember(raw(before), "r", raw('{"x":"}"}')).bytes.toString()).toBe(after);
});

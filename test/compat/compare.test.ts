import { describe, expect, it } from "vitest";
import { compareLists, compareValues, type Lists, parseDigits } from "./compare.ts";

const lists = (tools: string): Lists => ({
  ...{ prompts: [], resources: [], resourceTemplates: [] },
  tools: Object(parseDigits(tools)),
});
const same = (_: string, name: string) => name;

describe("lists are compared", () => {
  it.each([
    ['[{"name":"a","x":1.0}]', '[{"name":"a","x":1.0}]', []],
    ['[{"name":"a","x":1.0}]', '[{"name":"a","x":1}]', [expect.stringContaining("a: direct")]],
    [
      '[{"name":"a","x":9007199254740993}]',
      '[{"name":"a","x":9007199254740992}]',
      [expect.stringContaining("through …")],
    ],
    ['[{"name":"a","x":1,"y":2}]', '[{"name":"a","y":2,"x":1}]', [expect.stringContaining("a: direct")]],
    ['[{"name":"a"},{"name":"b"}]', '[{"name":"a"}]', ["tools: b is missing"]],
    ['[{"name":"a"}]', '[{"name":"a"},{"name":"b"}]', ["tools: b is new"]],
    [
      '[{"name":"a"},{"name":"b"}]',
      '[{"name":"b"},{"name":"a"}]',
      ["tools: a stands at another place", "tools: b stands at another place"],
    ],
    ['[{"name":"ü"}]', '[{"name":"\\u00fc"}]', []],
  ])("%s and %s", (direct, through, lines) => {
    expect(compareLists(lists(direct), lists(through), same)).toEqual(lines);
  });

  it("by the names that the gateway gives", () => {
    const shown = (_: string, name: string) => `up__${name}`;
    expect(compareLists(lists('[{"name":"a","title":"A"}]'), lists('[{"name":"up__a","title":"A"}]'), shown)).toEqual(
      [],
    );
    expect(compareLists(lists('[{"name":"a"}]'), lists('[{"name":"a"}]'), shown)).toHaveLength(2);
  });
});

it("answers are compared with their digits, and digits in texts are left alone", () => {
  const answer = (text: string) => parseDigits(text);
  expect(compareValues("call", answer('{"a":[1e2,"1e2 \\" 1.0"]}'), answer('{"a":[1e2,"1e2 \\" 1.0"]}'))).toEqual([]);
  expect(compareValues("call", answer('{"a":1e2}'), answer('{"a":100}'))).toEqual([
    'call: direct …{"a":"1e2"}, through …{"a":"100"}',
  ]);
  expect(compareValues("call", answer("1"), undefined)).toEqual(['call: direct …"1", through …nothing']);
});

import { describe, expect, it } from "vitest";
import { checkPath, compileRedaction } from "../../src/redaction/redaction.ts";

describe("a path that can be used", () => {
  it.each([
    "$.a",
    "$['a b'].c[0]",
    "$..ssn",
    "$.items[*].price",
    "$.items[1:3]",
    "$.items[?@.price > 10 && @.name == 'x']",
    "$.items[?length(@.name) > 3]",
    "$.items[?@..secret]",
    "$.items[?@.id == $.owner]",
  ])("%s", (path) => {
    expect(checkPath(path)).toBeUndefined();
    expect(() => compileRedaction({ detect: [], paths: [path], with: "replace" })).not.toThrow();
  });
});

describe("a path that cannot be used says why and where", () => {
  it.each<[string, number, RegExp]>([
    ["customer.ssn", 0, /expected '\$'/],
    ["$.a[", 4, /unclosed/],
    ["$.a b", 4, /found 'b'/],
    ["", 0, /./],
    ["$", 0, /the whole result/],
    ["$..a..b", 4, /only once/],
    ["$..a[?@..b]", 7, /only once/],
    ["$.a[?match(@.b, 'x')]", 5, /match/],
    ["$.a[?search(@.b, 'x')]", 5, /search/],
    ["$.a[?count($.a[*]) > 1]", 11, /one value/],
    [`$.${"a".repeat(1000)}`, 1000, /1000 characters/],
  ])("%s", (path, offset, message) => {
    expect(checkPath(path)).toEqual({ offset, message: expect.stringMatching(message) });
    expect(() => compileRedaction({ detect: [], paths: [path], with: "replace" })).toThrow(RangeError);
  });
});

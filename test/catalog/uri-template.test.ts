import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fits, mayMeet, readTemplate } from "../../src/catalog/uris/uri-template.ts";

describe("what a template could make", () => {
  it.each([
    ["crm://{id}", "crm://7", true],
    ["crm://{id}", "crm://", true],
    ["crm://{id}", "hr://7", false],
    ["crm://{id}/notes", "crm://7/notes", true],
    ["crm://{id}/notes", "crm://notes", false],
    ["crm://{id}/a/{other}/b", "crm://1/a/2/a/3/b", true],
    ["a{x}a", "a", false],
    ["a{x}a", "aa", true],
    ["{x}ab{y}b", "ab", false],
    ["{+anything}", "what:ever", true],
    ["plain://x", "plain://x", true],
    ["plain://x", "plain://xy", false],
    // What stands outside of an expression stands for itself.
    ["crm://*/{id}", "crm://x/1", false],
    ["crm://?/{id}", "crm://?/1", true],
    ["{unclosed", "{unclosed", true],
  ])("%s and %s: %j", (template, uri, could) => {
    expect(fits(readTemplate(template), uri)).toBe(could);
  });

  it("is told as by a regular expression, whatever the parts", () => {
    const part = fc.stringMatching(/^[ab.*?]{0,3}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[ab.*?]{0,8}$/), (parts, uri) => {
        const pattern = parts.map((text) => text.replaceAll(/[.*?]/g, "\\$&")).join(".*");
        expect(fits(readTemplate(parts.join("{x}")), uri)).toBe(new RegExp(`^${pattern}$`, "s").test(uri));
      }),
    );
  });

  it.each([
    ["x://{id}", "x://{other}/notes", true],
    ["x://{id}/notes", "x://{id}/tasks", false],
    ["x://a/{id}", "x://b/{id}", false],
    ["x://readme", "x://{id}", true],
    ["x://readme", "x://{id}/notes", false],
    ["{+anything}", "x://{id}", true],
  ])("%s and %s may make one URI: %j", (one, other, may) => {
    expect(mayMeet(readTemplate(one), readTemplate(other))).toBe(may);
    expect(mayMeet(readTemplate(other), readTemplate(one))).toBe(may);
  });

  it("is never told to be different where two templates have a URI in common", () => {
    const template = fc.array(fc.stringMatching(/^[ab]{0,2}$/), { minLength: 1, maxLength: 3 });
    const made = fc.stringMatching(/^[ab]{0,6}$/);
    fc.assert(
      fc.property(template, template, made, (parts, others, uri) => {
        const [one, other] = [readTemplate(parts.join("{x}")), readTemplate(others.join("{y}"))];
        if (fits(one, uri) && fits(other, uri)) expect(mayMeet(one, other)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { templateOwner } from "../../src/catalog/template-owner.ts";

const owner = (...templates: readonly (readonly [upstream: string, key: string])[]) =>
  templateOwner(templates.map(([upstream, key]) => ({ upstream, key, definition: {} })));

describe("the owner of a template", () => {
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
  ])("%s and %s: %j", (template, uri, fits) => {
    expect(owner(["one", template])(uri)).toBe(fits ? "one" : undefined);
  });

  it("is told as by a regular expression, whatever the parts", () => {
    const part = fc.stringMatching(/^[ab.*?]{0,3}$/);
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), fc.stringMatching(/^[ab.*?]{0,8}$/), (parts, uri) => {
        const pattern = parts.map((text) => text.replaceAll(/[.*?]/g, "\\$&")).join(".*");
        const found = owner(["one", parts.join("{x}")])(uri);
        expect(found !== undefined).toBe(new RegExp(`^${pattern}$`, "s").test(uri));
      }),
    );
  });

  it("is found for others however many and long the templates of one server are", () => {
    const parts = (at: number): string => `x:${"{v}a".repeat(2_000)}${at}`;
    const hostile = Array.from({ length: 200 }, (_, at): [string, string] => ["bad", parts(at)]);
    const find = owner(...hostile, ["good", "x:{id}/good"]);
    expect(find(`x:${"a".repeat(8_000)}/good`)).toBe("good");
    expect(owner(...hostile)(`x:${"a".repeat(8_000)}0`)).toBe("bad");
    expect(owner(...hostile)(`x:${"a".repeat(8_000)}199`)).toBeUndefined();
  });
});

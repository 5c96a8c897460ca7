import { describe, expect, it } from "vitest";
import { UNAVAILABLE } from "../../src/policy/cel/template.ts";
import { type InputSketch, mistakes, policyInput, policySet, refusalOf } from "../support/policy-inputs.ts";

const rendered = (message: string, sketch: InputSketch = {}) =>
  refusalOf(
    policySet(`policies: [{ id: p, then: { deny: { message: ${JSON.stringify(message)} } } }]`).decide(
      policyInput(sketch),
    ),
  );

describe("a message", () => {
  it.each<[message: string, args: InputSketch["arguments"] & object, text: string]>([
    ["Plain.", {}, "Plain."],
    ["{{ args.amount }}", { amount: 12_000.5 }, "12000.5"],
    ["{{args.amount}} {{ args.currency }}.", { amount: 3, currency: "EUR" }, "3 EUR."],
    ["{{ args.ok }} {{ args.nothing }}", { ok: false, nothing: null }, "false null"],
    [
      "{{ user.email }} via {{ client.name }} at {{ request.time }}",
      {},
      "ann@example.com via claude-code at 2026-03-02T09:30:00.000Z",
    ],
    ["{{ args.list }} {{ args.map }}", { list: [1, "a", [true]], map: { k: "v" } }, '[1, "a", [true]] {"k": "v"}'],
    ["{{ size(args.list) }} {{ duration('90s') }} {{ {'a': 1} }}", { list: [1] }, '1 90s {"a": 1}'],
    ["{{ args.amount > 5.0 ? 'much' : 'little' }}", { amount: 6 }, "much"],
    ["a } b { c }} d", {}, "a } b { c }} d"],
  ])("%s with %j reads: %s", (message, args, text) => {
    expect(rendered(message, { arguments: args })).toBe(text);
  });

  it("has a fixed placeholder for what cannot be computed", () => {
    expect(rendered("You asked for {{ args.amount }} {{ args.a.b }}.")).toBe(
      `You asked for ${UNAVAILABLE} ${UNAVAILABLE}.`,
    );
    expect(rendered("{{ args.amount + 1 }}", { arguments: { amount: 1 } })).toBe(UNAVAILABLE);
  });

  it("shows values as one line of plain text", () => {
    const args = { text: "a\n\n# b\u0000\u001b[31m\u202e\u200bc\u2028d" };
    expect(rendered("[{{ args.text }}]", { arguments: args })).toBe("[a # b [31mc d]");
  });

  it("is bounded, value by value and as a whole", () => {
    const args = { text: "x".repeat(1_000_000), list: Array.from({ length: 500 }, (_, i) => i) };
    const short = rendered("{{ args.text }}!", { arguments: args }) ?? "";
    expect(short).toBe(`${"x".repeat(199)}…!`);
    expect(rendered("{{ args.list }}", { arguments: args })).toMatch(/^\[0, 1, .*19, …\]$/);
    expect(rendered("{{ args.text }}".repeat(200), { arguments: args })).toHaveLength(4000);
  });

  it.each([
    ["{{ args.amount", "This {{ is never closed."],
    ["{{ }}", "Unexpected end."],
    ["{{ agrs.x }}", "Unknown variable: agrs."],
    ["{{ args.x.matches(args.y) }}", "matches() takes a literal pattern only."],
  ])("is checked at load: %s", (message, mistake) => {
    const text = `policies: [{ id: p, then: { deny: { message: ${JSON.stringify(message)} } } }]`;
    expect(mistakes(text).map((it) => it.replace(/^\S+ /, ""))).toEqual([mistake]);
  });
});

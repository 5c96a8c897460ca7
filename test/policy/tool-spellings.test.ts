import { describe, expect, it } from "vitest";
import { readTool } from "../../src/catalog/entries.ts";
import { compileToolRules } from "../../src/catalog/tool-rules.ts";
import { isPlain } from "../../src/core/fold.ts";
import { ALL_TOOLS } from "../support/all-tools.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

/** What a server may call a tool that readers take for `pay_bill`. */
const SHOWN = ["Pay_bill", "PAY_BILL", "pay_Bill", "pay_bıll", "pay_BİLL"];
const HIDDEN = [
  "pay_bill\u0000",
  "\u0007pay_bill",
  "p\u200bay_bill",
  "pay\u00ad_bill",
  "pay_bill\ufeff",
  "ｐay_bill",
  "𝗉ay_bill",
  "pay_biⅼl",
  "pay_bill ",
  " pay_bill",
  "pay_bill\u00a0",
  "pay\u2066_bill",
  "pay_bill\ud800",
];
const OTHERS = ["pay_bills", "pay-bill", "paybill", "list"];

const RESTRICTS = [
  "deny: {}",
  "hide: {}",
  "request_approval: { flow: finance }",
  "step_up: { max_age: 5m }",
  "rate_limit: { limit: 1, per: 1h }",
  "redact: { detect: [email] }",
];

function matches(target: string, then: string, name: string): boolean {
  const set = policySet(`policies: [{ id: p, target: { tools: ${target} }, then: { ${then} } }]`);
  const input = policyInput({ tool: `bank/${name}`, definition: { name } });
  const { principal, client, request, subject: tool } = input;
  const hides = set.hides({ principal, client, endpoint: request.endpoint }, tool);
  return hides || set.redacts(tool) || set.decide(input).matched.some(({ policy }) => policy === "p");
}

describe.each(RESTRICTS)("a policy with %s", (then) => {
  it.each(['["bank/pay_bill"]', '["bank/pay_*"]', '["bank/PAY_?ill"]'])(
    "about %s is about its other spellings",
    (target) => {
      for (const name of ["pay_bill", ...SHOWN]) expect(matches(target, then, name), name).toBe(true);
      expect(matches(target, then, "list")).toBe(false);
    },
  );

  it("excepts the very name alone", () => {
    for (const target of ['["bank/*", "!bank/pay_bill"]', '["!bank/pay_bill"]']) {
      expect(matches(target, then, "pay_bill")).toBe(false);
      for (const name of [...SHOWN, ...OTHERS]) expect(matches(target, then, name), name).toBe(true);
    }
  });

  it("is about no other tool", () => {
    for (const name of OTHERS) expect(matches('["bank/pay_bill"]', then, name), name).toBe(false);
  });
});

describe("a policy that allows", () => {
  it("is about the very name alone", () => {
    expect(matches('["bank/pay_bill"]', "allow: {}", "pay_bill")).toBe(true);
    for (const name of [...SHOWN, ...OTHERS]) expect(matches('["bank/pay_bill"]', "allow: {}", name), name).toBe(false);
  });

  it("excepts other spellings, too", () => {
    for (const name of ["pay_bill", ...SHOWN]) {
      expect(matches('["bank/*", "!bank/pay_bill"]', "allow: {}", name), name).toBe(false);
    }
    expect(matches('["bank/*", "!bank/pay_bill"]', "allow: {}", "list")).toBe(true);
  });
});

describe("what the operator says of an upstream's tools", () => {
  const rulesOf = (rules: Partial<Parameters<typeof compileToolRules>[0]>) =>
    compileToolRules({ allow: ["*"], deny: [], annotations: {}, ...rules });

  it.each([...SHOWN, ...HIDDEN.filter((name) => name.trim() === name && !name.endsWith("\ud800"))])("%j", (name) => {
    expect(rulesOf({ deny: ["pay_*"] }).allows(name)).toBe(false);
    expect(rulesOf({ deny: ["pay_bill"] }).allows(name)).toBe(false);
    expect(rulesOf({ allow: ["pay_bill"] }).allows(name)).toBe(false);
    // Neither what was said of the other tool, nor what the server says: what is taken for nothing said.
    const rules = rulesOf({ annotations: { pay_bill: { readOnlyHint: false, destructiveHint: false } } });
    const said = { readOnlyHint: true, destructiveHint: false, openWorldHint: false };
    expect(rules.annotated(name, { name, annotations: said })).toEqual({ name, annotations: { openWorldHint: false } });
    expect(rules.ownHints(name)).toEqual(["readOnlyHint", "destructiveHint"]);
  });

  it.each(OTHERS)("%j is another tool", (name) => {
    expect(rulesOf({ deny: ["pay_bill"] }).allows(name)).toBe(true);
    const definition = { name, annotations: { readOnlyHint: true } };
    expect(rulesOf({ annotations: { pay_bill: { readOnlyHint: false } } }).annotated(name, definition)).toBe(
      definition,
    );
  });
});

describe("a tool's name", () => {
  const read = (name: string) =>
    readTool({ name: "bank", place: "" }, { item: { name, inputSchema: { type: "object" } }, repairs: [] }, ALL_TOOLS);

  it.each(HIDDEN)("that does not show all that is in it leaves it out of the list: %j", (name) => {
    expect(isPlain(name)).toBe(false);
    expect(read(name)).toEqual({ ok: false, reason: expect.stringContaining("characters") });
  });

  it.each(["pay_bill", ...SHOWN, ...OTHERS, "Search", "a/b", "créer", "列出", "اعرض", "список", "list all", "a.b~c"])(
    "that does is listed: %j",
    (name) => expect(read(name).ok).toBe(true),
  );
});

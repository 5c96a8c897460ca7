import { describe, expect, it } from "vitest";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { NO_KNOWN_FACTS } from "../../src/policy/values/facts.ts";

const PARTNER = "https://idp.partner.example";
const further = [{ issuer: PARTNER, roles: ["partner-*"], groups: [], scopes: [] }];

function warningsOf(when: string, effect = "deny", issuers = further): readonly string[] {
  const files = [{ name: "p.yaml", text: `policies:\n- { id: p, when: '${when}', then: { ${effect}: {} } }\n` }];
  const facts = { ...NO_KNOWN_FACTS, further: issuers };
  return checkAgainstTools(files, [], { facts, listed: false }).warnings.map(({ message }) => message);
}

const MISSING = [
  'user.id == "bob"',
  '"bob" == user.id',
  'user["id"] == "bob"',
  'user.id in ["ann", "bob"]',
  '!(user.id != "bob")',
  'args.n > 1.0 && (user.id == "bob" || user.id == "ann")',
  'client.id == "ci"',
  '"fin" in user.roles',
  '"fin" in user.groups',
  '"pay" in user.scopes',
  '!!("fin" in user.roles)',
  'user.id.startsWith("bob")',
  'user["id"].matches("^bob")',
  'user.id.lowerAscii() == "bob"',
  'user.roles.exists(r, r == "fin")',
  '!user.roles.exists(r, r != "fin")',
  'user.groups.exists(g, g.startsWith("fin"))',
  'user.roles.filter(r, r == "fin").size() > 0',
  'cel.bind(u, user.id, u == "bob")',
  '["ann", "bob"].exists(x, x == user.id)',
];

describe("a condition that restricts by a name of the company's own", () => {
  it.each(MISSING)("%s: is warned of where there is a further issuer", (when) => {
    expect(warningsOf(when)).toEqual([expect.stringContaining(`never fits people of ${PARTNER}: they pass`)]);
    expect(warningsOf(when, "hide")).toHaveLength(1);
    expect(warningsOf(when, "allow")).toEqual([]);
    expect(warningsOf(when, "deny", [])).toEqual([]);
  });

  it.each([
    'user.id != "bob"',
    '!(user.id == "bob")',
    '!("fin" in user.roles)',
    '!(user.id in ["bob"])',
    '"partner-fin" in user.roles',
    `user.id == "${PARTNER}|bob"`,
    `user.id in ["bob", "${PARTNER}|bob"]`,
    `"fin" in user.roles || user.issuer == "${PARTNER}"`,
    `"fin" in user.roles || user.issuer != "https://idp.acme.com"`,
    'tool.name == "pay"',
    'user.id.endsWith("bob")',
    'user.id.contains("bob")',
    'user.id.startsWith("https://idp.partner")',
    `user.id.startsWith("${PARTNER}|b")`,
    '!user.id.startsWith("bob")',
    'user.roles.exists(r, r.startsWith("part"))',
    'user.roles.exists(r, r.endsWith("fin"))',
    '!user.roles.exists(r, r == "fin")',
    `["bob", "${PARTNER}|bob"].exists(x, x == user.id)`,
  ])("%s: is not, because it misses nobody or names them", (when) => {
    expect(warningsOf(when)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { type KnownFacts, NO_KNOWN_FACTS } from "../../src/policy/values/facts.ts";

const FACTS: KnownFacts = {
  ...NO_KNOWN_FACTS,
  issuers: ["https://idp.acme.com", "https://partner.example/x", "portcullis:keys"],
  roles: ["admin", "fin"],
  keys: ["agent", "ci-bot"],
  domains: ["acme.de", "mail.partner.fr", "*.acme.at"],
};

/** Of a configuration that knows keys alone. */
const KEYS_ALONE: KnownFacts = { ...FACTS, issuers: ["portcullis:keys", "portcullis:local", "portcullis:anonymous"] };

/** What is said of a target with this one name, each with its hint. */
function check(key: string, name: string, facts = FACTS) {
  const text = `policies:\n- { id: p, target: { ${key}: [${JSON.stringify(name)}] }, then: { deny: {} } }\n`;
  const files = [{ name: "p.yaml", text }];
  const compiled = compilePolicies(files, { default: "allow", flows: [] });
  if (!compiled.ok) throw new Error(compiled.errors[0]?.message);
  const tools = [{ upstream: "bank", name: "pay", definition: { name: "pay" } }];
  const { errors, warnings } = checkAgainstTools(files, tools, { facts });
  const shown = (all: typeof errors) => all.map(({ message, hint }) => `${message} ${hint ?? ""}`).join("\n");
  return { error: shown(errors), warning: shown(warnings) };
}

describe("a name in a target that fits nobody", () => {
  it.each<[key: string, name: string, severity: "error" | "warning", said: string]>([
    ["users", "ann@acme.com,bob@acme.com", "error", "Write an entry for each: `ann@acme.com`, `bob@acme.com`."],
    ["users", "ann@acme.com; bob@acme.com", "error", "Write an entry for each"],
    ["users", "ann@acme.com bob@acme.com", "error", "Write an entry for each"],
    ["users", "Ann <ann@acme.com>", "error", "Write `ann@acme.com`."],
    ["users", "!Ann <ann@acme.com>", "error", "Write `ann@acme.com`."],
    ["users", '"Ann" ann@acme.com', "error", "Write `ann@acme.com`."],
    ["users", "mailto:ann@acme.com", "warning", "Write `ann@acme.com`."],
    ["users", "user:ann@acme.com", "warning", "Write `ann@acme.com`."],
    ["users", "ann@", "warning", "no e-mail address"],
    ["users", "!*", "error", "leaves nobody over"],
    ["users", "https://idp.acme.com", "warning", "Write `https://idp.acme.com|*`"],
    ["users", "https://idp.acme.com/*", "warning", "Write `https://idp.acme.com|*`"],
    ["users", "!https://idp.acme.com/u1", "warning", "Write `https://idp.acme.com|*`"],
    ["users", "HTTPS://idp.acme.com|u1", "error", "Did you mean `https://idp.acme.com`"],
    ["users", "https://partner.example/x*", "warning", "Write `https://partner.example/x|*`"],
    ["users", "https://idp.acme.com|", "error", "nothing stands behind"],
    ["users", "portcullis:keys", "warning", "Write `portcullis:keys|*`"],
    ["users", "ann,bob", "warning", "Write an entry for each: `ann`, `bob`."],
    ["clients", "https://idp.acme.com/*", "warning", "Write `https://idp.acme.com|*`"],
    ["clients", "cl,other", "warning", "Write an entry for each"],
    ["users", "acme.com", "warning", "Write `*@acme.com` for everybody of that domain."],
    ["users", "!Acme.com", "warning", "Write `*@Acme.com`"],
    ["users", "acme.de", "warning", "Write `*@acme.de`"],
    ["users", "partner.fr", "warning", "Write `*@partner.fr`"],
    ["users", "acme.at", "warning", "Write `*@acme.at`"],
    ["clients", "agnet", "warning", "is not the key `agent`"],
    ["clients", "!CI_Bot", "warning", "is not the key `ci-bot`"],
    ["roles", "admin,fin", "warning", "Write an entry for each: `admin`, `fin`."],
    ["roles", "!admin, fin", "warning", "Write an entry for each"],
    ["roles", "Admin", "warning", "Did you mean `admin`?"],
    ["roles", "!ADMIN", "warning", "Did you mean `!admin`?"],
    ["roles", "role:fin", "warning", "Did you mean `fin`?"],
    ["groups", "ops,dev", "warning", "Write an entry for each"],
  ])("%s: %s", (key, name, severity, said) => {
    const found = check(key, name);
    expect(found[severity]).toContain(said);
    expect(found[severity === "error" ? "warning" : "error"]).toBe("");
  });

  it.each([
    ["users", "ann@acme.com"],
    ["users", "!Ann@Acme.com"],
    ["users", "ann+bank@acme.com"],
    ["users", "*@acme.com"],
    ["users", "https://sub.example/people/7"],
    ["users", "spiffe://acme/agent"],
    ["users", "key-7"],
    ["users", "ann.smith"],
    ["users", "ann.de"],
    ["users", "robot.7"],
    ["clients", "agent"],
    ["clients", "agent*"],
    ["clients", "nokey"],
    ["users", "*"],
    ["clients", "https://idp.acme.com*"],
    ["clients", "https://client.example/metadata.json"],
    ["clients", "claude-code"],
    ["roles", "adm*"],
    ["roles", "!*"],
    ["roles", "team:lead"],
    ["groups", "cn=fin,dc=acme"],
    ["groups", "/ops"],
    ["groups", "Acme, Inc. staff"],
  ])("is none of %s: %s", (key, name) => {
    expect(check(key, name)).toEqual({ error: "", warning: "" });
  });

  it("is no key's where there are keys alone", () => {
    expect(check("clients", "nokey", KEYS_ALONE).warning).toContain("What a client calls itself proves nothing.");
    for (const name of ["agent", "no*", "*"])
      expect(check("clients", name, KEYS_ALONE)).toEqual({ error: "", warning: "" });
  });

  it("is not guessed where the configuration is not known", () => {
    expect(check("users", "https://idp.acme.com/*", NO_KNOWN_FACTS)).toEqual({ error: "", warning: "" });
    expect(check("roles", "Admin", NO_KNOWN_FACTS)).toEqual({ error: "", warning: "" });
  });
});

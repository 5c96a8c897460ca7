import { describe, expect, it } from "vitest";
import { errorsOf, load, place } from "./helpers.ts";

const HASH = (n: number) => `sha256:${`0${n}`.repeat(32)}`;
const AUTH = `auth:
  jwt: [{ issuer: https://idp.acme.com, audience: a }]
  api_keys:
    - { name: laptop, hash: "${HASH(1)}", user: ann }
    - { name: phone, hash: "${HASH(2)}", user: ann }
    - { name: robot, hash: "${HASH(3)}" }
`;
const SUB = "{ issuer: https://idp.acme.com, subject: a-1 }";
const one = "Write exactly one of issuer with subject, key, and email.";
const taken = "This belongs to another person already.";

describe("what belongs to one person", () => {
  it.each<[string, string, string, string]>([
    ["an empty identity", "[{ name: Ann, identities: [{}] }]", "people[0].identities[0]", one],
    ["an issuer alone", "[{ name: Ann, identities: [{ issuer: x }] }]", "people[0].identities[0]", one],
    ["a subject alone", "[{ name: Ann, identities: [{ subject: x }] }]", "people[0].identities[0]", one],
    ["two at once", "[{ name: Ann, identities: [{ key: robot, email: a@b.c }] }]", "people[0].identities[0]", one],
    [
      "a key that is not there",
      "[{ name: Ann, identities: [{ key: lapto }] }]",
      "people[0].identities[0].key",
      "There is no key of this name.",
    ],
    [
      "an issuer that is not there",
      "[{ name: Ann, identities: [{ issuer: https://idp.acme.co, subject: a-1 }] }]",
      "people[0].identities[0].issuer",
      "There is no such issuer.",
    ],
    [
      "one name twice",
      `[{ name: Ann, identities: [{ key: robot }] }, { name: Ann, identities: [${SUB}] }]`,
      "people[1].name",
      "Another person has the same name.",
    ],
    [
      "one subject twice",
      `[{ name: Ann, identities: [${SUB}] }, { name: Bob, identities: [${SUB}] }]`,
      "people[1].identities[0].subject",
      taken,
    ],
    [
      "two keys of one user",
      "[{ name: Ann, identities: [{ key: laptop }] }, { name: Bob, identities: [{ key: phone }] }]",
      "people[1].identities[0].key",
      taken,
    ],
    [
      "one mailbox in two spellings",
      "[{ name: Ann, identities: [{ email: ann@acme.com }] }, { name: Bob, identities: [{ email: Ann+x@ACME.com }] }]",
      "people[1].identities[0].email",
      taken,
    ],
  ])("is refused with %s", (_what, people, where, message) => {
    const { errors } = errorsOf(`${AUTH}people: ${people}\n`);
    expect(errors.map((error) => [place(error).split(" ")[1], error.message])).toContainEqual([where, message]);
  });

  it.each(["ann", '"ann"@acme.com', "Ann <ann@acme.com>", "ann@acme.com.", "ann @acme.com"])(
    "is refused with the address %j",
    (email) => {
      const { errors } = errorsOf(
        `${AUTH}people: [{ name: Ann, identities: [{ email: ${JSON.stringify(email)} }] }]\n`,
      );
      expect(errors.map(({ message }) => message)).toContainEqual(expect.stringContaining("plain e-mail address"));
    },
  );

  it("may be several keys, subjects and addresses", () => {
    const { loaded } = load(
      `${AUTH}people: [{ name: Ann, identities: [{ key: laptop }, { key: phone }, ${SUB}, { email: ann@acme.com }] }]\n`,
    );
    expect(loaded.ok).toBe(true);
  });
});

describe("a further issuer", () => {
  const warned = (second: string) => {
    const { loaded } = load(
      `auth: { jwt: [{ issuer: https://idp.acme.com, audience: a }, { issuer: https://idp.example, audience: a${second} }] }\n`,
    );
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    return loaded.warnings.filter(({ key }) => key.startsWith("auth.jwt"));
  };

  it.each([
    ["", "may, roles, groups, scopes, user_claims, email_domains"],
    [", may: [call]", "roles, groups, scopes, user_claims, email_domains"],
    [", may: [call], roles: [], groups: []", "scopes, user_claims, email_domains"],
  ])("of which the file does not say what it may say gets a warning: %j", (second, missing) => {
    expect(warned(second)).toMatchObject([{ key: "auth.jwt[1]", message: expect.stringContaining(missing) }]);
  });

  it("of which it says everything gets none", () => {
    const says = "may: [call], roles: [], groups: [], scopes: [], user_claims: [], email_domains: [example.com]";
    expect(warned(`, ${says}`)).toEqual([]);
  });
});

describe("a domain of addresses", () => {
  const loadWith = (domain: string) =>
    load(`auth: { jwt: [{ issuer: https://idp.acme.com, audience: a, email_domains: [${JSON.stringify(domain)}] }] }\n`)
      .loaded;

  it.each([
    "acme.com",
    "*.acme.com",
    "eu.*.acme.com",
    "*",
    "*.com",
    "localhost",
    "bücher.example",
    "*.bücher.example",
    "Acme.COM",
  ])("may be %s", (domain) => {
    expect(loadWith(domain)).toMatchObject({ ok: true });
  });

  it.each([
    ...["*acme.com", "acme.*", "ac?me.com", "**.acme.com", "*.*", "?"],
    ...[
      "@acme.com",
      "ann@acme.com",
      "*@acme.com",
      "!acme.com",
      "https://acme.com",
      "acme.com.",
      ".acme.com",
      "acme..com",
    ],
    ...["acme.com, example.com", " acme.com", "acme.com/"],
  ])("is not %s, which is none or others' as well", (domain) => {
    expect(loadWith(domain)).toMatchObject({
      ok: false,
      errors: [{ key: "auth.jwt[0].email_domains[0]", message: expect.stringContaining("*.acme.com") }],
    });
  });
});

describe("the scope that decides", () => {
  const warned = (auth: string) => {
    const { loaded } = load(`auth: { anonymous: true, ${auth} }\n`);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    return loaded.warnings.filter(({ key }) => key === "auth.admin.scope").map(({ message }) => message);
  };

  it.each([
    ...["openid", "profile", "email", "address", "phone", "offline_access"].map(
      (scope) => `admin: { scope: ${scope} }`,
    ),
    "admin: { scope: mcp }, scopes_supported: [mcp]",
    "admin: { scope: mcp }, jwt: [{ issuer: https://idp.acme.com, audience: a, required_scopes: [mcp] }]",
  ])("is warned of where agents have it, too: %s", (auth) => {
    expect(warned(auth)).toEqual([expect.stringContaining("Tokens of agents have this scope")]);
  });

  it.each(["admin: {}", "admin: { scope: mcp-admin }, scopes_supported: [mcp]"])("is not otherwise: %s", (auth) => {
    expect(warned(auth)).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { isPlainAddress, readMailbox } from "../../src/core/mailbox.ts";
import { createPeople, named, type PersonOptions } from "../../src/core/people.ts";
import { AT_HOME, LOCAL_ISSUER, type Principal, personKeys } from "../../src/core/principal.ts";
import { FULL_STANDING, GUEST_STANDING } from "../../src/core/standing.ts";
import { principalOf } from "../../src/identity/api-keys.ts";
import { principalFromClaims } from "../../src/identity/tokens/claims.ts";
import { testPersons } from "../support/approval-service.ts";
import { policyInput, policySet } from "../support/policy-inputs.ts";

const HOME = "https://idp.acme.com";
const PARTNER = "https://idp.partner.example";
const mapping = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };

function token(sub: string, claims: JsonObject, issuer = HOME): Principal {
  const standing = issuer === HOME ? FULL_STANDING : GUEST_STANDING;
  const said = { iss: issuer, sub, client_id: "agent", ...claims };
  return principalFromClaims({ issuer, claims: mapping, standing }, sub, said, { now: 1, toleranceMs: 0 });
}

function key(name: string, user: string | undefined, email = user?.includes("@") === true ? user : undefined) {
  return principalOf({ name, hash: "", user, email, roles: [], groups: [] });
}

function local(subject: string): Principal {
  const email = subject.includes("@") ? subject : undefined;
  return { ...key("stdio", subject, email), issuer: LOCAL_ISSUER, ...AT_HOME, may: ["call"] };
}

function vouchedFor(email: string): JsonObject {
  return { email, email_verified: true };
}

/** Ways to spell an address of the mailbox bob@acme.com, or what somebody could take for one. */
const SPELLINGS = [
  '"bob"@acme.com',
  '"b\\ob"@acme.com',
  "bob(x)@acme.com",
  "(x)bob@acme.com",
  "bob@(x)acme.com",
  "bob@acme.com(x)",
  "mailto:bob@acme.com",
  "MAILTO:bob@acme.com?subject=x",
  "acct:bob@acme.com",
  "smtp:bob@acme.com",
  "bob@acme.com.",
  "bob@acme。com",
  "bob@acme．com",
  "bob@acme｡com",
  "bob﹫acme.com",
  "Bob <bob@acme.com>",
  "<bob@acme.com>",
  "bob@acme.com, zed@acme.com",
  "zed@acme.com;bob@acme.com",
  "@relay.acme.com:bob@acme.com",
  "bob@relay@acme.com",
  ".bob@acme.com",
  "bob.@acme.com",
  "b.ob@acme.com",
  "bob@[192.0.2.1]",
  "bob@acme..com",
  "bob\u2800@acme.com",
  "\u2800bob@acme.com\u2800",
  "bob\u3164@acme.com",
  "bob\u{1d159}@acme.com",
  "bob\u200b@acme.com",
  "bob\u00ad@acme.com",
  "bob\ufe0f@acme.com",
  "bob\u{e0061}@acme.com",
  "b\u202eob@acme.com",
  "bob @acme.com",
  " bob@acme.com",
  "bob@acme.com\n",
  "bob@acme.com\u0000",
  "bob\ue000@acme.com",
  "ｂｏｂ@acme.com",
  "BOB@ACME.COM",
  "bob+pay@acme.com",
  "bob+@acme.com",
  "bob+a+b@acme.com",
  `bob@acme.com${" ".repeat(400)}`,
];

const rule = (users: string, then: "allow" | "deny") =>
  policySet(
    `policies: [{ id: p, target: { users: ${users} }, then: { ${then}: {} } }]`,
    then === "allow" ? "deny" : "allow",
  );
const RULES = {
  "deny Bob": rule('["bob@acme.com"]', "deny"),
  "allow Bob": rule('["bob@acme.com"]', "allow"),
  "allow all but Bob": rule('["*", "!bob@acme.com"]', "allow"),
  "deny all but Bob": rule('["!bob@acme.com"]', "deny"),
};

const persons = testPersons();
const who = (principal: Principal) => persons.who(principal);
const bob = token("b-1", { email: "bob@acme.com", email_verified: true });

describe.each(SPELLINGS)("an address written as %j", (spelling) => {
  const comers: readonly (readonly [string, Principal])[] = [
    ["verified", token("b-2", { email: spelling, email_verified: true })],
    ["unverified", token("b-2", { email: spelling })],
    ["as the account", token("b-2", { preferred_username: spelling })],
    ["among several", token("b-2", { emails: ["other@acme.com", spelling] })],
    ["of a key", key("k", spelling)],
    ["of an agent's key", { ...key("k", spelling), kind: "machine", name: undefined }],
    ["of another issuer", token("b-2", { email: spelling, email_verified: true }, PARTNER)],
    ["over stdio", local(spelling)],
  ];

  it.each(comers)("%s: is never certainly somebody else's", (_how, comer) => {
    for (const other of [bob, key("bob", "bob@acme.com"), key("x", "x", "bob@acme.com")]) {
      if (comer.subject === other.subject && comer.issuer === other.issuer) continue;
      expect(persons.sameness(who(comer), who(other))).toBe("unknown");
      expect(persons.sameness(who(other), who(comer))).toBe("unknown");
    }
  });

  it.each(comers)("%s: is no way around a refusal, and into nothing", (_how, comer) => {
    const effect = (rule: keyof typeof RULES) => RULES[rule].decide(policyInput({ principal: comer })).effect;
    expect(effect("deny Bob")).toBe("deny");
    expect(effect("allow all but Bob")).toBe("deny");
    const plain = [spelling, comer.subject].some((name) => name.toLowerCase() === "bob@acme.com");
    if (plain) return;
    expect(effect("allow Bob")).toBe("deny");
    expect(effect("deny all but Bob")).toBe("deny");
  });

  it("counts as an address only where it is written as one", () => {
    const [verified] = comers[0]?.slice(1) ?? [];
    const plain = /^[a-z+]+@acme\.com$/i.test(spelling) || spelling === "b.ob@acme.com";
    expect(isPlainAddress(spelling)).toBe(plain);
    expect(verified).toMatchObject({ email: plain ? spelling : undefined });
  });

  it("is nobody under people, except in another case", () => {
    const people = createPeople([{ name: "Bob", subjects: [], emails: ["bob@acme.com"] }]);
    const [verified = bob] = comers[0]?.slice(1).filter((one) => typeof one !== "string") ?? [];
    expect(named(verified, people).person).toBe(spelling === "BOB@ACME.COM" ? "Bob" : undefined);
  });
});

describe("a plain address", () => {
  it.each([
    ["ann@acme.com", "ann@acme.com", "ann@acme.com"],
    ["Ann.Smith+x@Acme.COM", "ann.smith+x@acme.com", "annsmith@acme.com"],
    ["o'hara_2#x@acme.co.uk", "o'hara_2#x@acme.co.uk", "o'hara_2@acme.co.uk"],
    ["jörg@bücher.example", "jörg@xn--bcher-kva.example", "jörg@xn--bcher-kva.example"],
    ["jörg@xn--bcher-kva.example", "jörg@xn--bcher-kva.example", "jörg@xn--bcher-kva.example"],
    ["+x@acme.com", "+x@acme.com", "+x@acme.com"],
    ["root@localhost", "root@localhost", "root@localhost"],
  ])("%s is read", (text, address, bare) => {
    expect(readMailbox(text)).toMatchObject({ address, bare });
    expect(isPlainAddress(text)).toBe(true);
  });
});

describe("what a name says of somebody", () => {
  const ann = key("laptop", "ann@acme.com");

  it.each<[string, Principal, Principal]>([
    ["a machine's key that is named as the account", key("ann", undefined), ann],
    ["a user's key that is named as the account", key("ann", "a.smith"), ann],
    ["a user who is called as the account", key("phone", "Ann"), ann],
    [
      "an account of the same issuer",
      token("a-1", { preferred_username: "ann" }),
      token("a-2", { upn: "ann@acme.com" }),
    ],
    ["a key and a subject", key("ann", undefined), token("ann", {})],
    ["a machine by a name that anybody may choose", token("u7", { preferred_username: "service-account-agent" }), ann],
    ...(
      [
        ["an enterprise connection", token("samlp|corp|ann@acme.com", {})],
        ["a scheme", token("acct:ann@acme.com", {})],
        ["an object", token("a-2", { email: { value: "ann@acme.com" } })],
        ["objects in a list", token("a-2", { emails: [{ value: "ann@acme.com", type: "work" }] })],
        ["a subject identifier", token("a-2", { sub_id: { format: "email", email: "ann@acme.com" } })],
        [
          "a subject identifier as an account",
          token("a-2", { sub_id: { format: "account", uri: "acct:ann@acme.com" } }),
        ],
        ["the identities of Firebase", token("a-2", { firebase: { identities: { email: ["ann@acme.com"] } } })],
        ["a hint", token("a-2", { login_hint: "ann@acme.com" })],
        ["what is shown", token("a-2", { name: "Ann (ann@acme.com)" })],
        ["a guest account", token("a-2", { upn: "ann_acme.com#EXT#@t.onmicrosoft.com" })],
        ["a personal account", token("a-2", { unique_name: "live.com#ann@acme.com" })],
        ["a directory", token("a-2", { unique_name: "ACME\\ann" })],
        ["a distinguished name", token("a-2", { userid: "uid=x,mail=ann@acme.com,dc=acme,dc=com" })],
        ["an attribute of SAML", token("a-2", { "urn:oid:0.9.2342.19200300.100.1.3": "ann@acme.com" })],
      ] as const
    ).flatMap(([what, one]): [string, Principal, Principal][] => [
      [`an address within ${what}`, one, token("a-1", vouchedFor("ann@acme.com"))],
    ]),
    ...[
      "employee_id",
      "employeeNumber",
      "onprem_sam_account_name",
      "objectGUID",
      "puid",
      "sid",
      "immutable_id",
      "windowsaccountname",
      "urn:oid:1.3.6.1.4.1.5923.1.1.1.6",
      "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
      "https://acme.com/user",
    ].map((claim): [string, Principal, Principal] => [
      `one ${claim} in two accounts`,
      token("a-1", { [claim]: "7-Z" }),
      token("a-2", { [claim]: "7-z" }),
    ]),
    [
      "one verified telephone in two accounts",
      token("a-1", { phone_number: "+49 30 1234-5", phone_number_verified: true }),
      token("a-2", { phone_number: "+493012345", phone_number_verified: true }),
    ],
    ...(
      [
        ["owner", "a-1"],
        ["created_by", "ann@acme.com"],
        ["contacts", ["ops@acme.com", "ann@acme.com"]],
        ["on_behalf_of", "a-1"],
        ["on_behalf_of", { user: { id: "a-1" } }],
        ["https://acme.com/whoever", "a-1"],
        ["anything", { at: [{ all: "Ann@acme.com" }] }],
      ] as const
    ).map(([claim, value]): [string, Principal, Principal] => [
      `a machine that names somebody in ${claim}`,
      token("agent", { [claim]: value }),
      token("a-1", vouchedFor("ann@acme.com")),
    ]),
    ...["owner", "created_by", "on_behalf_of", "sponsor", "user_login"].map((claim): [string, Principal, Principal] => [
      `a machine whose ${claim} may come with another account`,
      token("agent", { [claim]: "a.smith" }),
      token("a-1", {}),
    ]),
    ["a machine of a further issuer", token("agent", {}, PARTNER), token("a-1", {})],
    ["a machine of a further issuer, and a key", token("agent", {}, PARTNER), ann],
    ["a machine that names an account", token("agent", { preferred_username: "ann" }), token("a-1", {})],
    ["a machine that names an address", token("agent", { email: "ann@acme.com" }), token("a-1", {})],
    ["a machine with an address that counts", token("agent", vouchedFor("ann@acme.com")), token("a-1", {})],
    ["a machine's key with an address", key("ci", undefined, "ann@acme.com"), token("a-1", {})],
    ["a machine that names somebody, and a key", token("agent", { upn: "a.smith" }), key("laptop", "ann")],
    [
      "a service account that names somebody",
      token("u7", { preferred_username: "service-account-agent", email: "ann@acme.com" }),
      token("a-1", {}),
    ],
    [
      "a machine of a further issuer that names somebody there",
      token("agent", { upn: "ann@partner.example" }, PARTNER),
      token("a-1", {}, PARTNER),
    ],
  ])("%s: may be the same person", (_what, one, other) => {
    expect(persons.sameness(who(one), who(other))).toBe("unknown");
    const linked = testPersons([one, other].map(({ issuer, subject }, n) => personOf(`P${n}`, issuer, subject)));
    expect(linked.sameness(linked.who(one), linked.who(other))).toBe("different");
  });

  it.each<[string, Principal, Principal]>([
    ["two addresses", ann, key("x", "bob@acme.com")],
    ["a machine with a name of its own", key("ci", undefined), ann],
    ["the company's own machine", token("agent", {}), ann],
    ["a machine that names itself", token("agent", { email: "Agent@acme.com", username: "agent" }), token("a-1", {})],
    [
      "a machine as Auth0 writes it",
      token("agent@clients", { gty: "client-credentials", uid: "agent" }),
      token("a-1", {}),
    ],
    ["a machine as Entra ID writes it", token("4f-1", { idtyp: "app", oid: "4f-1" }), token("a-1", {})],
    ["a service account", token("u7", { preferred_username: "service-account-agent" }), token("a-1", {})],
    [
      "a machine that names somebody else of one domain",
      token("agent", vouchedFor("ann@acme.com")),
      token("b-1", vouchedFor("bob@acme.com")),
    ],
    ["people of one manager and one maker", token("a-1", { manager: "m", created_by: "m" }), token("m", {})],
    ["people of one nickname", token("a-1", { nickname: "Sam", name: "Sam" }), token("b-1", { nickname: "Sam" })],
    ["people of one switchboard", token("a-1", { phone_number: "+4930" }), token("b-1", { phone_number: "+4930" })],
    [
      "people of one kind of address",
      token("a-1", { emails: [{ value: "a@x.de", type: "work" }] }),
      token("b-1", { emails: [{ value: "b@x.de", type: "work" }] }),
    ],
    [
      "guests of one tenant",
      token("a-1", { upn: "a_x.de#EXT#@t.example" }),
      token("b-1", { upn: "b_x.de#EXT#@t.example" }),
    ],
    ["subjects that look like addresses with something before", token("f:1:a@x.de", {}), token("f:1:b@x.de", {})],
  ])("%s: are two", (_what, one, other) => {
    expect(persons.sameness(who(one), who(other))).toBe("different");
  });

  it("over stdio is nobody's under people unless its issuer stands there", () => {
    const byAddress = testPersons([
      { name: "Ann", subjects: [], emails: ["ann@acme.com"] },
      personOf("Bob", HOME, "b-1"),
    ]);
    const said = local("ann@acme.com");
    expect(byAddress.sameness(byAddress.who(said), byAddress.who(bob))).toBe("unknown");
    const bySubject = testPersons([personOf("Ann", LOCAL_ISSUER, "ann@acme.com"), personOf("Bob", HOME, "b-1")]);
    expect(bySubject.sameness(bySubject.who(said), bySubject.who(bob))).toBe("different");
  });

  it("is one budget for all tags of a mailbox, and an address that is none has none", () => {
    const keys = (email: string) => personKeys(token("s", { email, email_verified: true }));
    expect(keys("Ann+a@acme.com")).toEqual(keys("ann+b@acme.com"));
    expect(keys('"ann"@acme.com')).toHaveLength(1);
  });
});

function personOf(name: string, issuer: string, subject: string): PersonOptions {
  return { name, subjects: [{ issuer, subject }], emails: [] };
}

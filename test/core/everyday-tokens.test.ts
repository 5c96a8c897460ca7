import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { PersonOptions } from "../../src/core/people.ts";
import type { Principal } from "../../src/core/principal.ts";
import { FULL_STANDING } from "../../src/core/standing.ts";
import { principalFromClaims } from "../../src/identity/tokens/claims.ts";
import { testPersons } from "../support/approval-service.ts";

/*
 * Two people of one issuer with tokens as the widespread issuers write them are two, whatever else stands in there; one
 * human with two subjects is never certainly two where anything in either token says whom it is about.
 */

/** Readers of JSON round it. */
const LONG = Number("12345678901234567890");

const HOME = "https://idp.acme.com";
const mapping = { roles: "roles", groups: "groups", email: "email", name: "name", machine: undefined };

function token(sub: string, claims: JsonObject): Principal {
  const said = { iss: HOME, sub, aud: "https://mcp.acme.com", exp: 2_000_000_000, iat: 1_800_000_000, ...claims };
  return principalFromClaims({ issuer: HOME, claims: mapping, standing: FULL_STANDING }, sub, said, {
    now: 1,
    toleranceMs: 0,
  });
}

function sameness(one: Principal, other: Principal, people: readonly PersonOptions[] = []): string {
  const persons = testPersons(people);
  const [there, back] = [
    persons.sameness(persons.who(one), persons.who(other)),
    persons.sameness(persons.who(other), persons.who(one)),
  ];
  expect(back).toBe(there);
  return there;
}

const verified = (email: string): JsonObject => ({ email, email_verified: true });

/** Tokens of somebody by the name of `who`, the `n`th. */
type Writer = (who: string, n: number) => [subject: string, claims: JsonObject];

const EVERYDAY: Readonly<Record<string, Writer>> = {
  "Entra ID, version 2": (who, n) => [
    `aFz${n}xQ`,
    {
      ...{ aio: `AXQ${n}`, azp: "6e74172b-be56-4843-9ff4-e66a39bb12e3", azpacr: "0", name: `${who} Smith` },
      ...{ oid: `690222be-ff1a-4d56-abd1-7e4f7d38e4${n}`, preferred_username: `${who}@acme.com`, rh: "I", scp: "mcp" },
      ...{ sid: `s-${n}`, tid: "72f988bf-86f1-41af-91ab-2d7cd011db47", uti: `fqi${n}`, ver: "2.0" },
      ...{
        xms_tcdt: 1_598_990_303,
        wids: ["b79fbf4d-3ef9-4689-8143-76b194e85509"],
        ctry: "DE",
        tenant_region_scope: "EU",
      },
      ...{ verified_primary_email: [`${who}@acme.com`], verified_secondary_email: [], ipaddr: "192.0.2.7" },
    },
  ],
  "Entra ID, version 1, of a guest": (who, n) => [
    `bGz${n}xQ`,
    {
      ...{
        appid: "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
        appidacr: "0",
        amr: ["pwd"],
        unique_name: `live.com#${who}@x.de`,
      },
      ...{ upn: `${who}_x.de#EXT#@acme.onmicrosoft.com`, idp: "live.com", family_name: "Smith", given_name: who },
      ...{ puid: `1003BFFD${n}`, onprem_sid: `S-1-5-21-397955417-626881126-188441444-36${n}`, email: `${who}@x.de` },
    },
  ],
  Okta: (who, n) => [
    `${who}@acme.com`,
    {
      ver: 1,
      jti: `AT.${n}`,
      cid: "0oabucvyc38HLL1ef0h7",
      uid: `00ucmukel4KHsPARU0h${n}`,
      scp: ["openid"],
      auth_time: 1_799_999_990,
    },
  ],
  "Auth0, with what rules add": (who, n) => [
    `auth0|5f7c8ec7c33c6c004bbafe8${n}`,
    {
      ...{ azp: "my_client_id", scope: "openid profile", permissions: ["read:pay"], org_id: "org_9ybsU1dN2dKfDkBi" },
      ...{
        "https://acme.com/email": `${who}@acme.com`,
        "https://acme.com/roles": ["fin"],
        "https://acme.com/department": "ops",
      },
      ...{
        identities: [{ provider: "auth0", user_id: `5f7c${n}`, connection: "Users", isSocial: false }],
        nickname: "sam",
      },
      ...{ app_metadata: { plan: "pro", tier: 1 }, user_metadata: { theme: "dark", size: 12 } },
    },
  ],
  Keycloak: (who, n) => [
    `dd9fcd6d-5c6b-4e1a-bf0a-3e1a5b0a1a${n}`,
    {
      ...{
        azp: "portal",
        typ: "Bearer",
        sid: `b6a0-${n}`,
        session_state: `b6a0-${n}`,
        acr: "1",
        "allowed-origins": ["/*"],
      },
      ...{ realm_access: { roles: ["offline_access"] }, resource_access: { account: { roles: ["manage-account"] } } },
      ...{
        scope: "email profile",
        name: "Sam Smith",
        preferred_username: who,
        given_name: "Sam",
        family_name: "Smith",
      },
      ...{
        ...verified(`${who}@acme.com`),
        organization: { acme: { id: "4f1", email: "info@acme.com" } },
        locale: "de",
      },
    },
  ],
  Google: (who, n) => [
    `1096923${n}5678901234567`,
    {
      azp: "407408718192.apps.googleusercontent.com",
      hd: "acme.com",
      ...verified(`${who}@acme.com`),
      at_hash: "x",
      name: "Sam",
    },
  ],
  Cognito: (who, n) => [
    `aaaaaaaa-bbbb-cccc-dddd-eeeeeeee${n}`,
    {
      ...{
        "cognito:groups": ["fin"],
        "cognito:username": who,
        token_use: "access",
        client_id: "xxxx",
        origin_jti: `o${n}`,
      },
      ...{ "custom:tenant": "acme", event_id: `e${n}`, version: 2, username: who },
    },
  ],
  GitLab: (who, n) => [
    `${n}`,
    {
      user_id: n,
      user_login: who,
      user_email: `${who}@acme.com`,
      groups_direct: ["acme/pay"],
      namespace_id: 301,
      project_id: 8,
    },
  ],
  Firebase: (who, n) => [
    `JRaL2${n}`,
    {
      ...{ user_id: `JRaL2${n}`, ...verified(`${who}@acme.com`) },
      firebase: { identities: { email: [`${who}@acme.com`], "google.com": [`10${n}`] }, sign_in_provider: "password" },
    },
  ],
  Supabase: (who, n) => [
    `a3b1-${n}`,
    {
      ...{
        email: `${who}@acme.com`,
        phone: "",
        role: "authenticated",
        aal: "aal1",
        amr: [{ method: "password", timestamp: 17 }],
      },
      ...{ app_metadata: { provider: "email", providers: ["email"] }, session_id: `ses-${n}`, is_anonymous: false },
      user_metadata: { email: `${who}@acme.com`, email_verified: false, phone_verified: false, sub: `a3b1-${n}` },
    },
  ],
  "a directory of staff": (who, n) => [
    `s${n}`,
    {
      ...{
        employee_id: 300 + n,
        employee_type: 1,
        cost_center: 4711,
        department: "ops",
        department_id: 7,
        company: "Acme",
      },
      ...{ manager: { email: "bob@acme.com", employee_id: 301 }, manager_id: 301, supervisor: "bob@acme.com" },
      ...{ organization: { email: "info@acme.com", uid: 12, login: "acme" }, mail: `${who}@acme.com`, site: "B" },
      ...{ support_email: "help@acme.com", address: { country: "DE", locality: "Berlin" }, phone_number: "+4930" },
      ...{ created_by: "bob@acme.com", updated_by: 301, team: ["ann@acme.com", "bob@acme.com"] },
    },
  ],
};

describe("two people with everyday tokens", () => {
  it.each(Object.entries(EVERYDAY))("of %s: are two", (_issuer, write) => {
    const [ann, bob] = [token(...write("ann", 0)), token(...write("bob", 1))];
    expect(ann.unread).toBe(undefined);
    expect(sameness(ann, bob)).toBe("different");
  });

  it.each(Object.entries(EVERYDAY))("of %s: are one where their subject is all that differs", (_issuer, write) => {
    const [subject, claims] = write("ann", 0);
    expect(sameness(token(subject, claims), token("another", claims))).toBe("unknown");
  });
});

/** What both tokens of one human have. */
const SHARED: readonly JsonObject[] = [
  ...[
    "employee_id",
    "employeeNumber",
    "oid",
    "uid",
    "user_id",
    "preferred_username",
    "uidNumber",
    "https://acme.com/user",
  ].map((claim) => ({ [claim]: 301 })),
  { employee_id: [301] },
  { employee_id: { value: 301 } },
  { user: { id: 301 } },
  { employee: { number: 301 } },
  { "employee.id": 301 },
  { "https://acme.com/person/id": "301" },
  { phone_number: 49301, phone_number_verified: true },
  { u: { mail: "zed@acme.com" } },
  { "https://acme.com/u": { mail: "zed@acme.com" } },
  { u: { v: { w: { mail: ["zed@acme.com"] } } } },
  { "profile.email": "zed@acme.com" },
  { identities: [{ profileData: { email: "zed@acme.com" } }] },
  { user_metadata: { employee_id: 7 } },
  { profile: '{"email":"zed@acme.com"}' },
];

/** What one token has, beside the other one's `zed@acme.com`, `zed` and 301. */
const BESIDE: readonly (readonly [subject: string, claims: JsonObject])[] = [
  ["301", {}],
  ["00301", {}],
  ["q", { employee_id: 301 }],
  ["q", { employee_number: "0301" }],
  ["q", { uid: "301" }],
  ["q", { identities: [{ profileData: { email: "zed@acme.com" } }] }],
  ["q", { "https://acme.com/u": { mail: "zed@acme.com" } }],
  ["q", { contacts: [{ type: "email", value: "zed@acme.com" }] }],
  ["q", { profile: '{"email":"zed@acme.com"}' }],
  ["q", { "urn:x": "mailto:zed@acme.com" }],
  ["q", { note: `${"x ".repeat(400)}zed@acme.com` }],
  ["q", { deep: { er: [[{ still: "Zed <zed@acme.com>" }]] } }],
  ["zed%40acme.com", {}],
  ["zed%2540acme.com", {}],
  [Buffer.from("zed@acme.com").toString("base64"), {}],
  [Buffer.from("corp|zed@acme.com").toString("base64url"), {}],
  [Buffer.from("zed@acme.com").toString("hex"), {}],
  ['"zed"@acme.com', {}],
  ["zed(work)@acme.com", {}],
  ["/users/zed", {}],
  ["https://acme.com/people/zed", {}],
  ["https://acme.com/~zed", {}],
  ["arn:aws:iam::1:user/zed", {}],
  ["spiffe://acme.com/user/zed", {}],
  ["q", { login: Buffer.from("zed@acme.com").toString("base64") }],
  ["q", { owner: "zed" }],
  ["q", { owners: [{ user: { id: 301 } }] }],
  ["q", { may_act: { sub: "z-1" } }],
];

/** For whom a token acts, or who by it, outside `act`. */
const BEHIND: readonly JsonObject[] = [
  { on_behalf_of: "z-1" },
  { on_behalf_of: { sub: "z-1" } },
  { onBehalfOf: 301 },
  { obo: "zed@acme.com" },
  { actor: "z-1" },
  { "https://acme.com/impersonator": { id: "z-1" } },
  { delegated_by: ["zed@acme.com"] },
  { requested_by: { user: { email: "zed@acme.com" } } },
];

describe("one human with two subjects of one issuer", () => {
  const zed = token("z-1", { ...verified("zed@acme.com"), employee_id: 301, preferred_username: "zed" });
  const linked = (other: Principal) => [
    { name: "Zed", subjects: [{ issuer: HOME, subject: "z-1" }], emails: [] },
    { name: "Other", subjects: [{ issuer: HOME, subject: other.subject }], emails: [] },
  ];

  it.each(SHARED)("may be one by what both tokens have: %j", (claims) => {
    expect(sameness(token("a", claims), token("b", claims))).toBe("unknown");
  });

  it.each(BESIDE)("may be one by the subject %j and %j", (subject, claims) => {
    const other = token(subject, claims);
    expect(sameness(other, zed)).toBe("unknown");
    expect(sameness(other, zed, linked(other))).toBe("different");
  });

  it.each(BEHIND)(
    "is in it where the other token says that it acts for them, whatever the operator says: %j",
    (claims) => {
      const other = token("q", claims);
      expect(sameness(other, zed)).toBe("unknown");
      expect(sameness(other, zed, linked(other))).toBe("unknown");
    },
  );

  it("may be anybody where a name cannot be read", () => {
    const nested = (levels: number): JsonObject =>
      levels === 0 ? { mail: "zed@acme.com" } : { x: nested(levels - 1) };
    for (const claims of [{ uid: LONG }, nested(60), { x: new Array(20_000).fill("") }]) {
      const other = token("q", claims);
      expect(other.unread).toEqual(["users"]);
      expect(sameness(other, zed)).toBe("unknown");
      expect(sameness(other, zed, linked(other))).toBe("different");
    }
  });
});

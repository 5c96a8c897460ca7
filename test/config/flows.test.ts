import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstUnmet } from "../../src/config/checks/enough-people.ts";
import { load, place } from "./helpers.ts";

const HASH = (n: number) => `sha256:${`0${n}`.repeat(32)}`;
const KEYS = `api_keys:
    - { name: ann-key, hash: "${HASH(1)}", user: ann, email: ann@acme.com, roles: [fin], kind: person }
    - { name: bob-key, hash: "${HASH(2)}", user: bob@acme.com, roles: [fin, cfo], kind: person }
    - { name: agent, hash: "${HASH(3)}", user: bob@acme.com, roles: [fin], kind: machine }`;
const ROBOT = `
    - { name: robot, hash: "${HASH(4)}", roles: [ops] }`;
const KEYS_ALONE = `auth:\n  ${KEYS}${ROBOT}\n`;
const WITH_ISSUER = `auth:\n  jwt: [{ issuer: https://idp.acme.com, audience: a }]\n  ${KEYS}${ROBOT}\n`;
const GUEST = `auth:
  jwt:
    - { issuer: https://idp.acme.com, audience: a, may: [call] }
    - { issuer: https://idp.partner.com, audience: a, may: [call, approve], roles: ["p-*"], email_domains: [partner.com] }
  ${KEYS}${ROBOT}
`;
const TWO = "Nobody gets past this stage: it takes";
const NOBODY = "Nobody can approve this";
const LEFT = "everybody decides on a request once";
const OWN = "nobody approves their own request";

function warned(auth: string, flow: string): readonly (readonly [string, string])[] {
  const { loaded } = load(`${auth}approval_flows:\n  f: ${flow}\n`);
  if (!loaded.ok) throw new Error(loaded.errors.map(({ message }) => message).join("\n"));
  return loaded.warnings
    .filter(({ key }) => key.startsWith("approval_flows"))
    .map((warning) => [place(warning).split(" ")[1]?.replace("approval_flows.f.", "") ?? "", warning.message] as const);
}

const stages = (...all: string[]) => `{ stages: [${all.join(", ")}] }`;

describe("a flow that nobody can get through", () => {
  it.each<[string, string, string, string]>([
    ["one named, two wanted", WITH_ISSUER, stages("{ approvers: { users: [ann@acme.com] }, required: 2 }"), TWO],
    [
      "one mailbox in three spellings",
      WITH_ISSUER,
      stages("{ approvers: { users: [a@acme.com, A@acme.com, a+x@acme.com] }, required: 2 }"),
      TWO,
    ],
    ["a role that no key has", KEYS_ALONE, stages("{ approvers: { roles: [boss] } }"), NOBODY],
    ["a role that machines have", KEYS_ALONE, stages("{ approvers: { roles: [ops] } }"), NOBODY],
    ["names of an issuer that may not approve", GUEST, stages("{ approvers: { users: [carl] } }"), NOBODY],
    ["addresses that no issuer may say", GUEST, stages("{ approvers: { users: [carl@else.com] } }"), NOBODY],
    ["a role that no issuer may give", GUEST, stages("{ approvers: { roles: [x-boss] } }"), NOBODY],
    ["three of a role that two keys have", KEYS_ALONE, stages("{ approvers: { roles: [fin] }, required: 3 }"), TWO],
    [
      "the same person in two stages",
      WITH_ISSUER,
      stages("{ approvers: { users: [ann] } }", "{ approvers: { users: [ann] } }"),
      LEFT,
    ],
    [
      "all of one stage in another",
      KEYS_ALONE,
      stages("{ approvers: { roles: [fin] }, required: 2 }", "{ approvers: { roles: [cfo] } }"),
      LEFT,
    ],
    [
      "an escalation that never comes",
      KEYS_ALONE,
      stages("{ approvers: { roles: [boss] }, escalate: { after: 25h, to: { roles: [fin] } } }"),
      NOBODY,
    ],
  ])("is warned of: %s", (_what, auth, flow, message) => {
    expect(warned(auth, flow)).toContainEqual([
      expect.stringMatching(/^stages\[\d\]$/),
      expect.stringContaining(message),
    ]);
  });

  it("is warned of where only approvers can ask", () => {
    const flow = stages("{ approvers: { roles: [fin] }, required: 2 }");
    expect(warned(`auth:\n  ${KEYS}\n`, flow)).toEqual([["stages[0]", expect.stringContaining(OWN)]]);
    expect(warned(`auth:\n  ${KEYS}\n`, flow.replace("{ stages", "{ requester_may_approve: true, stages"))).toEqual([]);
    expect(warned(KEYS_ALONE, flow)).toEqual([]);
    expect(warned(WITH_ISSUER, flow)).toEqual([]);
  });

  it.each<[string, string, string]>([
    ["two of a role that an issuer gives", WITH_ISSUER, stages("{ approvers: { roles: [boss] }, required: 20 }")],
    ["two of a role that a partner gives", GUEST, stages("{ approvers: { roles: [p-boss] }, required: 2 }")],
    ["an address that a partner may say", GUEST, stages("{ approvers: { users: [Eve@Partner.com] } }")],
    ["a partner's subject", GUEST, stages('{ approvers: { users: ["https://idp.partner.com|eve"] } }')],
    ["a key by its address in another case", KEYS_ALONE, stages("{ approvers: { users: [ANN@acme.com] } }")],
    ["a subject with a sign", WITH_ISSUER, stages('{ approvers: { users: ["auth0|3f2c"] } }')],
    [
      "two stages that two people can meet",
      KEYS_ALONE,
      stages("{ approvers: { roles: [fin] } }", "{ approvers: { roles: [cfo] } }"),
    ],
    [
      "an escalation that comes",
      KEYS_ALONE,
      stages("{ approvers: { roles: [boss] }, escalate: { after: 23h, to: { roles: [fin] } } }"),
    ],
  ])("is not: %s", (_what, auth, flow) => {
    expect(warned(auth, flow)).toEqual([]);
  });

  it("is none where people of one mailbox are told apart", () => {
    const people = `people:
  - { name: A, identities: [{ issuer: https://idp.acme.com, subject: a }] }
  - { name: B, identities: [{ issuer: https://idp.acme.com, subject: b }] }
`;
    const flow = stages("{ approvers: { users: [team@acme.com] }, required: 2 }");
    expect(warned(WITH_ISSUER + people, flow)).toEqual([]);
  });
});

describe("what stands in a flow for nothing", () => {
  it.each<[string, string, string]>([
    ["users: ['*@acme.com']", "users[0]", "no patterns"],
    ["users: ['!bob@acme.com']", "users[0]", "Nobody is excluded"],
    ["users: ['Ann <ann@acme.com>']", "users[0]", "no plain e-mail address"],
    ["users: ['ann@acme.com ']", "users[0]", "no plain e-mail address"],
    ["users: ['https://nowhere.example|u']", "users[0]", "no such issuer"],
    ["roles: ['!fin']", "roles[0]", "Nobody is excluded"],
    ["roles: ['fin-*']", "roles[0]", "no patterns"],
    ["roles: ['fin ']", "roles[0]", "Blanks"],
  ])("is warned of: %s", (approvers, at, message) => {
    const said = [`stages[0].approvers.${at}`, expect.stringContaining(message)];
    expect(warned(WITH_ISSUER, stages(`{ approvers: { ${approvers} } }`))).toContainEqual(said);
  });

  it("is an escalation that comes too late, or to nobody else", () => {
    const escalating = (escalate: string) => stages(`{ approvers: { roles: [a, b] }, escalate: ${escalate} }`);
    expect(warned(WITH_ISSUER, escalating("{ after: 24h, to: { roles: [c] } }"))).toEqual([
      ["stages[0].escalate.after", expect.stringContaining("never comes")],
    ]);
    expect(warned(WITH_ISSUER, escalating("{ after: 1h, to: { roles: [b] } }"))).toEqual([
      ["stages[0].escalate.to", expect.stringContaining("from the beginning")],
    ]);
  });

  it("is a notifier that no flow names", () => {
    const { loaded } = load(`${KEYS_ALONE}notifiers: { s: { slack: { url: https://hooks.example/x } } }\n`);
    if (!loaded.ok) throw new Error("the configuration was not accepted");
    expect(loaded.warnings.map(({ key }) => key)).toContain("notifiers.s");
  });
});

describe("whether enough people are there", () => {
  it("is what trying all choices says", () => {
    const people = fc.subarray(["a", "b", "c", "d"]).map((names) => new Set(names));
    const stage = fc.record({
      required: fc.integer({ min: 1, max: 2 }),
      people: fc.option(people, { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(stage, { maxLength: 4 }), (all) => {
        const places = (upTo: number) =>
          all
            .slice(0, upTo)
            .flatMap(({ required, people: its }) => (its === undefined ? [] : Array(required).fill([...its])));
        const fits = ([first, ...rest]: string[][], used: string[]): boolean =>
          first === undefined || first.some((name) => !used.includes(name) && fits(rest, [...used, name]));
        const unmet = all.findIndex((_, index) => !fits(places(index + 1), []));
        expect(firstUnmet(all) ?? -1).toBe(unmet);
      }),
    );
  });
});

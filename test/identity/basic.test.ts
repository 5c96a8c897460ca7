import { hash as argon2 } from "@node-rs/argon2";
import { hash as bcrypt } from "bcrypt";
import { beforeAll, describe, expect, it } from "vitest";
import { createAttempts } from "../../src/http/attempts.ts";
import { createBasic } from "../../src/identity/basic.ts";
import { createIdentity } from "../../src/identity/create-identity.ts";
import type { Identified } from "../../src/identity/identity.ts";
import type { BasicOptions, BasicUser } from "../../src/identity/options.ts";
import { createPrincipalNow } from "../../src/identity/principal-now.ts";
import { recordingLog } from "../support/recording-log.ts";
import { identityOptions, principalOf, refusalOf } from "./helpers.ts";

const PASSWORD = "corréct:horse €";
const METADATA = "http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp";
const CHALLENGE = `Bearer resource_metadata="${METADATA}", Basic realm="Ac\\"me", charset="UTF-8"`;

const userOf = (name: string, hash: string, more: Partial<BasicUser> = {}): BasicUser => ({
  ...{ name, hash, kind: "person", email: undefined, roles: ["finance"], groups: [] },
  ...more,
});

let users: BasicUser[];
beforeAll(async () => {
  const long = await bcrypt("x".repeat(72), 4);
  users = [
    userOf("ann", await bcrypt(PASSWORD, 4)),
    userOf("böb", await argon2(PASSWORD, { memoryCost: 64, timeCost: 1 })),
    // openssl passwd -apr1 -salt abcdefgh 'pässwörd€'
    userOf("carl", "$apr1$abcdefgh$zM0CxStobBHlrc5n1h2F.1", { kind: "machine" }),
    userOf("long", long),
  ];
});

const basicOf = (text: string | Buffer, scheme = "Basic ") => scheme + Buffer.from(text).toString("base64");
const request = (authorization: string | undefined, more: object = {}) => ({
  ...{ authorization, remoteAddress: "203.0.113.7", path: "/mcp" },
  ...more,
});

function identityOf(passwords?: () => BasicOptions | undefined) {
  const inForce = { realm: 'Ac"me', users };
  const log = recordingLog();
  const now = () => 0;
  const attempts = createAttempts({ now, log });
  return createIdentity(identityOptions({ passwords: passwords ?? (() => inForce) }), { now, log, attempts });
}

describe("a password", () => {
  it.each<[string, string, string, string]>([
    ["of bcrypt", "ann", PASSWORD, "person"],
    ["of argon2", "böb", PASSWORD, "person"],
    ["of apr1", "carl", "pässwörd€", "machine"],
    ["of 72 bytes", "long", "x".repeat(72), "person"],
  ])("%s lets its user in, to call and nothing else", async (_what, name, password, kind) => {
    const identity = identityOf();
    const first = identity.identify(request(basicOf(`${name}:${password}`)));
    expect(first).toBeInstanceOf(Promise);
    expect(principalOf(await first)).toMatchObject({
      ...{ issuer: "portcullis:basic", subject: name, kind, roles: ["finance"], may: ["call"] },
    });
    // What was good a moment ago is good at once.
    expect(identity.identify(request(basicOf(`${name}:${password}`)))).not.toBeInstanceOf(Promise);
  });

  it.each(["basic ", "BASIC ", "bAsIc   "])("may be sent as %j", async (scheme) => {
    const identified = await identityOf().identify(request(basicOf(`ann:${PASSWORD}`, scheme)));
    expect(principalOf(identified).subject).toBe("ann");
  });

  it.each<[string, () => string]>([
    ["wrong", () => basicOf("ann:nonsense")],
    ["empty", () => basicOf("ann:")],
    ["of a user that there is not", () => basicOf(`eve:${PASSWORD}`)],
    ["of a user in other capitals", () => basicOf(`Ann:${PASSWORD}`)],
    ["of somebody else", () => basicOf("ann:pässwörd€")],
    ["without a name", () => basicOf(`:${PASSWORD}`)],
    ["without a colon", () => basicOf("ann")],
    ["cut at its own colon", () => basicOf("ann:corréct")],
    ["with more behind 72 bytes", () => basicOf(`long:${"x".repeat(73)}`)],
    ["very long", () => basicOf(`ann:${"x".repeat(12_000)}`)],
    ["with a NUL", () => basicOf(`ann:${PASSWORD}\0`)],
    ["with a line's end", () => basicOf(`ann:${PASSWORD}\n`)],
    ["of Latin-1", () => basicOf(Buffer.from(`ann:${PASSWORD}`, "latin1"))],
    ["that is no UTF-8", () => basicOf(Buffer.from([0x61, 0x3a, 0xff, 0xfe]))],
    ["with nothing behind the scheme", () => "Basic"],
    ["of blanks", () => "Basic    "],
    ["of no base64", () => "Basic ann:secret"],
    ["of base64url", () => `Basic ${Buffer.from("ann:???>>>").toString("base64url")}`],
    ["with loose bits", () => "Basic YTpiYx=="],
    ["twice on one line", () => `${basicOf(`ann:${PASSWORD}`)}, ${basicOf(`ann:${PASSWORD}`)}`],
  ])("%s is refused as every other one", async (_what, authorization) => {
    const identified = await identityOf().identify(request(authorization()));
    expect(refusalOf(identified)).toEqual({ code: "PASSWORD_INVALID", challenge: CHALLENGE });
    expect(identified).toEqual(await identityOf().identify(request(basicOf("eve:nonsense"))));
  });

  it("that comes to two endpoints at once is refused by each for itself", async () => {
    const identity = identityOf();
    const came = ["/mcp/a", "/mcp/b"].map((path) => identity.identify(request(basicOf("ann:nonsense"), { path })));
    const challenges = (await Promise.all(came)).map((answer) => refusalOf(answer).challenge);
    expect(challenges).toEqual([expect.stringContaining("/mcp/a"), expect.stringContaining("/mcp/b")]);
  });

  it("beside a key is refused", async () => {
    const identified = await identityOf().identify(request(basicOf(`ann:${PASSWORD}`), { apiKey: "any" }));
    expect(refusalOf(identified).code).toBe("TOKEN_INVALID");
  });

  it.each(["hash of nothing", "$2b$04$short"])("held against %j is wrong", async (hash) => {
    const inForce = { realm: "r", users: [userOf("ann", hash)] };
    const identity = identityOf(() => inForce);
    expect(refusalOf(await identity.identify(request(basicOf("ann:x")))).code).toBe("PASSWORD_INVALID");
  });

  it("is offered to whoever comes without a credential, and not in the API", async () => {
    expect(refusalOf(await identityOf().identify(request(undefined))).challenge).toBe(CHALLENGE);
    expect(refusalOf(await identityOf().identify(request("Bearer nonsense"))).challenge).toMatch(
      /^Bearer .*error="invalid_token".*, Basic realm=/,
    );
    const api = request(basicOf(`ann:${PASSWORD}`), { api: true });
    expect(refusalOf(await identityOf().identify(api))).toEqual({
      code: "CREDENTIAL_MISSING",
      challenge: `Bearer resource_metadata="${METADATA}"`,
    });
  });

  it("is no longer good once the file says so, also where it was good a moment ago", async () => {
    let inForce: BasicOptions | undefined = { realm: "r", users };
    const identity = identityOf(() => inForce);
    const principalNow = createPrincipalNow({ ...identityOptions(), passwords: () => inForce });
    const again = () => identity.identify(request(basicOf(`ann:${PASSWORD}`)));
    const ann = principalOf(await again());
    expect(principalNow(ann)).toEqual(ann);
    inForce = { realm: "r", users: users.map((user) => ({ ...user, roles: ["cfo"] })) };
    expect([principalOf(await again()).roles, principalNow(ann)?.roles]).toEqual([["cfo"], ["cfo"]]);
    inForce = { realm: "r", users: users.slice(1) };
    expect([refusalOf(await again()).code, principalNow(ann)]).toEqual(["PASSWORD_INVALID", undefined]);
    inForce = undefined;
    expect(refusalOf(await again()).code).toBe("CREDENTIAL_MISSING");
  });

  it("is guessed ten times a minute for one user, and no more", async () => {
    const identity = identityOf();
    const codes: string[] = [];
    for (let at = 0; at < 12; at++) {
      codes.push(refusalOf(await identity.identify(request(basicOf(`ann:guess ${at}`)))).code);
    }
    expect(codes.slice(9)).toEqual(["PASSWORD_INVALID", "ATTEMPTS_TOO_MANY", "ATTEMPTS_TOO_MANY"]);
    expect(principalOf(await identity.identify(request(basicOf(`böb:${PASSWORD}`)))).subject).toBe("böb");
  });
});

describe("working out passwords", () => {
  const options: BasicOptions = {
    realm: "r",
    users: ["ann", "bob", "carl"].map((name) => userOf(name, `hash of ${name}`)),
  };
  const REJECTED: Identified = { ok: false, refusal: { code: "PASSWORD_INVALID" } as never, headers: {} };

  function gate() {
    const asked: { hash: string; answer: (matches: boolean) => void }[] = [];
    const identify = createBasic({
      now: () => 0,
      attempts: undefined,
      accept: (principal) => ({ ok: true, principal, until: Number.POSITIVE_INFINITY }),
      reject: () => REJECTED,
      verify: (hash) => new Promise((answer) => asked.push({ hash, answer })),
    });
    const come = async (text: string) =>
      identify({ authorization: basicOf(text), path: "/mcp", remoteAddress: "203.0.113.7" }, options);
    return { asked, come };
  }

  it("costs the same for a name that there is not, and never lets it in", async () => {
    const { asked, come } = gate();
    const came = come("eve:x");
    expect(asked.map(({ hash }) => hash)).toEqual([expect.stringMatching(/^hash of /)]);
    asked[0]?.answer(true);
    expect(await came).toBe(REJECTED);
  });

  it("is done once for those who come together", async () => {
    const { asked, come } = gate();
    const came = [come("ann:x"), come("ann:x"), come("ann:x")];
    expect(asked).toHaveLength(1);
    asked[0]?.answer(true);
    expect((await Promise.all(came)).map(({ ok }) => ok)).toEqual([true, true, true]);
  });

  it("is done two at a time, while so many others wait and no more", async () => {
    const { asked, come } = gate();
    const came = Array.from({ length: 70 }, (_, at) => come(`ann:${at}`));
    expect(asked).toHaveLength(2);
    const turnedAway = await Promise.all(came.slice(66));
    expect(turnedAway.map((answer) => !answer.ok && [answer.refusal.code, answer.headers])).toEqual(
      Array(4).fill(["TOO_MANY_OPEN", { "Retry-After": "2" }]),
    );
    for (let at = 0; at < 66; at++) {
      asked[at]?.answer(false);
      await came[at];
      await Promise.resolve();
    }
    expect(asked).toHaveLength(66);
  });
});

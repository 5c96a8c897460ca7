import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIdentity } from "../../src/identity/create-identity.ts";
import { readToken } from "../../src/identity/tokens/parts.ts";
import { startIssuer, type TestIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { AUDIENCE, bearer, identityOptions, issuerOptions, principalOf, refusalOf } from "./helpers.ts";

const NOW = Date.UTC(2026, 10, 21);
const SECONDS = NOW / 1000;

let issuer: TestIssuer;
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());

function identity() {
  const options = identityOptions({ jwt: [issuerOptions(issuer.issuer)] });
  return createIdentity(options, { now: () => NOW, log: recordingLog() });
}

const header = () => ({ alg: "ES256", typ: "at+jwt", kid: issuer.publicKey().kid });
const claims = () => ({ iss: issuer.issuer, sub: "ann", aud: AUDIENCE, exp: SECONDS + 600, iat: SECONDS });

/** Writes an object and one more member behind it, which may have the name of another. */
function withMember(value: object, member: string): string {
  return JSON.stringify(value).replace(/\}$/, `,${member}}`);
}

/** The text with another last character, which stands for the same bytes: only bits that nobody reads differ. */
function withLooseBits(segment: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(segment.at(-1) ?? "");
  const bytes = Buffer.from(segment, "base64url");
  const other = Array.from(alphabet).find(
    (char, index) => index !== last && Buffer.from(segment.slice(0, -1) + char, "base64url").equals(bytes),
  );
  return segment.slice(0, -1) + (other ?? "");
}

describe("a token whose signature is good is refused", () => {
  it.each<[string, () => [string, string], string]>([
    [
      "with a claim that comes twice",
      () => [JSON.stringify(header()), withMember(claims(), '"sub":"bob"')],
      "differently",
    ],
    [
      "with a claim that comes twice, once escaped",
      () => [JSON.stringify(header()), withMember(claims(), '"\\u0073ub":"bob"')],
      "differently",
    ],
    [
      "with a member that comes twice further down",
      () => [JSON.stringify(header()), withMember(claims(), '"realm":{"roles":["a"],"roles":["b"]}')],
      "differently",
    ],
    ["with an alg that comes twice", () => [withMember(header(), '"alg":"none"'), text()], "differently"],
    ["with a typ that comes twice", () => [withMember(header(), '"typ":"JWT"'), text()], "differently"],
    ["with a kid that is no text", () => [JSON.stringify({ ...header(), kid: 1 }), text()], "well-formed"],
    ["with a kid that is null", () => [JSON.stringify({ ...header(), kid: null }), text()], "well-formed"],
    ["with a typ that is a list", () => [JSON.stringify({ ...header(), typ: ["at+jwt"] }), text()], "well-formed"],
    ["without an alg", () => [JSON.stringify({ ...header(), alg: undefined }), text()], "well-formed"],
    ["with an extension", () => [JSON.stringify({ ...header(), crit: ["x"], x: 1 }), text()], "extension"],
    ["with an empty list of extensions", () => [JSON.stringify({ ...header(), crit: [] }), text()], "extension"],
    ["with an encoding of its own", () => [JSON.stringify({ ...header(), crit: ["b64"], b64: false }), text()], "ext"],
    ["with a mark before its claims", () => [JSON.stringify(header()), `\uFEFF${text()}`], "well-formed"],
    ["with claims that are a list", () => [JSON.stringify(header()), "[]"], "well-formed"],
    ["with claims that are nothing", () => [JSON.stringify(header()), "null"], "well-formed"],
    ["with a header that is no JSON", () => ["{", text()], "well-formed"],
    [
      "with claims that are too deep",
      () => [JSON.stringify(header()), withMember(claims(), `"x":${"[".repeat(20)}${"]".repeat(20)}`)],
      "differently",
    ],
    ...["sub", "client_id", "azp", "cid", "appid"].map((name): [string, () => [string, string], string] => [
      `with half a character in its ${name}`,
      () => [JSON.stringify(header()), JSON.stringify({ ...claims(), [name]: "s\ud800" })],
      "differently",
    ]),
  ])("%s", async (_what, texts, why) => {
    const refusal = refusalOf(await identity().identify(bearer(await issuer.signTexts(...texts()))));
    expect([refusal.code, refusal.challenge]).toEqual(["TOKEN_INVALID", expect.stringContaining(why)]);
  });

  const rewritten: [string, (parts: readonly string[]) => string][] = [
    ["with padding behind its signature", (parts) => `${parts.join(".")}==`],
    ["with padding behind its claims", ([a, b, c]) => `${a}.${b}=.${c}`],
    ["with padding behind its header", ([a, b, c]) => `${a}=.${b}.${c}`],
    ["with other bits at the end of its signature", ([a, b, c]) => `${a}.${b}.${withLooseBits(c ?? "")}`],
    [
      "with a signature in plain base64",
      ([a, b, c]) => `${a}.${b}.${Buffer.from(c ?? "", "base64url").toString("base64")}`,
    ],
    ["with a part more", (parts) => `${parts.join(".")}.x`],
    ["with an empty part more", (parts) => `${parts.join(".")}.`],
    ["with a part less", ([a, b]) => `${a}.${b}`],
    ["with an empty signature", ([a, b]) => `${a}.${b}.`],
  ];
  it.each(rewritten)("%s", async (_what, rewrite) => {
    const token = await issuer.signTexts(JSON.stringify(header()), text());
    expect(principalOf(await identity().identify(bearer(token))).subject).toBe("ann");
    const other = rewrite(token.split("."));
    expect(other).not.toBe(token);
    expect(refusalOf(await identity().identify(bearer(other))).code).toBe("TOKEN_INVALID");
  });

  it.each([" ", "\t", "\n", "\r"])("with white space in it (%j)", async (space) => {
    const token = await issuer.signTexts(JSON.stringify(header()), text());
    for (const at of [5, token.indexOf(".") + 3, token.length - 3]) {
      const other = token.slice(0, at) + space + token.slice(at);
      expect(refusalOf(await identity().identify(bearer(other))).code).toBe("TOKEN_INVALID");
      expect(readToken(other).ok).toBe(false);
    }
  });
});

it("what a token calls somebody is a text that can be stored and sent, wherever it was cut", async () => {
  const cut = "Ann \ud83d";
  const said = { name: cut, email: cut, acr: cut, amr: [cut], roles: [cut, "lead"] };
  const token = await issuer.signTexts(JSON.stringify(header()), JSON.stringify({ ...claims(), ...said }));
  expect(principalOf(await identity().identify(bearer(token)))).toMatchObject({
    name: "Ann \ufffd",
    roles: ["Ann \ufffd", "lead"],
    acr: "Ann \ufffd",
  });
});

it("a token is read as it was written, whatever texts it holds", () => {
  const members = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 8 });
  fc.assert(
    fc.property(members, (some) => {
      const written = JSON.stringify({ ...some, alg: "RS256", kid: "k", typ: "JWT", crit: undefined });
      if (/__proto__|e[+]|\d{16}/.test(written)) return;
      const part = Buffer.from(written).toString("base64url");
      const read = readToken(`${part}.${part}.AA`);
      expect(read).toEqual({ ok: true, parts: { header: JSON.parse(written), claims: JSON.parse(written) } });
    }),
  );
});

function text(): string {
  return JSON.stringify(claims());
}

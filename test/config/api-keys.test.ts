import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/core/digest.ts";
import { configOf, errorsOf, place } from "./helpers.ts";

const KEY = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
const HASH = `sha256:${sha256(KEY)}`;
const JWT = `${Buffer.from('{"alg":"ES256"}').toString("base64url")}.eyJzdWIiOiJhbm4ifQ.c2ln`;
const keys = (...entries: string[]) => `auth:\n  api_keys:\n${entries.map((entry) => `    - { ${entry} }\n`).join("")}`;

describe("a key that somebody else made", () => {
  it("is kept as its hash, and nowhere else", () => {
    const config = configOf(keys(`name: crm, key: '\${CRM_KEY}', user: ann`), { CRM_KEY: KEY });
    expect(config.auth.apiKeys).toMatchObject([{ name: "crm", hash: HASH, user: "ann", metadata: {} }]);
    expect(JSON.stringify(config)).not.toContain(KEY);
    expect(config.auth.apiKeyHeader).toBe("x-api-key");
  });

  it("comes from a file, without the line's end", () => {
    const config = configOf(keys(`name: crm, key: '\${file:crm.key}'`), {}, { "crm.key": `${KEY}\n` });
    expect(config.auth.apiKeys[0]?.hash).toBe(HASH);
  });

  it("may come in a header that the operator names", () => {
    expect(configOf("auth: { api_key_header: Ocp-Apim-Subscription-Key }").auth.apiKeyHeader).toBe(
      "ocp-apim-subscription-key",
    );
  });

  it.each<[string, string, string, string]>([
    ["neither key nor hash", keys("name: crm"), "auth.api_keys[0]", "Write the key's hash, or the key."],
    ["both", keys(`name: crm, key: ${KEY}, hash: "${HASH}"`), "auth.api_keys[0].key", "not both"],
    ["a short key", keys("name: crm, key: abcdefghijklmnopqrs"), "auth.api_keys[0].key", "portcullis keys create"],
    ["a key of few signs", keys("name: crm, key: aaaaaaaabbbbbbbbccccccccdddddddd"), "auth.api_keys[0].key", "guessed"],
    ["an empty key", keys("name: crm, key: ''"), "auth.api_keys[0].key", "guessed"],
    ["a blank in a key", keys("name: crm, key: 'abcdefghij klmnopqrstu'"), "auth.api_keys[0].key", "blanks"],
    ["a comma in a key", keys("name: crm, key: 'abcdefghij,klmnopqrstu'"), "auth.api_keys[0].key", "commas"],
    ["an umlaut in a key", keys("name: crm, key: 'abcdefghijklmnopqrstuü'"), "auth.api_keys[0].key", "ASCII"],
    ["a token as a key", keys(`name: crm, key: ${JWT}`), "auth.api_keys[0].key", "auth.jwt"],
    ["one key twice", keys(`name: a, key: ${KEY}`, `name: b, key: ${KEY}`), "auth.api_keys[1].key", "same key"],
    [
      "a key and its hash",
      keys(`name: a, key: ${KEY}`, `name: b, hash: "${HASH}"`),
      "auth.api_keys[1].hash",
      "same hash",
    ],
    ["a header that says more", "auth: { api_key_header: Authorization }", "auth.api_key_header", "something else"],
    ["a header of MCP's", "auth: { api_key_header: Mcp-Key }", "auth.api_key_header", "something else"],
    ["a cookie", "auth: { api_key_header: cookie }", "auth.api_key_header", "something else"],
    ["no header's name", "auth: { api_key_header: 'X Key' }", "auth.api_key_header", "name of an HTTP header"],
  ])("is refused with %s", (_what, text, where, message) => {
    const { errors } = errorsOf(text);
    expect(errors.map((error) => [place(error).split(" ")[1], error.message, error.hint].join(" "))).toContainEqual(
      expect.stringMatching(
        new RegExp(`^${where.replaceAll(/[[\].]/g, "\\$&")} .*${message.replaceAll(/[.()]/g, "\\$&")}`),
      ),
    );
  });
});

describe("metadata of a key", () => {
  const withMetadata = (metadata: string) => keys(`name: crm, hash: "${HASH}", metadata: ${metadata}`);

  it("are kept as they stand", () => {
    const config = configOf(withMetadata("{ tier: gold, limits: { rows: 5, names: [a, b] }, trial: false }"));
    expect(config.auth.apiKeys[0]?.metadata).toEqual({
      tier: "gold",
      limits: { rows: 5, names: ["a", "b"] },
      trial: false,
    });
  });

  it.each<[string, string, string]>([
    ["a list", "[1]", "metadata"],
    ["a name with a blank", "{ 'a b': 1 }", "A name has"],
    ["a name of a token's", "{ exp: 1 }", "what a token says"],
    ["an actor", "{ act: { sub: bob } }", "what a token says"],
    ["five levels", "{ a: { b: { c: { d: { e: 1 } } } } }", "4 levels"],
    ["more than 4 KB", `{ a: "${"x".repeat(4_096)}" }`, "4 KB"],
  ])("are refused with %s", (_what, metadata, message) => {
    expect(errorsOf(withMetadata(metadata)).printed).toContain(message);
  });
});

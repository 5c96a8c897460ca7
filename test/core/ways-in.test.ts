import { describe, expect, it } from "vitest";
import { AT_HOME, type Principal } from "../../src/core/principal.ts";
import { admitting } from "../../src/core/ways-in.ts";

const by = (issuer: string, groups: readonly string[] = []): Principal => ({
  ...{
    issuer,
    groups,
    subject: "ann",
    kind: "person",
    clientId: undefined,
    email: undefined,
    name: undefined,
    roles: [],
  },
  ...{ scopes: [], claims: {}, acr: undefined, amr: [], authTime: undefined },
  ...AT_HOME,
});
const IDP = "https://idp.acme.com";

describe("the ways into an endpoint", () => {
  it.each<[string[], Principal, boolean]>([
    [[IDP], by(IDP), true],
    [[IDP], by(`${IDP}/`), false],
    [[IDP], by("portcullis:keys"), false],
    [["api_keys"], by("portcullis:keys"), true],
    [["api_keys"], by(IDP), false],
    [["api_keys/bots"], by("portcullis:keys", ["bots"]), true],
    [["api_keys/bots"], by("portcullis:keys", ["boats"]), false],
    [["api_keys/bots"], by(IDP, ["bots"]), false],
    [["api_keys/bots"], by("portcullis:basic", ["bots"]), false],
    [["basic"], by("portcullis:basic"), true],
    [["basic"], by("portcullis:anonymous"), false],
    [["anonymous"], by("portcullis:anonymous"), true],
    [["constructor"], by("portcullis:keys"), false],
    [[IDP, "basic"], by("portcullis:local"), true],
  ])("%j: %o", (ways, principal, expected) => {
    expect(admitting(ways)(principal)).toBe(expected);
  });
});

import { describe, expect, it } from "vitest";
import { createApiKey } from "../../src/identity/api-keys.ts";
import { createIdentity } from "../../src/identity/create-identity.ts";
import type { ApiKeyOptions, IdentityOptions } from "../../src/identity/options.ts";
import { recordingLog } from "../support/recording-log.ts";
import { bearer, identityOptions, issuerOptions, principalOf, refusalOf } from "./helpers.ts";

const identityWith = (more: Partial<IdentityOptions>) =>
  createIdentity(identityOptions(more), { now: () => 0, log: recordingLog() });

function keyEntry(more: Partial<ApiKeyOptions> = {}): { key: string; entry: ApiKeyOptions } {
  const { key, hash } = createApiKey();
  const entry = {
    name: "ci-agent",
    hash,
    user: "ci@acme.com",
    email: undefined,
    roles: ["employee"],
    groups: [],
    ...more,
  };
  return { key, entry };
}

describe("an API key", () => {
  it("stands for the user of its entry, at once", async () => {
    const { key, entry } = keyEntry({ email: "ci@acme.com" });
    const identified = identityWith({ apiKeys: [keyEntry().entry, entry] }).identify(bearer(key));
    expect(identified).not.toBeInstanceOf(Promise);
    expect(principalOf(await identified)).toMatchObject({
      issuer: "portcullis:keys",
      subject: "ci@acme.com",
      kind: "person",
      clientId: "ci-agent",
      email: "ci@acme.com",
      roles: ["employee"],
    });
  });

  it("without a user belongs to a machine", async () => {
    const { key, entry } = keyEntry({ user: undefined });
    const principal = principalOf(await identityWith({ apiKeys: [entry] }).identify(bearer(key)));
    expect(principal).toMatchObject({ subject: "ci-agent", kind: "machine" });
  });

  it.each<[string, (key: string, hash: string) => string]>([
    ["is another one", () => createApiKey().key],
    ["lacks its last character", (key) => key.slice(0, -1)],
    ["has a character more", (key) => `${key}A`],
    ["is the hash instead", (_, hash) => `pk_${hash.slice(7)}`],
  ])("that %s is refused", async (_, change) => {
    const { key, entry } = keyEntry();
    const refusal = refusalOf(await identityWith({ apiKeys: [entry] }).identify(bearer(change(key, entry.hash))));
    expect(refusal.code).toBe("TOKEN_INVALID");
    expect(refusal.challenge).toBe(
      'Bearer resource_metadata="http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp", error="invalid_token", error_description="The API key is not known."',
    );
  });

  it("has 256 random bits and a prefix", () => {
    expect(createApiKey().key).toMatch(/^pk_[A-Za-z0-9_-]{43}$/);
    expect(createApiKey().key).not.toBe(createApiKey().key);
  });
});

describe("without a credential", () => {
  it.each([
    ["127.0.0.1", true],
    ["127.8.9.10", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["10.0.0.1", false],
    ["::ffff:10.0.0.1", false],
    ["128.127.0.0.1", false],
    ["127.0.0.1.example.com", false],
    ["::2", false],
    ["", false],
  ])("a caller at %s is let in while anonymous is on: %s", async (remoteAddress, expected) => {
    const identified = await identityWith({ anonymous: true }).identify(bearer(undefined, { remoteAddress }));
    expect(identified.ok).toBe(expected);
    if (identified.ok)
      expect(identified.principal).toMatchObject({ issuer: "portcullis:anonymous", kind: "anonymous" });
  });

  it("a proxy on this machine does not make its callers local", async () => {
    const request = { ...bearer(undefined, { remoteAddress: "127.0.0.1" }), forwarded: true };
    expect(refusalOf(await identityWith({ anonymous: true }).identify(request)).code).toBe("CREDENTIAL_MISSING");
  });

  it("a caller on this machine is refused while anonymous is off", async () => {
    const refusal = refusalOf(await identityWith({}).identify(bearer(undefined, { remoteAddress: "127.0.0.1" })));
    expect(refusal.code).toBe("CREDENTIAL_MISSING");
    // RFC 6750 §3.1: no error code when no credential was sent.
    expect(refusal.challenge).toBe(
      'Bearer resource_metadata="http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp"',
    );
  });

  it.each([
    ["Basic YTpi", "CREDENTIAL_MISSING"],
    ["Bearer", "TOKEN_INVALID"],
    ["Bearer nonsense", "TOKEN_INVALID"],
  ])("is not what %s is: anonymous is not the fallback for a bad credential", async (authorization, code) => {
    const request = { ...bearer(undefined, { remoteAddress: "127.0.0.1" }), authorization };
    expect(refusalOf(await identityWith({ anonymous: true }).identify(request)).code).toBe(code);
  });
});

describe("the protected resource's metadata and challenges", () => {
  const jwt = [issuerOptions("https://idp.acme.com"), issuerOptions("https://idp.other.com/realm")];

  it.each([
    [
      "https://gw.acme.com",
      "/mcp",
      "https://gw.acme.com/mcp",
      "https://gw.acme.com/.well-known/oauth-protected-resource/mcp",
    ],
    [
      "https://gw.acme.com",
      "/mcp/finance",
      "https://gw.acme.com/mcp/finance",
      "https://gw.acme.com/.well-known/oauth-protected-resource/mcp/finance",
    ],
    [
      "https://acme.com/gate",
      "/mcp",
      "https://acme.com/gate/mcp",
      "https://acme.com/gate/.well-known/oauth-protected-resource/mcp",
    ],
  ])("of %s%s name %s", async (publicUrl, path, resource, url) => {
    const identity = identityWith({ publicUrl, jwt, scopesSupported: ["mcp:tools"] });
    expect(identity.metadata(path)).toEqual({
      resource,
      authorization_servers: ["https://idp.acme.com", "https://idp.other.com/realm"],
      scopes_supported: ["mcp:tools"],
      bearer_methods_supported: ["header"],
      resource_name: "Portcullis",
    });
    const { challenge } = refusalOf(await identity.identify(bearer(undefined, { path })));
    expect(challenge).toBe(`Bearer resource_metadata="${url}", scope="mcp:tools"`);
  });

  it.each([
    ["one issuer requires", [["mcp:tools"]], ["mcp:tools"]],
    [
      "each of several requires",
      [
        ["a", "b"],
        ["b", "c"],
      ],
      ["b"],
    ],
    ["is configured besides", [["mcp:tools"]], ["email", "mcp:tools"], ["email"]],
    ["only one of several requires", [["a"], []], undefined],
  ])("name the scopes that %s", async (_what, required, expected, scopesSupported: string[] = []) => {
    const issuers = required.map((requiredScopes, i) => issuerOptions(`https://idp-${i}.example`, { requiredScopes }));
    const identity = identityWith({ jwt: issuers, scopesSupported });
    expect(identity.metadata("/mcp")["scopes_supported"]).toEqual(expected);
    const { challenge } = refusalOf(await identity.identify(bearer(undefined)));
    expect(/scope="([^"]*)"/.exec(challenge)?.[1]).toBe(expected?.join(" "));
  });

  it.each(['/mcp/"><script>', "/mcp/a/b", "/mcp/%22", "/mcp/Ünï", "/admin", ""])(
    "never repeat a path that is no endpoint: %s",
    async (path) => {
      const identity = identityWith({ jwt });
      expect(identity.metadata(path)["resource"]).toBe("http://127.0.0.1:3000/mcp");
      const { challenge } = refusalOf(await identity.identify(bearer(undefined, { path })));
      expect(challenge).toBe(
        'Bearer resource_metadata="http://127.0.0.1:3000/.well-known/oauth-protected-resource/mcp"',
      );
    },
  );
});

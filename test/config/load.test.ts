import { join } from "node:path";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { Config } from "../../src/config/schema/schema.ts";
import { publicUrlOf } from "../../src/config/schema/server.ts";
import { GUEST_STANDING } from "../../src/core/standing.ts";
import type { IdentityOptions } from "../../src/identity/options.ts";
import type { StepUpOptions } from "../../src/step-up/options.ts";
import { parseStoreUrl } from "../../src/store/store-url.ts";
import type { UpstreamOptions } from "../../src/upstream/upstream.ts";
import { configOf, load } from "./helpers.ts";

const HASH = `sha256:${"0a".repeat(32)}`;

// Every key that there is.
const EVERYTHING = `
server:
  host: 0.0.0.0
  port: 8080
  public_url: https://mcp.acme.com/
  allowed_origins: [https://chat.acme.com]
  allowed_hosts: ["mcp.internal:8080"]
  trusted_proxies: [127.0.0.1, private]
  body_limit: 512KB
  session_idle: 2h
  hold: 1.5m
  log: { level: debug, format: json }
auth:
  jwt:
    - issuer: https://idp.acme.com
      audience: https://mcp.acme.com/mcp
      jwks_url: https://idp.acme.com/keys
      algorithms: [ES256, EdDSA]
      require_typ: true
      required_scopes: ["mcp:tools"]
      clock_tolerance: 250ms
      max_age: 2h
      may: [call, approve]
      roles: ["acme-*"]
      groups: [finance]
      scopes: ["mcp:*"]
      user_claims: [department]
      email_domains: [acme.com]
      email_verified: always
      claims: { roles: realm_access.roles, groups: groups, email: mail, name: given_name, identity: [badge], machine: { claim: gty, values: [cc] } }
    - { issuer: https://other.example/realm, audience: [a, b] }
  api_keys:
    - { name: ci-agent, hash: "${HASH}", user: ci@acme.com, kind: machine, roles: [employee], groups: [bots] }
    - { name: robot, hash: "sha256:${"0b".repeat(32)}" }
  anonymous: false
  run_after_token_ends: 30m
  scopes_supported: ["mcp:tools"]
  admin: { roles: [platform-admin], scope: "gateway:run" }
people:
  - name: Ann
    identities:
      - { issuer: https://idp.acme.com, subject: 3f2c }
      - { key: ci-agent }
      - { key: robot }
      - { email: ann@acme.com }
upstreams:
  expenses: { command: node, args: [server.js], env: { TOKEN: "\${TOKEN}" }, cwd: /srv }
  github:
    type: streamable-http
    url: https://mcp.example.com/mcp
    headers: { Authorization: "Bearer \${GH}" }
    timeout: 30s
    isolation: shared
    era: legacy
    idle: 1h
    max_sessions: 7
    max_response: 1MB
    tools: { allow: ["*"], deny: ["delete_repo"] }
  old: { type: sse, url: https://old.example.com/sse }
endpoints:
  finance: { upstreams: [expenses], tools: ["expenses/*"] }
registration: { addresses: [10.0.0.0/8, "fd00::/8", 192.168.1.7, mcp.internal, localhost], commands: true }
policies: { dir: ./rules, default: deny }
approval_flows:
  finance:
    description: Finance signs off spending by agents.
    stages:
      - approvers: { roles: [finance-lead], users: ["ann@acme.com"] }
        required: 2
        escalate: { after: 2h, to: { roles: [cfo] } }
      - approvers: { roles: [cfo] }
    pending_ttl: 7d
    execute_ttl: 30m
    requester_may_approve: true
    reason: always
    execute: on_approval
    notify: [ops-webhook, finance-slack, mail]
notifiers:
  ops-webhook: { webhook: { url: https://hooks.example.com/x, secret: "\${HOOK}" } }
  finance-slack: { slack: { url: https://hooks.slack.com/x } }
  mail: { email: { smtp: smtps://u:p@mail.example.com, from: gate@acme.com } }
step_up: { oidc: { issuer: https://idp.acme.com, client_id: portcullis, client_secret: "\${SECRET}" }, ttl: 10m }
store: { url: file:./data/portcullis.db }
audit: { arguments: sealed }
secrets: { key: "\${PORTCULLIS_KEY}" }
errors: protocol
`;
const ENV = { TOKEN: "t", GH: "g", HOOK: "h", SECRET: "s", PORTCULLIS_KEY: "ab".repeat(32) };

describe("a configuration", () => {
  it("may use every key there is, and comes out in milliseconds, bytes and camelCase", () => {
    const { dir, loaded } = load(EVERYTHING, ENV, { "rules/.keep": "" });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const { config } = loaded;
    expect(loaded.warnings.map((warning) => warning.key)).toEqual(["auth.jwt[1]", "approval_flows.finance.stages[0]"]);
    expect(loaded.warnings[0]?.message).toContain("may call tools and nothing else");
    expect(config.server).toEqual({
      host: "0.0.0.0",
      port: 8080,
      publicUrl: "https://mcp.acme.com",
      allowedOrigins: ["https://chat.acme.com"],
      allowedHosts: ["mcp.internal:8080"],
      trustedProxies: ["127.0.0.1", "private"],
      bodyLimitBytes: 524_288,
      jsonValues: 100_000,
      sessionIdleMs: 7_200_000,
      holdMs: 90_000,
      log: { level: "debug", format: "json" },
    });
    expect(config.auth.jwt[0]).toEqual({
      issuer: "https://idp.acme.com",
      audiences: ["https://mcp.acme.com/mcp"],
      jwksUrl: "https://idp.acme.com/keys",
      algorithms: ["ES256", "EdDSA"],
      requireTyp: true,
      requiredScopes: ["mcp:tools"],
      clockToleranceMs: 250,
      maxAgeMs: 7_200_000,
      claims: {
        roles: "realm_access.roles",
        groups: "groups",
        email: "mail",
        identity: ["badge"],
        name: "given_name",
        machine: { claim: "gty", values: ["cc"] },
      },
      standing: {
        may: ["call", "approve"],
        roles: ["acme-*"],
        groups: ["finance"],
        scopes: ["mcp:*"],
        userClaims: ["department"],
        emailDomains: ["acme.com"],
        emailVerified: "always",
        home: true,
      },
    });
    expect(config.auth.jwt[1]).toMatchObject({ audiences: ["a", "b"], requireTyp: false, jwksUrl: undefined });
    expect(config.auth.jwt[1]?.standing).toEqual(GUEST_STANDING);
    expect(config.auth.people).toEqual([
      {
        name: "Ann",
        subjects: [
          { issuer: "https://idp.acme.com", subject: "3f2c" },
          { issuer: "portcullis:keys", subject: "ci@acme.com" },
          { issuer: "portcullis:keys", subject: "robot" },
        ],
        emails: ["ann@acme.com"],
      },
    ]);
    expect(config.auth.apiKeys).toEqual([
      {
        name: "ci-agent",
        hash: HASH,
        user: "ci@acme.com",
        kind: "machine",
        email: "ci@acme.com",
        roles: ["employee"],
        groups: ["bots"],
        metadata: {},
      },
      {
        name: "robot",
        hash: `sha256:${"0b".repeat(32)}`,
        user: undefined,
        kind: undefined,
        email: undefined,
        roles: [],
        groups: [],
        metadata: {},
      },
    ]);
    expect(config.auth).toMatchObject({
      adminRoles: ["platform-admin"],
      adminScope: "gateway:run",
      runAfterTokenEndsMs: 1_800_000,
    });
    expect(config.upstreams.map((upstream) => upstream.name)).toEqual(["expenses", "github", "old"]);
    expect(config.upstreams[0]?.transport).toEqual({
      kind: "stdio",
      command: "node",
      args: ["server.js"],
      env: { TOKEN: "t" },
      cwd: "/srv",
    });
    expect(config.upstreams[1]).toEqual({
      name: "github",
      references: { Authorization: `Bearer \${GH}` },
      transport: { kind: "http", url: "https://mcp.example.com/mcp", headers: { Authorization: "Bearer g" } },
      era: "legacy",
      timeoutMs: 30_000,
      toolTimeouts: [],
      retry: undefined,
      isolation: "shared",
      idleMs: 3_600_000,
      maxSessions: 7,
      maxResponseBytes: 1_048_576,
      tools: { allow: ["*"], deny: ["delete_repo"], idempotent: [], annotations: {} },
    });
    expect(config.upstreams[2]?.transport).toEqual({ kind: "sse", url: "https://old.example.com/sse", headers: {} });
    expect(config.endpoints).toEqual([{ name: "finance", upstreams: ["expenses"], tools: ["expenses/*"] }]);
    const addresses = ["10.0.0.0/8", "fd00::/8", "192.168.1.7", "mcp.internal", "localhost"];
    expect(config.registration).toEqual({ addresses, commands: true });
    expect(config.policies).toEqual({ dir: join(dir, "rules"), default: "deny" });
    expect(config.approvalFlows[0]).toMatchObject({
      name: "finance",
      pendingTtlMs: 604_800_000,
      executeTtlMs: 1_800_000,
      requesterMayApprove: true,
      reason: "always",
      execute: "on_approval",
      stages: [
        { required: 2, escalate: { afterMs: 7_200_000, to: { roles: ["cfo"], users: [] } } },
        { required: 1, escalate: undefined },
      ],
    });
    expect(config.notifiers.map((notifier) => notifier.name)).toEqual(["ops-webhook", "finance-slack", "mail"]);
    expect(config.stepUp).toEqual({
      oidc: {
        issuer: "https://idp.acme.com",
        clientId: "portcullis",
        clientSecret: "s",
        scopes: [],
        subjectClaim: "sub",
        acrClaim: "acr",
        clockToleranceMs: 5_000,
      },
      ttlMs: 600_000,
    });
    expect(config.audit).toEqual({ arguments: "sealed" });
    expect(config.secretKey).toBe("ab".repeat(32));
    expect(config.denials).toBe("protocol");
  });

  it("may be empty: then everything is as by default, and warnings say what is missing", () => {
    const { loaded } = load("# nothing yet\n");
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    expect(loaded.config.server).toMatchObject({
      host: "127.0.0.1",
      port: 3000,
      bodyLimitBytes: 4 * 1024 ** 2,
      holdMs: 45_000,
    });
    expect(loaded.config.policies.default).toBe("allow");
    expect(loaded.warnings.map((warning) => warning.key)).toEqual(["auth", "upstreams", "policies"]);
  });

  it("fits what the upstream, identity and step-up rooms take", () => {
    expectTypeOf<NonNullable<Config["stepUp"]>>().toExtend<StepUpOptions>();
    expectTypeOf<Config["upstreams"][number]>().toExtend<UpstreamOptions>();
    expectTypeOf<Config["auth"] & { publicUrl: string }>().toExtend<IdentityOptions>();
  });

  it.each([
    ["file:./data/x.db", (dir: string) => ({ kind: "file", path: join(dir, "data/x.db") })],
    ["file:///var/lib/x.db", () => ({ kind: "file", path: "/var/lib/x.db" })],
    ["file:/var/lib/a b.db", () => ({ kind: "file", path: "/var/lib/a b.db" })],
    ["file::memory:", () => ({ kind: "memory" })],
  ])("keeps its store %s relative to the file, not to where the gateway is started", (url, expected) => {
    const { dir, loaded } = load(`store: { url: "${url}" }`);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    expect(parseStoreUrl(loaded.config.store.url)).toEqual(expected(dir));
  });

  it("may be written with anchors", () => {
    const config = configOf(`
upstreams:
  a: &server { command: node, timeout: 5s }
  b: *server
`);
    expect(config.upstreams.map(({ name, timeoutMs }) => [name, timeoutMs])).toEqual([
      ["a", 5000],
      ["b", 5000],
    ]);
  });
});

describe("the public URL", () => {
  it.each([
    ["{}", "http://127.0.0.1:4711"],
    ["{ host: 0.0.0.0 }", "http://127.0.0.1:4711"],
    ['{ host: "::1" }', "http://[::1]:4711"],
    ["{ host: gate.local }", "http://gate.local:4711"],
    ["{ public_url: https://acme.com/gate/ }", "https://acme.com/gate"],
  ])("of server: %s is %s", (server, expected) => {
    expect(publicUrlOf(configOf(`server: ${server}`).server, 4711)).toBe(expected);
  });
});

describe("a key by which more can be done than calling", () => {
  const flows = `approval_flows:
  f: { stages: [{ approvers: { roles: [lead], users: [ann@acme.com] }, escalate: { after: 2h, to: { roles: [cfo] } } }] }`;
  const warned = (entry: string): boolean => {
    const keys = `{ name: k, hash: "sha256:${"0".repeat(64)}", ${entry} }`;
    const { loaded } = load(`auth: { api_keys: [${keys}], admin: { roles: [root] } }\n${flows}`);
    if (!loaded.ok) throw new Error("it does not load");
    return loaded.warnings.some(({ key }) => key === "auth.api_keys[0]");
  };

  it.each([
    "user: bob, roles: [lead]",
    "user: bob, roles: [employee, cfo]",
    "user: bob, roles: [root]",
    "user: ann@acme.com",
    "user: ann, email: ann@acme.com",
  ])("gets a warning where nobody says in whose hands it is: %s", (entry) => {
    expect(warned(entry)).toBe(true);
    expect(warned(`${entry}, kind: person`)).toBe(false);
    expect(warned(`${entry}, kind: machine`)).toBe(false);
  });

  it.each(["user: bob, roles: [employee]", "roles: [lead, root]"])(
    "gets none where nothing can be done: %s",
    (entry) => {
      expect(warned(entry)).toBe(false);
    },
  );
});

describe("what is allowed but seldom meant", () => {
  it.each([
    ["server: { host: 0.0.0.0 }", "server.host"],
    ["server: { public_url: http://mcp.acme.com }", "server.public_url"],
    ["auth: { jwt: [{ issuer: http://idp.acme.com, audience: a }] }", "auth.jwt[0].issuer"],
    [
      "auth: { jwt: [{ issuer: https://i.example, jwks_url: http://i.example/k, audience: a }] }",
      "auth.jwt[0].jwks_url",
    ],
    ["step_up: { oidc: { issuer: https://i.example, client_id: c } }", "step_up.oidc.issuer"],
    ["server: {}", "auth"],
    ["server: {}", "upstreams"],
    ["server: {}", "policies"],
  ])("%s gets a warning about %s", (text, key) => {
    const { loaded } = load(text);
    expect(loaded.ok && loaded.warnings.map((warning) => warning.key)).toContain(key);
  });
});

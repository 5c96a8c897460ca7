import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formatConfigDiagnostic } from "../../src/config/config-diagnostic.ts";
import { loadConfig } from "../../src/config/load.ts";
import { configOf, errorsOf, place } from "./helpers.ts";
import { tempDir } from "./temp-dir.ts";

describe("a mistake is told with its place, its key and the next step", () => {
  it.each<[string, string, string, string | undefined]>([
    ["servr: {}", "1:1 servr", "This key is not known.", "Did you mean server?"],
    ["server: { publicUrl: x }", "1:11 server.publicUrl", "This key is not known.", "Did you mean public_url?"],
    ["hold: 3s", "1:1 hold", "This key is not known.", "It belongs under server."],
    ["mcpServers: {}", "1:1 mcpServers", "This key is not known.", "Write upstreams; its entries work as they are."],
    [
      "upstreams:\n  a: { serverUrl: x, command: y }",
      "2:8 upstreams.a.serverUrl",
      "This key is not known.",
      "Write url.",
    ],
    ["errors: protocl", "1:9 errors", "Must be one of: tool, protocol.", "Did you mean protocol?"],
    ["errors: nonsense", "1:9 errors", "Must be one of: tool, protocol.", undefined],
    [
      "server: { hold: 45 }",
      "1:17 server.hold",
      "Write a duration with its unit: 250ms, 60s, 5m, 24h or 7d.",
      undefined,
    ],
    ["server: { hold: 11m }", "1:17 server.hold", "Must be between 0s and 10m.", undefined],
    [
      "server: { body_limit: 4 MB }",
      "1:23 server.body_limit",
      "Write a size with its unit: 512KB, 4MB or 1GB.",
      undefined,
    ],
    ["server: { port: 70000 }", "1:17 server.port", "Must be at most 65535.", undefined],
    [
      "registration: { addresses: [10.0.0.0/33] }",
      "1:29 registration.addresses[0]",
      "Write a range (10.0.0.0/8), an address, or a host name without scheme and port.",
      undefined,
    ],
    [
      "registration: { addresses: ['127.1'] }",
      "1:29 registration.addresses[0]",
      "Write a range (10.0.0.0/8), an address, or a host name without scheme and port.",
      undefined,
    ],
    [
      "registration: { addresses: ['http://mcp.internal'] }",
      "1:29 registration.addresses[0]",
      "Write a range (10.0.0.0/8), an address, or a host name without scheme and port.",
      undefined,
    ],
    [
      "registration: { addresses: ['mcp.internal:8080'] }",
      "1:29 registration.addresses[0]",
      "Write a range (10.0.0.0/8), an address, or a host name without scheme and port.",
      undefined,
    ],
    [
      "registration: { addresses: ['*.internal'] }",
      "1:29 registration.addresses[0]",
      "Write a range (10.0.0.0/8), an address, or a host name without scheme and port.",
      undefined,
    ],
    [
      "registration: { addresses: ['fd00::/129'] }",
      "1:29 registration.addresses[0]",
      "Write a range (10.0.0.0/8), an address, or a host name without scheme and port.",
      undefined,
    ],
    ["server: { port: [] }", "1:17 server.port", "Must be a number, but is a list.", undefined],
    [
      "auth: { anonymous: yes }",
      "1:20 auth.anonymous",
      "Must be true or false, but is text.",
      "Without quotes; yes and on are text in YAML 1.2.",
    ],
    [
      `auth:\n  api_keys:\n    - { name: ann, hash: "sha256:${"0".repeat(64)}" }\n    - { name: b, hash: "sha256:${"1".repeat(64)}", user: ann }`,
      "3:15 auth.api_keys[0].name",
      "This key belongs to a machine, and its name is another key's user.",
      "Rename it, or give it the user.",
    ],
    [
      `auth:\n  api_keys:\n    - { name: ann, kind: person, hash: "sha256:${"0".repeat(64)}" }`,
      "3:26 auth.api_keys[0].kind",
      "A key of kind person needs its user.",
      "Add user, or write machine.",
    ],
    ["server: 5", "1:9 server", "Must be a group of keys, but is a number.", undefined],
    [
      "auth: { jwt: [{ audience: a }] }",
      "1:15 auth.jwt[0].issuer",
      "issuer is missing.",
      "The issuer exactly as in the tokens' iss claim.",
    ],
    [
      "auth: { jwt: [{ issuer: https://i.example, audience: a, algorithms: [HS256] }] }",
      "1:70 auth.jwt[0].algorithms[0]",
      "Must be one of: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA, Ed25519.",
      "Did you mean RS256?",
    ],
    [
      "server: { public_url: ftp://x }",
      "1:23 server.public_url",
      "Write the http:// or https:// URL that clients use, without user, query and fragment.",
      undefined,
    ],
    [
      "server: { allowed_origins: ['*'] }",
      "1:29 server.allowed_origins[0]",
      "Write an origin: scheme, host and port without a path, such as https://chat.example.com. No wildcards.",
      undefined,
    ],
    [
      "upstreams: { a: {} }",
      "1:14 upstreams.a",
      "Write command (a program to start) or url (a remote server).",
      undefined,
    ],
    [
      "upstreams: { a: { command: x, url: 'https://x' } }",
      "1:14 upstreams.a",
      "An upstream has either command or url, not both.",
      undefined,
    ],
    [
      "upstreams: { a: { command: x, type: http } }",
      "1:37 upstreams.a.type",
      "type stdio goes with command; http, streamable-http and sse go with url.",
      undefined,
    ],
    [
      "upstreams: { a: { url: 'https://x', env: {} } }",
      "1:14 upstreams.a",
      "args, env and cwd go with command.",
      undefined,
    ],
    [
      "upstreams: { a: { command: x, env: { PORT: 3000 } } }",
      "1:44 upstreams.a.env.PORT",
      "Must be text, but is a number.",
      "Put it in quotes.",
    ],
    [
      "upstreams: { a: { command: x, args: -v } }",
      "1:37 upstreams.a.args",
      "Must be a list, but is text.",
      "Put it in brackets: [ … ].",
    ],
    [
      "upstreams: { portcullis: { command: x } }",
      "1:14 upstreams.portcullis",
      "This name is reserved.",
      "Choose another one.",
    ],
    [
      "upstreams: { A_b: { command: x } }",
      "1:14 upstreams.A_b",
      "A name has 1 to 32 characters: lower-case letters, digits and hyphens, the first not a hyphen.",
      undefined,
    ],
    [
      "upstreams: { git: { command: x } }\nendpoints: { all: { upstreams: [gti] } }",
      "2:33 endpoints.all.upstreams[0]",
      "There is no upstream of this name.",
      "Did you mean git?",
    ],
    [
      "upstreams: { git: { command: x } }\nendpoints: { git: { upstreams: [git] } }",
      "2:14 endpoints.git",
      "An upstream has this name, and both would be served at the same URL.",
      undefined,
    ],
    [
      "server: { host: 0.0.0.0 }\nauth: { anonymous: true }",
      "2:20 auth.anonymous",
      "Anonymous callers are possible only while the gateway listens on this machine alone, so that nobody else gets in without a credential.",
      "Set server.host to 127.0.0.1, or use auth.api_keys.",
    ],
    [
      "server: { public_url: https://x.example }\nauth: { anonymous: true }",
      "2:20 auth.anonymous",
      "Anonymous callers are possible only while public_url is a URL of this machine, so that nobody else gets in without a credential.",
      "Use auth.api_keys or auth.jwt behind a public URL.",
    ],
    [
      "approval_flows: { f: { stages: [{ approvers: { roles: [a] } }], notify: [ops] } }",
      "1:74 approval_flows.f.notify[0]",
      "There is no notifier of this name.",
      "There is no notifier yet.",
    ],
    [
      "approval_flows: { f: { stages: [{ approvers: {} }] } }",
      "1:35 approval_flows.f.stages[0].approvers",
      "Name at least one role or user.",
      undefined,
    ],
    ["notifiers: { n: {} }", "1:14 notifiers.n", "Write exactly one of webhook, slack and email.", undefined],
    [
      "store: { url: 'postgres://x' }",
      "1:15 store.url",
      "Write file:./data/portcullis.db, relative to this file.",
      undefined,
    ],
    [
      "secrets: { key: short }",
      "1:17 secrets.key",
      "Must be 32 random bytes as base64 or hex. Make them with: openssl rand -base64 32",
      undefined,
    ],
    ["upstreams: { __proto__: { command: x } }", "1:14 upstreams", "This cannot be a key.", undefined],
  ])("%s", (text, where, message, hint) => {
    const { errors } = errorsOf(text);
    expect(errors.map(place)).toContain(where);
    const error = errors.find((candidate) => place(candidate) === where);
    expect(error).toMatchObject({ message, hint });
  });

  it("all of a file at once, in the order of the file, the ones that no schema can see included", () => {
    const { errors } = errorsOf(`
server: { prt: 1, hold: 45 }
upstreams:
  portcullis: { command: node }
  a: { command: x, timeout: soon, url: https://x }
endpoints: { e: { upstreams: [b], tools: x } }
errors: tol
`);
    expect(errors.map(place)).toEqual([
      "2:11 server.prt",
      "2:25 server.hold",
      "4:3 upstreams.portcullis",
      "5:3 upstreams.a",
      "5:29 upstreams.a.timeout",
      "6:31 endpoints.e.upstreams[0]",
      "6:42 endpoints.e.tools",
      "7:9 errors",
    ]);
  });

  it("printed with the source line and a caret below the place", () => {
    const dir = tempDir({ "p.yaml": "server:\n  hots: 127.0.0.1\n  port: 3000\n" });
    const loaded = loadConfig(join(dir, "p.yaml"), {});
    const [error] = loaded.ok ? [] : loaded.errors;
    expect(error && formatConfigDiagnostic(error)).toBe(
      `${join(dir, "p.yaml")}:2:3 server.hots: This key is not known. Did you mean host?\n  2 |   hots: *********\n    |   ^`,
    );
  });
});

describe("a text that is not YAML is refused", () => {
  it.each([
    ["with a key twice", "errors: tool\nerrors: tool\n", 2],
    ["with a tab as indent", "server:\n\tport: 1\n", 2],
    ["with an open quote", 'server: { host: "x }\n', 2],
    ["with two documents", "errors: tool\n---\nerrors: tool\n", 2],
    ["with an unknown alias", "upstreams: { a: *nowhere }\n", 1],
    ["with an alias to itself", "upstreams: &a { b: *a }\n", 1],
  ])("%s", (_, text, line) => {
    const { errors } = errorsOf(text);
    expect(errors[0]?.line).toBe(line);
    expect(errors[0]?.message).not.toBe("");
  });

  it("when its aliases would multiply without end", () => {
    const level = (n: number) => `l${n}: &l${n} [${Array.from({ length: 10 }, () => `*l${n - 1}`).join(", ")}]`;
    const text = ["l0: &l0 [x, x, x, x, x, x, x, x, x, x]", ...[1, 2, 3, 4, 5, 6, 7, 8].map(level)].join("\n");
    expect(errorsOf(text).errors.map((error) => error.message)).toEqual([
      "The file holds more than 100,000 values and names.",
    ]);
  });
});

describe("very many mistakes are told a hundred at a time", () => {
  const many = (item: (at: number) => string) => Array.from({ length: 300 }, (_, at) => item(at)).join(", ");
  it.each([
    ["unknown keys", `server: { ${many((at) => `k${at}: 1`)} }`],
    ["variables that are not set", `upstreams: { a: { command: x, args: [${many(() => `"\${NOPE}"`)}] } }`],
    [
      "names that nobody has",
      `upstreams: { a: { command: x } }\nendpoints: { e: { upstreams: [${many(() => "b")}] } }`,
    ],
  ])("%s", (_, text) => {
    const { errors } = errorsOf(text);
    expect(errors).toHaveLength(101);
    expect(errors.at(-1)?.message).toBe("There are more mistakes than these 100.");
  });
});

describe("a file that is not there", () => {
  it("is answered with one screen: the demo, and a configuration that works as pasted", () => {
    const dir = tempDir({});
    const loaded = loadConfig(join(dir, "portcullis.yaml"), {});
    const printed = loaded.ok ? "" : loaded.errors.map(formatConfigDiagnostic).join("\n");
    expect(printed).toContain("portcullis demo");
    expect(printed.split("\n").length).toBeLessThan(30);
    const pasted = /paste this into [^\n]*\n\n([\s\S]*?)\n\nand run/.exec(printed)?.[1] ?? "";
    expect(configOf(pasted).upstreams).toHaveLength(1);
  });

  it("is told apart from one that cannot be read", () => {
    const loaded = loadConfig(tempDir({}), {});
    expect(loaded.ok ? [] : loaded.errors).toMatchObject([{ message: "The configuration cannot be read (EISDIR)." }]);
  });

  it.runIf(process.platform !== "win32")("and so are a pipe, a device, and more than 1 MB", () => {
    const dir = tempDir({ large: `#${"x".repeat(1_048_576)}` });
    execFileSync("mkfifo", [join(dir, "pipe")]);
    const told = (path: string) => {
      const loaded = loadConfig(path, {});
      return loaded.ok ? [] : loaded.errors.map(({ message }) => message);
    };
    expect(told(join(dir, "pipe"))).toEqual(["This is a pipe or a device, not a file."]);
    expect(told("/dev/zero")).toEqual(["This is a pipe or a device, not a file."]);
    expect(told(join(dir, "large"))).toEqual(["The configuration is larger than 1 MB."]);
    writeFileSync(join(dir, "p.yaml"), `upstreams: { a: { command: x, args: ["\${file:pipe}"] } }`);
    expect(told(join(dir, "p.yaml"))).toEqual(["The file pipe cannot be read (NOT_A_FILE)."]);
  });
});

it.each([
  ["transport", "Write type."],
  ["transportType", "Write type."],
  ["disabled", "Remove the entry, or comment it out."],
  ["autoApprove", "Policies decide which calls need an approval."],
  ["trust", "Policies decide which calls need an approval."],
  ["enabled_tools", "Write tools: { allow: [...] }."],
  ["disabled_tools", "Write tools: { deny: [...] }."],
  ["http_headers", "Write headers."],
  ["bearer_token_env_var", `Write headers: { Authorization: "Bearer \${TOKEN}" }.`],
  ["tool_timeout_sec", "Write timeout, as 60s."],
])("a key of another client's configuration is explained: %s", (key, hint) => {
  const { errors } = errorsOf(`upstreams:\n  a: { url: "https://a.test/mcp", ${key}: x }`);
  expect(errors).toMatchObject([{ message: "This key is not known.", hint }]);
});

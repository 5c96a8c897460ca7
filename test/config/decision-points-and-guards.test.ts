import { describe, expect, it } from "vitest";
import { errorsOf, load, place } from "./helpers.ts";

type Mistake = readonly [text: string, where: string, message: string];

const ONE_POINT = "Write exactly one of authzen, opa and ext_authz.";
const ONE_GUARD = "Write exactly one of webhook, ext_mcp and mcp.";
const URL = "Write an absolute http:// or https:// URL without user, password and fragment.";
const HOST = "Write host:port, without a scheme.";
const PORT = "There is no such port.";
const PATH = "Write the path of a document below /v1/data, without a slash at its ends: mcp/allow.";
const NAME = "A name has 1 to 64 characters: letters, digits, hyphens and underscores, the first a letter or a digit.";
const FRAMES = "Content-Type, Host and what frames a message the gateway writes itself.";
const METADATA = "gRPC itself writes headers that start with grpc-, and those that end in -bin are no text.";
const UNKNOWN = "This key is not known.";

const point = (name: string, entry: string): string => `decision_points:\n  ${name}: ${entry}`;
const guard = (name: string, entry: string): string => `guards:\n  ${name}: ${entry}`;

const points: readonly Mistake[] = [
  [point("p", "{}"), "decision_points.p", ONE_POINT],
  [point("p", "{ authzen: { url: https://a }, opa: { url: https://a, path: b } }"), "decision_points.p", ONE_POINT],
  [point("p", "{ cedar: { url: https://a } }"), "decision_points.p.cedar", UNKNOWN],
  [point("p", "{ authzen: { url: https://a, uri: https://a } }"), "decision_points.p.authzen.uri", UNKNOWN],
  [point("p", "https://a"), "decision_points.p", "Must be a group of keys, but is text."],
  [point("p", "{ authzen: {} }"), "decision_points.p.authzen.url", "url is missing."],
  [point("p", "{ opa: { url: https://a } }"), "decision_points.p.opa.path", "path is missing."],
  ...["a.example", "ftp://a", "https://", "https://u:p@a", "https://a#b", "file:///a", "unix:///a"].flatMap(
    (url): Mistake[] => [
      [point("p", `{ authzen: { url: '${url}' } }`), "decision_points.p.authzen.url", URL],
      [point("p", `{ opa: { url: '${url}', path: a } }`), "decision_points.p.opa.url", URL],
      [point("p", `{ ext_authz: { http: '${url}' } }`), "decision_points.p.ext_authz.http", URL],
    ],
  ),
  [
    point("p", "{ opa: { url: 'https://a?b', path: a } }"),
    "decision_points.p.opa.url",
    "Write the URL without a query.",
  ],
  ...["/mcp", "mcp/", "v1/data/mcp", "v1/data", "a//b", "a b", "a?b", "''"].map(
    (path): Mistake => [point("p", `{ opa: { url: https://a, path: ${path} } }`), "decision_points.p.opa.path", PATH],
  ),
  [
    point("p", "{ opa: { url: https://a, path: a/../b } }"),
    "decision_points.p.opa.path",
    "Write the path without . and ..",
  ],
  [point("p", "{ ext_authz: {} }"), "decision_points.p.ext_authz", "Write exactly one of grpc and http."],
  [
    point("p", "{ ext_authz: { grpc: 'a:1', http: https://a } }"),
    "decision_points.p.ext_authz",
    "Write exactly one of grpc and http.",
  ],
  [
    point("p", "{ ext_authz: { http: https://a, tls: true } }"),
    "decision_points.p.ext_authz",
    "tls is for grpc; write https:// for http.",
  ],
  ...["a", "a:", ":1", "https://a:1", "dns:///a:1", "a:1/b", "'[::1]'"].map(
    (grpc): Mistake => [
      point("p", `{ ext_authz: { grpc: ${JSON.stringify(grpc)} } }`),
      "decision_points.p.ext_authz.grpc",
      HOST,
    ],
  ),
  [point("p", "{ ext_authz: { grpc: 'a:0' } }"), "decision_points.p.ext_authz.grpc", HOST],
  [point("p", "{ ext_authz: { grpc: 'a:65536' } }"), "decision_points.p.ext_authz.grpc", PORT],
  [
    point("p", "{ ext_authz: { grpc: 'a:1', headers: { grpc-timeout: 1S } } }"),
    "decision_points.p.ext_authz",
    METADATA,
  ],
  [point("p", "{ authzen: { url: https://a, headers: { Host: b } } }"), "decision_points.p.authzen.headers", FRAMES],
  [
    point("p", "{ authzen: { url: https://a, timeout: 31s } }"),
    "decision_points.p.authzen.timeout",
    "Must be between 10ms and 30s.",
  ],
  [
    point("p", "{ authzen: { url: https://a, max_bytes: 9MB } }"),
    "decision_points.p.authzen.max_bytes",
    "Must be between 1KB and 8MB.",
  ],
  [point("a.b", "{ authzen: { url: https://a } }"), "decision_points.a.b", NAME],
  [point('""', "{ authzen: { url: https://a } }"), "decision_points.", NAME],
];

const guards: readonly Mistake[] = [
  [guard("g", "{}"), "guards.g", ONE_GUARD],
  [guard("g", "{ webhook: { url: https://a, secret: s }, ext_mcp: { grpc: 'a:1' } }"), "guards.g", ONE_GUARD],
  [guard("g", "{ regex: { pattern: a } }"), "guards.g.regex", UNKNOWN],
  [guard("g", "[]"), "guards.g", "Must be a group of keys, but is a list."],
  [guard("g", "{ webhook: { url: https://a } }"), "guards.g.webhook.secret", "secret is missing."],
  [guard("g", "{ webhook: { url: https://a, secret: '' } }"), "guards.g.webhook.secret", "Must not be empty."],
  [guard("g", "{ webhook: { secret: s } }"), "guards.g.webhook.url", "url is missing."],
  ...["a.example", "ftp://a", "https://", "https://u:p@a", "https://a#b", "file:///a"].map(
    (url): Mistake => [guard("g", `{ webhook: { url: '${url}', secret: s } }`), "guards.g.webhook.url", URL],
  ),
  [guard("g", "{ webhook: { url: https://a, secret: s, headers: { Host: b } } }"), "guards.g.webhook.headers", FRAMES],
  ...["a", "a:", ":1", "https://a:1", "dns:///a:1", "a:1/b", "a:0"].map(
    (grpc): Mistake => [guard("g", `{ ext_mcp: { grpc: ${JSON.stringify(grpc)} } }`), "guards.g.ext_mcp.grpc", HOST],
  ),
  [guard("g", "{ ext_mcp: { grpc: 'a:65536' } }"), "guards.g.ext_mcp.grpc", PORT],
  [guard("g", "{ mcp: { upstream: a } }"), "guards.g.mcp.tool", "tool is missing."],
  [guard("g", "{ mcp: { upstream: nobody, tool: check } }"), "guards.g.mcp.upstream", "There is no such upstream."],
  [
    guard("g", "{ ext_mcp: { grpc: 'a:1', timeout: 61s } }"),
    "guards.g.ext_mcp.timeout",
    "Must be between 50ms and 60s.",
  ],
  [guard("a.b", "{ ext_mcp: { grpc: 'a:1' } }"), "guards.a.b", NAME],
  [guard("arguments", "{ ext_mcp: { grpc: 'a:1' } }"), "guards.arguments", "The guard of this name is built in."],
];

describe("a mistake about who is asked is told at its key", () => {
  it.each([...points, ...guards])("%s", (text, where, message) => {
    const found = errorsOf(text).errors.map((error) => ({ where: error.key, message: error.message }));
    expect(found).toContainEqual({ where, message });
  });

  it("with what was probably meant", () => {
    const { errors } = errorsOf(
      "upstreams: { filters: { command: x } }\nguards: { g: { mcp: { upstream: filter, tool: a } } }",
    );
    expect(errors.map(({ hint }) => hint)).toEqual(["Did you mean filters?"]);
    expect(errors.map(place)).toEqual(["2:33 guards.g.mcp.upstream"]);
  });
});

describe("a host and a port", () => {
  it.each(["a:1", "guard_rails:9001", "10.0.0.7:65535", "[::1]:443", "rails.internal:50051"])("may be %s", (grpc) => {
    expect(load(guard("g", `{ ext_mcp: { grpc: '${grpc}' } }`)).loaded.ok).toBe(true);
    expect(load(point("p", `{ ext_authz: { grpc: '${grpc}' } }`)).loaded.ok).toBe(true);
  });
});

describe("whoever is asked unencrypted on another machine is warned of", () => {
  const warned = (text: string): readonly string[] => {
    const { loaded } = load(text);
    if (!loaded.ok) throw new Error("the configuration was refused");
    return loaded.warnings.filter(({ message }) => message.includes("unencrypted")).map(({ key }) => key);
  };

  it.each([
    ["decision_points.p.authzen.url", point("p", "{ authzen: { url: http://pdp.example } }")],
    ["decision_points.p.opa.url", point("p", "{ opa: { url: 'HTTP://10.0.0.7:8181', path: a } }")],
    ["decision_points.p.ext_authz.http", point("p", "{ ext_authz: { http: http://localhost.example } }")],
    ["decision_points.p.ext_authz.grpc", point("p", "{ ext_authz: { grpc: 'authz.internal:9001' } }")],
    ["guards.g.webhook.url", guard("g", "{ webhook: { url: http://dlp.internal, secret: s } }")],
    ["guards.g.ext_mcp.grpc", guard("g", "{ ext_mcp: { grpc: '[2001:db8::1]:9001' } }")],
  ])("at %s", (key, text) => {
    expect(warned(text)).toEqual([key]);
  });

  it.each([
    point("p", "{ authzen: { url: https://pdp.example } }"),
    point("p", "{ authzen: { url: http://localhost:1 } }"),
    point("p", "{ opa: { url: http://127.0.0.1:8181, path: a } }"),
    point("p", "{ ext_authz: { http: 'http://[::1]:1' } }"),
    point("p", "{ ext_authz: { grpc: '[::1]:9001' } }"),
    point("p", "{ ext_authz: { grpc: 'authz.internal:9001', tls: true } }"),
    guard("g", "{ webhook: { url: http://localhost, secret: s } }"),
    guard("g", "{ ext_mcp: { grpc: 'localhost:9001' } }"),
    guard("g", "{ ext_mcp: { grpc: 'rails.internal:9001', tls: true } }"),
  ])("and not with %s", (text) => {
    expect(warned(text)).toEqual([]);
  });
});

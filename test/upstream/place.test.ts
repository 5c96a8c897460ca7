import { expect, it } from "vitest";
import { fingerprintOf, placeOf } from "../../src/upstream/upkeep/fingerprint.ts";
import type { UpstreamOptions } from "../../src/upstream/upstream.ts";

type Target = Pick<UpstreamOptions, "transport" | "references">;

const http = (headers: Record<string, string>, references?: Record<string, string>): Target => ({
  transport: { kind: "http", url: "https://bank.example/mcp", headers },
  references,
});
const without = (removedHeaders: readonly string[]): Target => ({
  transport: { kind: "http", url: "https://bank.example/mcp", headers: {}, removedHeaders },
});
const stdio = (env: Record<string, string>, references?: Record<string, string>): Target => ({
  transport: { kind: "stdio", command: "bank", args: [], env, cwd: undefined },
  references,
});

it.each<[string, Target, Target]>([
  ["a header", http({ "X-Tenant": "test" }), http({ "X-Tenant": "prod" })],
  ["a header more", http({}), http({ "X-Tenant": "prod" })],
  ["a header less", http({ A: "1", B: "2" }), http({ A: "1" })],
  ["a header that is not sent", http({}), without(["user-agent"])],
  ["another header that is not sent", without(["from"]), without(["user-agent"])],
  ["a variable", stdio({ TENANT: "test" }), stdio({ TENANT: "prod" })],
  ["a variable in other letters", stdio({ tenant: "test" }), stdio({ TENANT: "test" })],
  ["values that change places", stdio({ FROM: "a", TO: "b" }), stdio({ FROM: "b", TO: "a" })],
  [
    "an address that stands elsewhere",
    stdio({ DATABASE_URL: "test" }, { DATABASE_URL: `\${DB}` }),
    stdio({ DATABASE_URL: "prod" }, { DATABASE_URL: `\${DB}` }),
  ],
  [
    "the address of who gives credentials",
    stdio({ AUTH_URL: "test" }, { AUTH_URL: `\${AUTH}` }),
    stdio({ AUTH_URL: "prod" }, { AUTH_URL: `\${AUTH}` }),
  ],
  ["a credential that is written out", http({ Authorization: "Bearer a" }), http({ Authorization: "Bearer b" })],
  [
    "the reference of a credential",
    http({ Authorization: "a" }, { Authorization: `\${TEST_TOKEN}` }),
    http({ Authorization: "a" }, { Authorization: `\${PROD_TOKEN}` }),
  ],
  [
    "a reference that is spelt like the value before it",
    http({ Authorization: `\${T}` }),
    http({ Authorization: "x" }, { Authorization: `\${T}` }),
  ],
])("a server is elsewhere with %s", (_, before, after) => {
  expect(placeOf(after)).not.toBe(placeOf(before));
  if (before.transport.kind === after.transport.kind) {
    expect(fingerprintOf(after.transport)).toBe(fingerprintOf(before.transport));
  }
});

const REFERRED = [
  "Authorization",
  "X-Api-Key",
  "apikey",
  "GITHUB_TOKEN",
  "DB_PASSWORD",
  "CLIENT_SECRET",
  "Cookie",
  "GITLAB_PAT",
];

it.each<[string, Target, Target]>([
  ["with its variables in another order", stdio({ A: "1", B: "2" }), stdio({ B: "2", A: "1" })],
  ["with its headers in other letters", http({ "X-Tenant": "t" }), http({ "x-tenant": "t" })],
  ...REFERRED.flatMap((name): [string, Target, Target][] => [
    [
      `with a fresh header ${name}`,
      http({ [name]: "a" }, { [name]: `\${T}` }),
      http({ [name]: "b" }, { [name]: `\${T}` }),
    ],
    [
      `with a fresh variable ${name}`,
      stdio({ [name]: "a" }, { [name]: `\${T}` }),
      stdio({ [name]: "b" }, { [name]: `\${T}` }),
    ],
  ]),
])("a server is where it was %s", (_, before, after) => {
  expect(placeOf(after)).toBe(placeOf(before));
});

it("that is given nothing is where its address is", () => {
  for (const { transport } of [http({}), stdio({})]) expect(placeOf({ transport })).toBe(fingerprintOf(transport));
});

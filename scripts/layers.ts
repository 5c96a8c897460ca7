/** A folder of `src/`: what it may import besides Node and itself. */
export interface Room {
  readonly name: string;
  /** As in docs/architecture.md: a room imports only from lower tiers. */
  readonly tier: number;
  readonly uses: readonly string[];
  /** Outside libraries of the whole room. */
  readonly libraries?: readonly string[];
  /** The folders in it, lowest first: each may import those before it, and the files of the room's own floor. */
  readonly inner?: readonly InnerRoom[];
}

/** A folder in a room, with the libraries that it uses besides its room's. `uses` replaces the rooms that its room may import. */
export interface InnerRoom {
  readonly name: string;
  readonly libraries?: readonly string[];
  readonly uses?: readonly string[];
  /** The folders that it may import, where that is not all before it. */
  readonly below?: readonly string[];
}

const HONO = ["hono", "hono/**"];
const DRIZZLE = ["drizzle-orm", "drizzle-orm/**", "better-sqlite3"];
const PLUMBING = ["core", "mcp", "policy", "config", "store", "identity", "upstream"];
const RECORDS = [...PLUMBING, "catalog", "approvals", "step-up", "audit"];
const AREAS = ["components", "values"];

/** Every room, lowest tier first. The linter's rules (`npm run layers`), the tests and the documentation follow it. */
export const ROOMS: readonly Room[] = [
  { name: "core", tier: 0, uses: [], libraries: ["yaml"] },
  { name: "mcp", tier: 1, uses: ["core"], inner: [{ name: "members" }, { name: "headers" }] },
  {
    name: "http",
    tier: 1,
    uses: ["core"],
    libraries: ["undici", "lru-cache", "standardwebhooks"],
    inner: [{ name: "addresses", libraries: ["ipaddr.js"] }],
  },
  { name: "grpc", tier: 1, uses: ["core"], libraries: ["@grpc/grpc-js"] },
  {
    name: "redaction",
    tier: 1,
    uses: ["core"],
    libraries: ["json-p3"],
    inner: [{ name: "detect", libraries: ["credit-card-type", "ibantools"] }, { name: "shapes" }, { name: "binary" }],
  },
  {
    name: "policy",
    tier: 2,
    uses: ["core", "mcp", "redaction"],
    inner: [
      { name: "syntax", libraries: ["lru-cache"] },
      { name: "file", libraries: ["yaml", "zod", "chokidar"] },
      { name: "step-budget" },
      { name: "patterns", libraries: ["re2js"] },
      { name: "input-schemas", libraries: ["ajv", "ajv/**", "lru-cache"] },
      { name: "inputs" },
      { name: "tool-schemas" },
      { name: "arguments" },
      { name: "defaults" },
      { name: "cel", libraries: ["@marcbachmann/cel-js"] },
      { name: "transforms" },
      { name: "decide", libraries: ["lru-cache"] },
      { name: "compile" },
      { name: "values" },
      { name: "expressions" },
      { name: "check" },
      { name: "explain" },
      { name: "tests", libraries: ["yaml", "zod"] },
      { name: "replay" },
    ],
  },
  {
    name: "config",
    tier: 2,
    uses: ["core", "mcp", "http"],
    inner: [
      { name: "schema", libraries: ["zod"] },
      { name: "file", libraries: ["zod", "yaml"] },
      { name: "checks", libraries: ["zod"] },
    ],
  },
  {
    name: "store",
    tier: 2,
    uses: ["core", "mcp"],
    libraries: DRIZZLE,
    inner: [
      { name: "database" },
      { name: "activity" },
      { name: "audit" },
      { name: "approvals" },
      { name: "step-up" },
      { name: "definitions" },
      { name: "uris" },
      { name: "rate-limits", libraries: ["rate-limiter-flexible"] },
      { name: "upstreams" },
      { name: "sessions" },
      { name: "record", uses: ["core"] },
    ],
  },
  {
    name: "identity",
    tier: 2,
    uses: ["core", "mcp", "http"],
    libraries: ["jose", "zod", "lru-cache", ...HONO],
    inner: [
      { name: "issuers" },
      { name: "tokens" },
      { name: "passwords", libraries: ["@node-rs/argon2", "bcrypt", "apache-md5"] },
    ],
  },
  {
    name: "upstream",
    tier: 2,
    uses: ["core", "mcp", "http", "redaction"],
    libraries: ["zod"],
    inner: [
      { name: "waiting" },
      { name: "messages" },
      { name: "protocol" },
      { name: "addresses", libraries: ["undici"] },
      { name: "http", libraries: ["undici"] },
      { name: "process", libraries: ["@modelcontextprotocol/sdk/**"] },
      { name: "link" },
      { name: "sessions" },
      { name: "reaching" },
      { name: "upkeep" },
    ],
  },
  {
    name: "catalog",
    tier: 3,
    uses: PLUMBING,
    libraries: ["zod", "lru-cache"],
    inner: [{ name: "uris" }, { name: "definitions" }],
  },
  {
    name: "approvals",
    tier: 3,
    uses: PLUMBING,
    libraries: ["zod"],
    inner: [
      { name: "notify", uses: ["core", "http", "store"], libraries: ["nodemailer"], below: [] },
      { name: "rules" },
      { name: "lifecycle" },
    ],
  },
  {
    name: "step-up",
    tier: 3,
    uses: [...PLUMBING, "http"],
    libraries: ["zod", ...HONO],
    inner: [{ name: "provider", libraries: ["openid-client"] }, { name: "pages" }],
  },
  {
    name: "audit",
    tier: 3,
    uses: [...PLUMBING, "redaction"],
    libraries: ["zod"],
    inner: [
      { name: "names" },
      { name: "secrets" },
      { name: "read" },
      { name: "checkpoints", uses: ["core", "store"], below: [] },
      { name: "verify", uses: ["core", "store"], below: ["checkpoints"] },
    ],
  },
  {
    name: "decision-points",
    tier: 3,
    uses: ["core", "http", "grpc", "policy"],
    libraries: ["@grpc/grpc-js", "@grpc/proto-loader"],
  },
  {
    name: "guards",
    tier: 3,
    uses: ["core", "http", "grpc", "policy", "config", "upstream"],
    libraries: ["@grpc/grpc-js", "@grpc/proto-loader"],
  },
  {
    name: "gateway",
    tier: 4,
    uses: [...RECORDS, "redaction", "decision-points", "guards"],
    libraries: ["zod", "lru-cache"],
    inner: [
      { name: "requests" },
      { name: "lists" },
      { name: "filters" },
      { name: "step-up" },
      { name: "steps" },
      { name: "approvals" },
    ],
  },
  {
    name: "operations",
    tier: 4,
    uses: [...RECORDS, "redaction", "http"],
    libraries: ["zod"],
    inner: [
      { name: "upstreams" },
      { name: "policies" },
      { name: "activity" },
      { name: "approvals" },
      { name: "events" },
      { name: "sessions" },
    ],
  },
  {
    name: "downstream",
    tier: 5,
    uses: [...RECORDS, "http", "gateway"],
    libraries: ["@hono/node-server", "@hono/node-server/**", "zod", "lru-cache", ...HONO],
    inner: [{ name: "http" }, { name: "legacy" }, { name: "modern" }, { name: "stdio" }],
  },
  {
    name: "admin",
    tier: 5,
    uses: [...RECORDS, "http", "gateway", "operations"],
    libraries: ["zod", ...HONO],
    inner: [
      { name: "http", libraries: ["hono-openapi"] },
      { name: "approvals" },
      { name: "audit" },
      { name: "events" },
      { name: "policies" },
      { name: "upstreams" },
    ],
  },
  {
    name: "console",
    tier: 5,
    uses: [...RECORDS, "http", "gateway", "operations"],
    libraries: ["zod", ...HONO],
    inner: [
      { name: "values", below: [] },
      { name: "components", below: ["values"] },
      { name: "policy-words", below: AREAS },
      { name: "dry-run", below: [...AREAS, "policy-words"] },
      { name: "policies", below: [...AREAS, "policy-words", "dry-run"] },
      ...["sign-in", "activity", "approvals", "sessions", "tools", "upstreams"].map((name) => ({ name, below: AREAS })),
    ],
  },
];

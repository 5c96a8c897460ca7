import { describe, expect, it } from "vitest";
import { readUpstreamEntry } from "../../src/config/checks/upstream-entry.ts";
import type { Json } from "../../src/core/json.ts";

const url = "https://mcp.example.com/mcp";

it("an entry is read as one of the file", () => {
  const entry = { url, headers: { Authorization: "Bearer t" }, timeout: "5s", tools: { deny: ["delete_*"] } };
  expect(readUpstreamEntry("github", entry)).toEqual({
    ok: true,
    upstream: {
      name: "github",
      transport: { kind: "http", url, headers: { Authorization: "Bearer t" } },
      era: "auto",
      timeoutMs: 5_000,
      toolTimeouts: [],
      retry: undefined,
      isolation: "session",
      idleMs: 300_000,
      maxSessions: 100,
      maxResponseBytes: 8 * 1024 ** 2,
      tools: { allow: ["*"], deny: ["delete_*"], idempotent: [], annotations: {} },
    },
  });
});

describe("a mistake is told as the file's checks tell it", () => {
  it.each<[what: string, name: string, entry: Json, at: string, message: string]>([
    ["a URL that is none", "a", { url: "mcp.example.com" }, "url", "absolute http:// or https:// URL"],
    ["another scheme", "a", { url: "file:///etc/passwd" }, "url", "absolute http:// or https:// URL"],
    ["a user in the URL", "a", { url: "https://me:canary@mcp.example.com" }, "url", "without user, password"],
    ["a misspelt key", "a", { url, header: {} }, "header", "Did you mean headers?"],
    ["a key of another client", "a", { url, disabled: true }, "disabled", "Remove the entry"],
    ["a number for a duration", "a", { url, timeout: 5 }, "timeout", "with its unit"],
    ["too long a duration", "a", { url, timeout: "2h" }, "timeout", "1h"],
    ["a choice that is none", "a", { url, era: "modrn" }, "era", "modern"],
    ["a header over two lines", "a", { url, headers: { A: "canary\nB: c" } }, "headers.A", "one line"],
    ["nothing", "a", {}, "", "command (a program to start) or url"],
    ["both", "a", { url, command: "node" }, "", "either command or url"],
    ["no object", "a", [url], "", "An entry is an object."],
    ["null", "a", null, "", "An entry is an object."],
    ["a reserved name", "mcp", { url }, "name", "reserved"],
    ["a name with a capital", "GitHub", { url }, "name", "lower-case"],
    ["a name that every object has", "__proto__", { url }, "name", "lower-case"],
    ["no name", "", { url }, "name", "1 to 32 characters"],
    ["too large an entry", "a", { url, headers: { A: "canary".repeat(4_000) } }, "", "at most 16384 characters"],
    ["too deep an entry", "a", { url, tools: nested(20) }, "", "nested 8 deep"],
  ])("%s", (_, name, entry, at, message) => {
    const read = readUpstreamEntry(name, entry);
    expect(read).toMatchObject({ ok: false });
    const mistakes = read.ok ? [] : read.mistakes;
    expect(mistakes).toContainEqual({ at, message: expect.stringContaining(message) });
    expect(JSON.stringify(mistakes)).not.toContain("canary");
  });

  it("and all of them at once", () => {
    const read = readUpstreamEntry("Bad", { url: "x", timeout: "0s", header: {} });
    expect(read.ok ? [] : read.mistakes.map(({ at }) => at).sort()).toEqual(["header", "name", "timeout", "url"]);
  });
});

describe("a reference is refused wherever it stands", () => {
  it.each([
    ["url", { url: `https://mcp.example.com/\${HOME}` }],
    ["headers.Authorization", { url, headers: { Authorization: `Bearer \${PORTCULLIS_KEY}` } }],
    ["headers.X", { url, headers: { X: `\${file:/etc/passwd}` } }],
    ["headers.X", { url, headers: { X: `\${NAME:-default}` } }],
    ["headers.X", { url, headers: { X: `$\${` } }],
    ["args.1", { command: "node", args: ["a", `\${TOKEN}`] }],
    ["tools.deny.0", { url, tools: { deny: [`\${X}`] } }],
    ["env.TOKEN", { command: "node", env: { TOKEN: `\${TOKEN}` } }],
  ])("%s", (at, entry) => {
    const read = readUpstreamEntry("a", entry);
    expect(read.ok ? [] : read.mistakes).toContainEqual({ at, message: expect.stringContaining("References") });
  });
});

function nested(depth: number): Json {
  return depth === 0 ? [] : { inner: nested(depth - 1) };
}

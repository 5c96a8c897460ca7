import { describe, expect, it } from "vitest";
import { load } from "./helpers.ts";

/** What is found at `crm`, or at the endpoint `desk` that shows it. */
function found(crm: string, { desk = "{ upstreams: [crm] }", server = "{}" } = {}) {
  const { loaded } = load(
    `server: ${server}\nauth: { anonymous: true }\nupstreams: { crm: { url: "https://crm.example/mcp", ${crm} } }\nendpoints: { desk: ${desk} }\n`,
  );
  const errors = loaded.ok ? [] : loaded.errors;
  const warnings = loaded.ok ? loaded.warnings.filter(({ key }) => key !== "policies") : [];
  const lines = [...errors, ...warnings].map(({ key, message }) => `${key}: ${message}`);
  return { lines, config: loaded.ok ? loaded.config : undefined };
}

describe("deadlines", () => {
  it("are read for the gateway, an endpoint, an upstream and its tools", () => {
    const tools = 'tools: { timeouts: { "create_*": 5m, create_fast: 250ms } }';
    const desk = "{ upstreams: [crm], timeout: 20m }";
    const { config, lines } = found(`timeout: 30s, ${tools}`, { desk, server: "{ timeouts: { request: 10m } }" });
    expect(lines).toEqual([]);
    expect(config?.server.requestTimeoutMs).toBe(600_000);
    expect(config?.endpoints[0]?.timeoutMs).toBe(1_200_000);
    expect(config?.upstreams[0]).toMatchObject({
      timeoutMs: 30_000,
      toolTimeouts: [
        ["create_*", 300_000],
        ["create_fast", 250],
      ],
    });
  });

  it.each<[crm: string, desk: string, line: RegExp | undefined]>([
    ["timeout: 2m", "{ upstreams: [crm] }", /^upstreams\.crm\.timeout: No endpoint waits so long/],
    ["timeout: 2m", "{ upstreams: [crm], timeout: 2m }", undefined],
    ["timeout: 2m", "{ upstreams: [crm], timeout: 90s }", /No endpoint waits so long/],
    ["timeout: 1m", "{ upstreams: [crm] }", undefined],
    [
      "tools: { timeouts: { x: 2m } }",
      "{ upstreams: [crm] }",
      /^upstreams\.crm\.tools\.timeouts\.x: No endpoint waits/,
    ],
    ["tools: { timeouts: { x: 2h } }", "{ upstreams: [crm] }", /Must be between 100ms and 1h/],
    ["tools: { timeouts: { x: 1 } }", "{ upstreams: [crm] }", /Write a duration with its unit/],
  ])("that no endpoint waits for are told: %s at %s", (crm, desk, line) => {
    const { lines } = found(crm, { desk, server: "{ timeouts: { request: 1m } }" });
    if (line === undefined) expect(lines).toEqual([]);
    else expect(lines.join("\n")).toMatch(line);
  });
});

describe("retries", () => {
  it("are read with what they have by default", () => {
    const { config, lines } = found('retry: {}, tools: { idempotent: ["get_*"] }');
    expect(lines).toEqual([]);
    const read = { attempts: 3, backoffMs: 200, on: ["connect"], idempotent: ["get_*"] };
    expect(config?.upstreams[0]?.retry).toEqual(read);
  });

  it.each<[crm: string, line: RegExp | undefined]>([
    [
      "retry: { on: [connect, 503], attempts: 5 }",
      /^upstreams\.crm\.retry\.on: No tool of this upstream goes out again for 503/,
    ],
    ['retry: { on: [502] }, tools: { idempotent: ["*"] }', undefined],
    ["retry: { attempts: 6 }", /retry\.attempts/],
    ["retry: { attempts: 1 }", /retry\.attempts/],
    ["retry: { on: [500] }", /Must be one of: connect, 502, 503, 504/],
    ["retry: { on: [] }", /retry\.on/],
    ["retry: { backoff: 1m }", /Must be between 10ms and 10s/],
  ])("that are none are told: %s", (crm, line) => {
    const { lines } = found(crm);
    if (line === undefined) expect(lines).toEqual([]);
    else expect(lines.join("\n")).toMatch(line);
  });
});

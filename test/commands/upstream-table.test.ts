import { expect, it } from "vitest";
import type { UpstreamBody } from "../../src/admin/upstreams/schema.ts";
import { upstreamTable } from "../../src/commands/upstreams/text.ts";

const UPSTREAM: UpstreamBody = {
  ...{ name: "up", source: "file", address: "https://mcp.test/", state: "ready", since: "2026-01-01T00:00:00.000Z" },
  ...{ last_error: null, next_attempt: null, era: "legacy", transport: "http", tools: 2, list_faults: [] },
  ...{ unseen_lists: [], endpoints: [], isolation: "session", timeout_ms: 60_000 },
  load: { peers: 0, connected: 0, in_flight: 0, watched: 0 },
  registered: null,
};

it("the list of servers says which of their lists change in clients' sessions alone", () => {
  const shown = upstreamTable(
    [UPSTREAM, { ...UPSTREAM, name: "dynamic", unseen_lists: ["tools", "prompts"] }],
    (_, text) => text,
  );
  expect(shown).toContain("dynamic: Changed in a client's session alone, which is shown to nobody: tools, prompts.");
  expect(shown).not.toContain("up: Changed");
});

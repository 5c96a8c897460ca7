import { describe, expect, it } from "vitest";
import type { AuditFilter } from "../../src/store/audit/audit-rows.ts";
import { connectRaw } from "../support/clients.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { freePort } from "../support/program.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closed = closeAfterEach();

async function onRecord({ running }: TestGateway, filter: Partial<AuditFilter>) {
  await running.wired.audit.flush();
  const { entries } = await running.wired.activity.search({ limit: 100, ...filter });
  return entries.map(({ kind, upstream, tool, decision, outcome }) => ({ kind, upstream, tool, decision, outcome }));
}

const QUICK = { timing: { upstream: { backoffMs: 20, backoffCapMs: 100 }, settleMs: 2_000 } };

const HIDING = {
  "hide.yaml": `policies:
  - id: no-count
    target: { tools: ["late/count"] }
    then: { hide: {} }
`,
};

describe("calls to a server that is down since the start", () => {
  it("are on record as calls of unknown tools, where its tools were never known", async () => {
    const port = await freePort();
    const gateway = closed(
      await startTestGateway({ upstreams: { late: { url: `http://127.0.0.1:${port}/mcp` } } }, {}, QUICK),
    );
    const merged = closed(await connectRaw(gateway.mcp));
    const own = closed(await connectRaw(`${gateway.mcp}/late`));
    await expect(merged.call("late__refund", { nr: 1 })).rejects.toThrow(/Unknown tool/);
    await expect(own.call("refund", { nr: 2 })).rejects.toThrow(/Unknown tool/);
    await expect(merged.call("refund", { nr: 3 })).rejects.toThrow(/Unknown tool/);
    const call = { kind: "opened", tool: "refund", decision: null };
    const hit = { ...call, upstream: "late", outcome: "UPSTREAM_UNAVAILABLE" };
    expect(await onRecord(gateway, { outcome: "failed" })).toEqual([hit, hit]);
    expect(await onRecord(gateway, { upstream: "late" })).toEqual([hit, hit]);
    expect(await onRecord(gateway, { outcome: "TOOL_UNKNOWN" })).toEqual([
      { ...call, upstream: null, outcome: "TOOL_UNKNOWN" },
    ]);
  });

  it("are decided and on record as ever, where it had listed its tools before a restart", async () => {
    const server = await startLegacyUpstream();
    const gateway = closed(await startTestGateway({ upstreams: { late: { url: server.url } } }, HIDING, QUICK));
    const before = closed(await connectRaw(gateway.mcp));
    expect(await before.call("late__echo", { text: "hi" })).toMatchObject({ isError: false });
    await server.close();
    await gateway.restart();
    const client = closed(await connectRaw(gateway.mcp));
    expect(await client.tools()).toEqual([]);
    expect(await client.call("late__echo", { text: "hi" })).toMatchObject({
      isError: true,
      text: expect.stringMatching(/Server: late/),
    });
    // What policies hide is as unknown as what nobody has.
    await expect(client.call("late__count")).rejects.toThrow(/Unknown tool/);
    await expect(client.call("late__never-was")).rejects.toThrow(/Unknown tool/);
    const found = await onRecord(gateway, { upstream: "late", outcome: "failed" });
    expect(found).toEqual([
      { kind: "opened", upstream: "late", tool: "echo", decision: "allow", outcome: "UPSTREAM_UNAVAILABLE" },
      { kind: "opened", upstream: "late", tool: "never-was", decision: null, outcome: "UPSTREAM_UNAVAILABLE" },
    ]);
    expect(await onRecord(gateway, { decision: "hide" })).toMatchObject([{ tool: "count", outcome: "denied" }]);
  });

  it("are counted beyond the first twenty of a person in an hour, in one row", async () => {
    const port = await freePort();
    const gateway = closed(
      await startTestGateway({ upstreams: { late: { url: `http://127.0.0.1:${port}/mcp` } } }, {}, QUICK),
    );
    const client = closed(await connectRaw(gateway.mcp));
    for (let n = 0; n < 30; n++) await expect(client.call(`late__t${n}`)).rejects.toThrow(/Unknown tool/);
    expect(await onRecord(gateway, { upstream: "late" })).toHaveLength(20);
    await gateway.restart();
    expect(await onRecord(gateway, { outcome: "calls_left_out" })).toEqual([
      { kind: "admin", upstream: "late", tool: null, decision: null, outcome: "calls_left_out" },
    ]);
  });
});

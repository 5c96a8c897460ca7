import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import type { LegacyUpstream } from "../support/legacy-upstream.ts";
import type { ModernUpstream } from "../support/modern-upstream.ts";
import { answer, answerRaw, legacyScript, startRawUpstream } from "../support/raw-upstream.ts";
import { ERAS, LOOPBACK, root, upstreamsOf } from "../support/registering.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closing = closeAfterEach();
const CANARY = "canary-5d21-of-an-upstream";

async function start(config: object = {}, deps: Parameters<typeof startTestGateway>[2] = {}): Promise<TestGateway> {
  return closing(await startTestGateway({ ...LOOPBACK, ...config }, {}, deps));
}

describe("a test", () => {
  it.each(ERAS)("of a %s server connects beside what runs, lists its tools, and closes", async (era, begin) => {
    const server: ModernUpstream | LegacyUpstream = closing(await begin());
    const gateway = await start({ upstreams: { filed: { url: server.url } } });
    const sessions = "sessions" in server ? server.sessions.size : 0;
    const tested = await upstreamsOf(gateway).test(root, "filed");
    expect(tested).toMatchObject({
      ok: true,
      test: { ok: true, ms: expect.any(Number), status: { state: "ready", era } },
    });
    const tools = tested.ok && tested.test.ok ? tested.test.tools.map((tool) => tool.name) : [];
    expect(tools).toContain("echo");
    if ("sessions" in server) expect(server.sessions.size).toBe(sessions);
    expect(upstreamsOf(gateway).get("filed")).toMatchObject({ status: { state: "ready" } });
  });

  it("says why a server cannot be used, and nothing of its credentials", async () => {
    const server = closing(await startRawUpstream((_request, response) => answerRaw(response, CANARY, 403)));
    const gateway = await start({}, { timing: { settleMs: 0 } });
    const headers = { Authorization: CANARY };
    await upstreamsOf(gateway).register(root, "closed", { url: server.url, headers });
    const tested = await upstreamsOf(gateway).test(root, "closed");
    expect(tested).toMatchObject({ ok: true, test: { ok: false, why: expect.stringContaining("HTTP 403") } });
    expect(JSON.stringify(tested)).not.toContain(CANARY);
  });

  it("that fails says why in the state of the server, too", async () => {
    let moved = false;
    const works = legacyScript((request, response) =>
      answer(request, response, { tools: [], resources: [], resourceTemplates: [] }),
    );
    const server = closing(
      await startRawUpstream((request, response) => {
        if (moved) answerRaw(response, "", 302);
        else works(request, response);
      }),
    );
    const gateway = await start({ upstreams: { up: { url: server.url } } });
    const state = () => upstreamsOf(gateway).get("up")?.status;
    expect(state()).toMatchObject({ state: "ready", lastError: undefined });
    moved = true;
    await upstreamsOf(gateway).test(root, "up");
    const why = expect.stringMatching(/^The last test of it failed. HTTP 302/);
    expect(state()).toMatchObject({ state: "ready", lastError: why });
    moved = false;
    await upstreamsOf(gateway).test(root, "up");
    expect(state()).toMatchObject({ state: "ready", lastError: undefined });
  });

  it("that succeeds has what could not be read before read again at once", async () => {
    let broken = true;
    const tools = [{ name: "echo", inputSchema: { type: "object" } }];
    const server = closing(
      await startRawUpstream(
        legacyScript((request, response) => {
          if (broken) answerRaw(response, "oops", 500);
          else answer(request, response, { tools, resources: [], resourceTemplates: [] });
        }),
      ),
    );
    const gateway = await start(
      { upstreams: { up: { url: server.url } } },
      { timing: { upstream: { backoffMs: 1e8, backoffCapMs: 1e8 } } },
    );
    expect(upstreamsOf(gateway).get("up")).toMatchObject({
      tools: 0,
      status: {
        state: "ready",
        lastError: "Its tools, resources and resource templates could not be read. HTTP 500.\nIt says: oops",
        nextAttempt: expect.any(Number),
      },
    });
    broken = false;
    expect(await upstreamsOf(gateway).test(root, "up")).toMatchObject({ test: { ok: true } });
    await eventually(async () => {
      const now = upstreamsOf(gateway).get("up");
      return (now?.tools === 1 && now.status.lastError === undefined) || undefined;
    });
  });

  it("is refused while four others run, and ended when the gateway stops", async () => {
    const server = closing(await startRawUpstream(() => {}));
    const gateway = await start({ upstreams: { slow: { url: server.url } } }, { timing: { settleMs: 0 } });
    const running = [1, 2, 3, 4].map(() => upstreamsOf(gateway).test(root, "slow"));
    expect(await upstreamsOf(gateway).test(root, "slow")).toEqual({ ok: false, code: "TOO_MANY_OPEN" });
    await gateway.running.close();
    for (const tested of await Promise.all(running)) {
      expect(tested).toMatchObject({ ok: true, test: { ok: false, why: "The gateway is stopping." } });
    }
  });
});

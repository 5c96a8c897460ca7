import { describe, expect, it } from "vitest";
import type { Json } from "../../src/core/json.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import { ann, LOOPBACK, root, upstreamsOf } from "../support/registering.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closing = closeAfterEach();
async function start(config: object = {}, deps: Parameters<typeof startTestGateway>[2] = {}): Promise<TestGateway> {
  return closing(await startTestGateway({ ...LOOPBACK, ...config }, {}, deps));
}

describe("a registration is refused", () => {
  it.each<[what: string, name: string, entry: Json, refusal: object]>([
    ["with the mistakes of its entry", "a", { url: "x", header: {} }, { code: "PARAMS_INVALID" }],
    ["under a name of the file", "filed", { url: "http://127.0.0.1:1/mcp" }, { code: "UPSTREAM_EXISTS" }],
    ["under the name of an endpoint", "chosen", { url: "http://127.0.0.1:1/mcp" }, { code: "UPSTREAM_EXISTS" }],
    ["of a program", "a", { command: "sh", args: ["-c", "id"] }, { mistakes: [{ at: "command" }] }],
    ["with a reference to the environment", "a", { url: `https://a.test/\${HOME}` }, { mistakes: [{ at: "url" }] }],
    ["at a private address", "a", { url: "http://10.0.0.1/mcp" }, { code: "UPSTREAM_ADDRESS_REFUSED" }],
    ["at a metadata service", "a", { url: "http://169.254.169.254/" }, { code: "UPSTREAM_ADDRESS_REFUSED" }],
    ["at a name that nobody knows", "a", { url: "http://a.invalid/mcp" }, { code: "UPSTREAM_ADDRESS_REFUSED" }],
    [
      "over SSE at a private address",
      "a",
      { type: "sse", url: "http://[fd00::1]/" },
      { code: "UPSTREAM_ADDRESS_REFUSED" },
    ],
  ])("%s", async (_, name, entry, refusal) => {
    const filed = { url: "http://127.0.0.1:1/mcp" };
    const resolve = () => Promise.reject(new Error("ENOTFOUND"));
    const config = { upstreams: { filed }, endpoints: { chosen: { upstreams: ["filed"] } } };
    const gateway = await start(config, { resolve, timing: { settleMs: 0 } });
    expect(await upstreamsOf(gateway).register(root, name, entry)).toMatchObject({ ok: false, ...refusal });
    expect(upstreamsOf(gateway).list()).toHaveLength(1);
    expect((await gateway.running.wired.store.registeredUpstreams.all()).length).toBe(0);
  });

  it("to whoever is no administrator, and so are removal and tests", async () => {
    const gateway = await start();
    const { register: add, remove, test } = upstreamsOf(gateway);
    const url = "http://127.0.0.1:1/mcp";
    for (const answer of [await add(ann, "a", { url }), await remove(ann, "a"), await test(ann, "a")]) {
      expect(answer).toEqual({ ok: false, code: "ADMIN_REQUIRED" });
    }
    expect(await remove(root, "a")).toEqual({ ok: false, code: "UPSTREAM_UNKNOWN" });
    expect(await test(root, "a")).toEqual({ ok: false, code: "UPSTREAM_UNKNOWN" });
  });

  it("at the gateway itself", async () => {
    const gateway = await start();
    const otherwise = [`${gateway.mcp}?once=more`, gateway.mcp.replace("http:", "HTTP:")];
    for (const url of [gateway.mcp, `${gateway.mcp}/itself`, ...otherwise]) {
      const refusal = { code: "UPSTREAM_ADDRESS_REFUSED", detail: "It is this gateway." };
      expect(await upstreamsOf(gateway).register(root, "itself", { url })).toMatchObject(refusal);
    }
  });

  it("beyond five hundred", async () => {
    const gateway = await start({}, { timing: { registryPollMs: 600_000 } });
    const { registeredUpstreams } = gateway.running.wired.store;
    for (let n = 0; n < 500; n++) {
      const row = { name: `u-${n}`, entry: "v1.", issuer: "i", subject: "s", email: undefined, registeredAt: n };
      await registeredUpstreams.add(row, 500);
    }
    expect(await upstreamsOf(gateway).register(root, "one-more", { url: "http://127.0.0.1:1/mcp" })).toEqual({
      ok: false,
      code: "UPSTREAMS_TOO_MANY",
    });
  });

  it("by a connection too, where the name leads elsewhere after its check", async () => {
    let address = "8.8.8.8";
    const inside = closing(await startModernUpstream());
    const resolve = () => {
      const now = address;
      address = "127.0.0.1";
      return Promise.resolve([{ address: now, family: 4 }]);
    };
    const gateway = await start({ registration: {} }, { resolve });
    const url = `http://rebinding.test:${new URL(inside.url).port}/mcp`;
    expect(await upstreamsOf(gateway).register(root, "moving", { url })).toMatchObject({ ok: true });
    const view = await eventually(async () => {
      const seen = upstreamsOf(gateway).get("moving");
      return seen?.status.lastError === undefined ? undefined : seen;
    });
    expect(view.status.lastError).toContain("Its name leads to a loopback address.");
    expect(inside.seen).toEqual([]);
  });
});

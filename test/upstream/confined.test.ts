import { createServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it } from "vitest";
import type { Resolve } from "../../src/http/name-lookups.ts";
import { createAddressRules } from "../../src/upstream/addresses/address-rules.ts";
import { testConnection } from "../../src/upstream/upkeep/test-connection.ts";
import type { UpstreamsDeps } from "../../src/upstream/upkeep/upstreams.ts";
import type { UpstreamOptions } from "../../src/upstream/upstream.ts";
import { startLegacyUpstream } from "../support/legacy-upstream.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";
import { answerRaw, type RawHandler, startRawUpstream } from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();

/** A resolver that answers with each of these in turn, and with the last one from then on. */
function resolverOf(...answers: readonly string[]): { readonly resolve: Resolve; readonly asked: string[] } {
  const asked: string[] = [];
  const resolve: Resolve = (name) => {
    const address = answers[Math.min(asked.push(name), answers.length) - 1] ?? "";
    return Promise.resolve([{ address, family: address.includes(":") ? 6 : 4 }]);
  };
  return { resolve, asked };
}

/** Something that listens, and how often somebody has connected to it. */
async function listener(host = "127.0.0.1", port = 0) {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("No port was given.");
  return closing({
    port: address.port,
    connections: () => connections,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}

function confined(url: string, kind: "http" | "sse" = "http", headers = {}): UpstreamOptions {
  return httpUpstream("up", url, { confined: true, transport: { kind, url, headers } });
}

function depsWith(allowed: readonly string[], resolve?: Resolve): UpstreamsDeps {
  const addresses = createAddressRules(resolve === undefined ? { allowed } : { allowed, resolve });
  return { log: recordingLog(), now: Date.now, version: "0.0.0-test", addresses };
}

describe("a confined upstream", () => {
  it.each([
    ["modern", startModernUpstream],
    ["legacy", startLegacyUpstream],
  ] as const)("of the %s era is reached at what its name led to when it was checked", async (_, start) => {
    const server = closing(await start());
    const { resolve, asked } = resolverOf("127.0.0.1");
    const port = new URL(server.url).port;
    const options = confined(`http://server.test:${port}/mcp`);
    const upstreams = closing(startUpstreams([options], depsWith(["127.0.0.1"], resolve)));
    const up = await upstreamIn(upstreams, "up");
    const round = await up.session(testPeer("p")).request(toolCall("echo", { text: "here" }));
    expect(round.kind).toBe("result");
    expect(new Set(asked)).toEqual(new Set(["server.test"]));
  });

  it.each(["http", "https"])(
    "is not connected to over %s when its name leads elsewhere after its check",
    async (scheme) => {
      const there = await listener();
      const { resolve } = resolverOf("8.8.8.8", "127.0.0.1");
      const deps = depsWith([], resolve);
      const url = `${scheme}://rebinding.test:${there.port}/mcp`;
      expect(await deps.addresses?.check(url)).toEqual({ ok: true });
      expect(await testConnection(confined(url), deps, { maxMs: 60_000 })).toMatchObject({
        ok: false,
        fault: { detail: "UPSTREAM_ADDRESS_REFUSED: Its name leads to a loopback address." },
      });
      expect(there.connections()).toBe(0);
    },
  );

  it("shows its name in the TLS handshake, whatever address it is connected to", async () => {
    const names: string[] = [];
    const server = createTlsServer({
      SNICallback(name, done) {
        names.push(name);
        done(new Error("There is no certificate here."));
      },
    });
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing({ close: () => new Promise<void>((resolve) => server.close(() => resolve())) });
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const deps = depsWith(["127.0.0.1"], resolverOf("127.0.0.1").resolve);
    const tried = await testConnection(confined(`https://secure.test:${port}/mcp`), deps, { maxMs: 60_000 });
    expect(tried).toMatchObject({ ok: false });
    expect(new Set(names)).toEqual(new Set(["secure.test"]));
  });

  it("is judged anew at each connection, also of one that was up", async () => {
    const server = closing(await startModernUpstream());
    const port = Number(new URL(server.url).port);
    const elsewhere = await listener("127.0.0.2", port);
    let address = "127.0.0.1";
    const resolve: Resolve = () => Promise.resolve([{ address, family: 4 }]);
    const deps = depsWith(["127.0.0.1"], resolve);
    const upstreams = closing(startUpstreams([confined(`http://moving.test:${port}/mcp`)], deps));
    const up = await upstreamIn(upstreams, "up");
    address = "127.0.0.2";
    await server.close();
    await up.session(testPeer("p")).request(toolCall("echo", { text: "1" }));
    await upstreamIn(upstreams, "up", "down");
    expect(up.status().lastError).toContain("Its name leads to a loopback address.");
    expect(elsewhere.connections()).toBe(0);
  });

  it.each([
    ["http://127.0.0.1:PORT/mcp", "http"],
    ["http://127.0.0.1:PORT/mcp", "sse"],
    ["https://127.0.0.1:PORT/mcp", "http"],
    ["http://[::ffff:127.0.0.1]:PORT/mcp", "http"],
    ["http://2130706433:PORT/mcp", "http"],
    ["http://localhost:PORT/mcp", "http"],
    ["http://localhost:PORT/mcp", "sse"],
  ] as const)("at %s over %s is not connected to at all", async (url, kind) => {
    const there = await listener();
    const tried = await testConnection(confined(url.replace("PORT", String(there.port)), kind), depsWith([]), {
      maxMs: 60_000,
    });
    expect(tried).toMatchObject({ ok: false, fault: { detail: expect.stringContaining("a loopback address") } });
    expect(there.connections()).toBe(0);
  });

  it("of the file is reached wherever it is", async () => {
    const server = closing(await startModernUpstream());
    expect(await testConnection(httpUpstream("up", server.url), depsWith([]), { maxMs: 60_000 })).toMatchObject({
      ok: true,
    });
  });
});

describe("what a confined upstream answers", () => {
  it.each([301, 302, 303, 307, 308])("with a redirect (%i) leads nowhere", async (status) => {
    const target = await listener();
    const location = `http://127.0.0.1:${target.port}/mcp`;
    const redirecting: RawHandler = (_request, response) => answerRaw(response, "", status, { location });
    const server = closing(await startRawUpstream(redirecting));
    for (const kind of ["http", "sse"] as const) {
      const tried = await testConnection(confined(server.url, kind), depsWith(["127.0.0.1"]), { maxMs: 60_000 });
      expect(tried).toMatchObject({ ok: false, fault: { detail: expect.stringContaining(`HTTP ${status}`) } });
    }
    expect(server.requests.length).toBeGreaterThan(0);
    expect(target.connections()).toBe(0);
  });

  it.each(["http://127.0.0.1:PORT/messages", "//127.0.0.1:PORT/messages", "http://169.254.169.254/latest"])(
    "as the place for messages (%s) is refused where it is of another origin",
    async (place) => {
      const target = await listener();
      const server = closing(
        await startRawUpstream((_request, response) => {
          response.writeHead(200, { "content-type": "text/event-stream" });
          response.write(`event: endpoint\ndata: ${place.replace("PORT", String(target.port))}\n\n`);
        }),
      );
      const options = confined(server.url, "sse", { authorization: "Bearer canary" });
      expect(await testConnection(options, depsWith(["127.0.0.1"]), { maxMs: 60_000 })).toMatchObject({
        ok: false,
        fault: { detail: "Its endpoint event names another origin, which is refused." },
      });
      expect(target.connections()).toBe(0);
    },
  );
});

describe("connecting once", () => {
  it.each([
    ["modern", startModernUpstream, "modern"],
    ["legacy", startLegacyUpstream, "legacy"],
  ] as const)("lists the tools of a %s server and leaves nothing behind", async (_, start, era) => {
    const server = closing(await start());
    const tried = await testConnection(confined(server.url), depsWith(["127.0.0.1"]), { maxMs: 10_000 });
    expect(tried).toMatchObject({ ok: true, status: { state: "ready", era } });
    expect(tried.ok && tried.tools.map((tool) => tool["name"])).toContain("echo");
    if ("sessions" in server) expect(server.sessions.size).toBe(0);
  });

  it("says that a server takes too long, and ends its request", async () => {
    const server = closing(await startRawUpstream(() => {}));
    const tried = await testConnection(confined(server.url), depsWith(["127.0.0.1"]), { maxMs: 150 });
    expect(tried).toMatchObject({ ok: false, fault: { detail: expect.stringContaining("within 150 ms") } });
    await server.requests[0]?.aborted;
  });

  it("says that nothing is there, or that a credential is refused", async () => {
    const gone = await listener();
    await gone.close();
    const nothing = await testConnection(confined(`http://127.0.0.1:${gone.port}/mcp`), depsWith(["127.0.0.1"]), {
      maxMs: 60_000,
    });
    expect(nothing).toMatchObject({ ok: false, fault: { detail: expect.stringContaining("ECONNREFUSED") } });
    const server = closing(await startRawUpstream((_request, response) => answerRaw(response, "", 401)));
    const refused = await testConnection(confined(server.url), depsWith(["127.0.0.1"]), { maxMs: 60_000 });
    expect(refused).toMatchObject({ ok: false, fault: { detail: expect.stringContaining("HTTP 401") } });
  });
});

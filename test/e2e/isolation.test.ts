import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isObject } from "../../src/core/json.ts";
import { type Connect, connectRaw, connectSdk1, connectSdk2Pinned } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type LegacyUpstream, startLegacyUpstream } from "../support/legacy-upstream.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";

const KEYS = { alice: `pk_${"a".repeat(40)}`, bob: `pk_${"b".repeat(40)}` };
const as = (user: keyof typeof KEYS) => ({ authorization: `Bearer ${KEYS[user]}` });
const hash = (key: string) => `sha256:${createHash("sha256").update(key).digest("hex")}`;
const AUTH = { api_keys: Object.entries(KEYS).map(([name, key]) => ({ name, hash: hash(key), user: name })) };
const odd = { command: process.execPath, args: [join(import.meta.dirname, "../support/odd-stdio.mjs"), "plain"] };

let legacy: LegacyUpstream;
let modern: ModernUpstream;
let gateway: TestGateway;

beforeAll(async () => {
  [legacy, modern] = await Promise.all([startLegacyUpstream(), startModernUpstream()]);
  gateway = await startTestGateway({
    auth: AUTH,
    upstreams: {
      http: { url: legacy.url },
      stdio: odd,
      "shared-http": { url: legacy.url, isolation: "shared" },
      "shared-stdio": { ...odd, isolation: "shared" },
    },
  });
});

afterAll(async () => {
  await gateway?.close();
  await Promise.all([legacy?.close(), modern?.close()]);
});

const ERAS: ReadonlyArray<{ readonly era: string; readonly connect: Connect }> = [
  { era: "legacy", connect: connectSdk1 },
  { era: "modern", connect: connectSdk2Pinned },
];

describe.each(["http", "stdio"])("the state that a legacy server over %s keeps for a session", (upstream) => {
  it.each(ERAS)("belongs to one principal's $era client", async ({ connect }) => {
    const [alice, bob] = await Promise.all([connect(gateway.mcp, as("alice")), connect(gateway.mcp, as("bob"))]);
    const count = async (client: typeof alice) => (await client.call(`${upstream}__count`)).text;
    expect([await count(alice), await count(alice), await count(bob), await count(alice), await count(bob)]).toEqual([
      "1",
      "2",
      "1",
      "3",
      "2",
    ]);
    await Promise.all([alice.close(), bob.close()]);
  });

  it("belongs to one session of a legacy client, not to its principal", async () => {
    const [one, other] = await Promise.all([
      connectSdk1(gateway.mcp, as("alice")),
      connectSdk1(gateway.mcp, as("alice")),
    ]);
    expect((await one.call(`${upstream}__count`)).text).toBe("1");
    expect((await one.call(`${upstream}__count`)).text).toBe("2");
    expect((await other.call(`${upstream}__count`)).text).toBe("1");
    await Promise.all([one.close(), other.close()]);
  });

  it("is everybody's where the operator says so", async () => {
    const counts: number[] = [];
    for (const { connect } of ERAS) {
      for (const user of ["alice", "bob"] as const) {
        const client = await connect(gateway.mcp, as(user));
        counts.push(Number((await client.call(`shared-${upstream}__count`)).text));
        await client.close();
      }
    }
    expect(counts).toEqual([1, 2, 3, 4]);
  });
});

it("asks nobody over a shared session, and says so to the server", async () => {
  const client = await connectSdk1(gateway.mcp, as("alice"));
  const shared = await client.call("shared-http__greet").catch((error: Error) => ({ text: error.message }));
  expect(shared.text).toMatch(/not support|Method not found/);
  await client.close();
});

describe("what the gateway keeps for its clients", () => {
  let kept: TestGateway;
  beforeAll(async () => {
    kept = await startTestGateway(
      { auth: AUTH, upstreams: { http: { url: legacy.url, idle: "1s" }, modern: { url: modern.url, idle: "1s" } } },
      {},
      { timing: { upstream: { reapMs: 100 } } },
    );
  });
  afterAll(() => kept?.close());

  const load = () => ["http", "modern"].map((name) => kept.running.wired.upstreams.get(name)?.load());
  const NOTHING = { peers: 0, connected: 0, inFlight: 0, watched: 0 };
  const emptied = () =>
    eventually(async () => {
      const stats = kept.running.stats();
      const left = [...load(), { ...stats }].every((it) => Object.values(it ?? {}).every((value) => value === 0));
      return left ? true : undefined;
    });

  it("is gone after 200 sessions of legacy clients with calls, subscriptions and a level", async () => {
    const before = legacy.sessions.size;
    for (let batch = 0; batch < 8; batch++) await Promise.all(Array.from({ length: 25 }, () => oneSession(kept)));
    await emptied();
    expect(kept.running.stats()).toEqual({ sessions: 0, streams: 0, listens: 0, waiting: 0, replayBytes: 0, held: 0 });
    expect(load()).toEqual([NOTHING, NOTHING]);
    await eventually(async () => (legacy.sessions.size === before ? true : undefined));
    expect([...legacy.sessions.values()].filter((session) => session.subscribed.size > 0)).toEqual([]);
  }, 60_000);

  it("is gone a while after 100 different modern clients have called", async () => {
    for (let n = 0; n < 100; n++) {
      const client = await connectRaw(kept.mcp, { ...as("bob"), "user-agent": `agent-${n}` }, `client-${n}`);
      expect(await client.call("modern__echo", { text: "hi" })).toMatchObject({ text: "hi" });
      if (n % 10 === 0) await client.call("http__count");
    }
    expect(load()[0]?.peers).toBeGreaterThan(0);
    await emptied();
    expect(load()).toEqual([NOTHING, NOTHING]);
  }, 60_000);

  it("is gone after clients that went away in the middle of a call", async () => {
    await Promise.all(
      ["http__wait", "modern__wait"].map(async (tool) => {
        const client = await connectRaw(kept.mcp, as("alice"));
        const abort = new AbortController();
        const call = client.call(tool, {}, { signal: abort.signal });
        await eventually(async () => {
          const waits = tool === "http__wait" ? legacy.waiting > 0 : modern.journal.includes("waiting");
          return waits ? true : undefined;
        });
        abort.abort();
        await expect(call).rejects.toThrow();
      }),
    );
    await emptied();
    expect(load()).toEqual([NOTHING, NOTHING]);
  });
});

/** A legacy session from its handshake to its end, over plain HTTP. */
async function oneSession(to: TestGateway): Promise<void> {
  let session: string | undefined;
  let id = 0;
  const post = async (method: string, params: object): Promise<unknown> => {
    const response = await fetch(to.mcp, {
      method: "POST",
      headers: {
        ...as("alice"),
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...(session !== undefined && { "mcp-session-id": session }),
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: ++id, method, params }),
    });
    session ??= response.headers.get("mcp-session-id") ?? undefined;
    const text = await response.text();
    const last = text.startsWith("{")
      ? text
      : (/^data: (\{.+)$/m.exec(text.slice(text.lastIndexOf("data: ")))?.[1] ?? "{}");
    const message: unknown = JSON.parse(last);
    expect(message).toMatchObject({ result: expect.anything() });
    return isObject(message) ? message["result"] : undefined;
  };
  const clientInfo = { name: "raw", version: "1" };
  await post("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
  await post("logging/setLevel", { level: "debug" });
  await post("resources/subscribe", { uri: "legacy://watched" });
  await post("resources/subscribe", { uri: "test://config" });
  expect(await post("tools/call", { name: "http__count", arguments: {} })).toMatchObject({ content: [{ text: "1" }] });
  await post("tools/call", { name: "http__log", arguments: { over: "call" } });
  await post("tools/call", { name: "modern__echo", arguments: { text: "hi" } });
  const ended = await fetch(to.mcp, { method: "DELETE", headers: { ...as("alice"), "mcp-session-id": session ?? "" } });
  expect(ended.status).toBe(204);
}

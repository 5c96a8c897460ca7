import { describe, expect, it } from "vitest";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { people, principalOf } from "../support/approval-people.ts";
import { connectRaw } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { answer, answerRaw, legacyScript, modernScript, startRawUpstream } from "../support/raw-upstream.ts";
import { closeAfterEach } from "../support/upstreams.ts";

const closed = closeAfterEach();
const TOOL = { name: "echo", inputSchema: { type: "object" } };
const SCRIPTS = [
  ["legacy", legacyScript],
  ["modern", modernScript],
] as const;

/** A server that answers anything but lists, which wait until they are let go. */
async function startSlow(script: typeof legacyScript, tools: readonly JsonObject[] = [TOOL]) {
  const waiting: Array<() => void> = [];
  let open = false;
  const server = closed(
    await startRawUpstream(
      script((request, response) => {
        const list = { tools, resources: [], resourceTemplates: [], prompts: [] };
        const result = { ...list, resultType: "complete", ttlMs: 0, cacheScope: "private" };
        const go = () => answer(request, response, result);
        if (open) go();
        else waiting.push(go);
      }),
    ),
  );
  return {
    server,
    /** Answers what waits, and all that comes. */
    letGo() {
      open = true;
      for (const go of waiting.splice(0)) go();
    },
    asked: () => server.request(({ method }) => method === "tools/list"),
  };
}

/** A gateway that does not wait for its servers itself; clients wait for them for `firstListsMs`. */
async function startUnsettled(upstreams: Readonly<Record<string, { readonly url: string }>>, firstListsMs: number) {
  return closed(await startTestGateway({ upstreams }, {}, { timing: { settleMs: 0, catalog: { firstListsMs } } }));
}

const statusOf = (gateway: TestGateway, name: string) => gateway.running.wired.upstreams.get(name)?.status();

describe.each(SCRIPTS)("a %s server whose lists were not read yet", (_, script) => {
  it("is not ready, and clients that ask for lists wait for it", async () => {
    const slow = await startSlow(script);
    const gateway = await startUnsettled({ slow: { url: slow.server.url } }, 60_000);
    await slow.asked();
    expect(statusOf(gateway, "slow")?.state).toBe("connecting");
    const listing = connectRaw(gateway.mcp).then((client) => closed(client).tools());
    let listed = false;
    void listing.then(() => {
      listed = true;
    });
    const waiting = () => gateway.running.stats().waiting;
    await eventually(async () => waiting() === 1 || undefined);
    // Somebody else asks for something else, and has the answer: that one has none.
    closed(await connectRaw(gateway.mcp));
    expect([listed, waiting()]).toEqual([false, 1]);
    slow.letGo();
    expect(await listing).toEqual(["slow__echo"]);
    expect(statusOf(gateway, "slow")?.state).toBe("ready");
  });

  it("is ready once it is known why they cannot be read, and says so", async () => {
    const broken = closed(await startRawUpstream(script((_request, response) => answerRaw(response, "oops", 500))));
    const gateway = await startUnsettled({ broken: { url: broken.url } }, 60_000);
    expect(await closed(await connectRaw(gateway.mcp)).tools()).toEqual([]);
    expect(statusOf(gateway, "broken")).toMatchObject({
      state: "ready",
      lastError: expect.stringContaining("could not be read"),
    });
  });
});

it("a server that hangs is waited for once, and no longer than the bound", async () => {
  const hanging = await startSlow(legacyScript);
  const good = await startSlow(legacyScript);
  good.letGo();
  const gateway = await startUnsettled({ hanging: { url: hanging.server.url }, good: { url: good.server.url } }, 300);
  const client = closed(await connectRaw(gateway.mcp));
  expect(await client.tools()).toEqual(["good__echo"]);
  expect(statusOf(gateway, "hanging")?.state).toBe("connecting");
  const { scope, starting } = gateway.running.wired.gateway;
  const all = scope("");
  expect(all && starting(all)).toBeUndefined();
  hanging.letGo();
  await eventually(async () => (statusOf(gateway, "hanging")?.state === "ready" ? true : undefined));
  expect(await client.tools()).toEqual(["hanging__echo", "good__echo"]);
});

it("what is shown already is used at once, and only what nobody has waits", async () => {
  const hanging = await startSlow(legacyScript);
  const good = await startSlow(legacyScript, [TOOL, { ...TOOL, name: "hidden" }]);
  good.letGo();
  const gateway = closed(
    await startTestGateway(
      { upstreams: { hanging: { url: hanging.server.url }, good: { url: good.server.url } }, auth: people.auth },
      { "p.yaml": "policies: [{ id: p, target: { tools: [good/hidden] }, then: { hide: {} } }]" },
      { timing: { settleMs: 0, catalog: { firstListsMs: 60_000 } } },
    ),
  );
  await eventually(async () => (statusOf(gateway, "good")?.state === "ready" ? true : undefined));
  const { scope, starting } = gateway.running.wired.gateway;
  const all = scope("") ?? expect.fail();
  const client = { id: undefined, name: "test", version: "1", ip: "", userAgent: "" };
  const caller = { principal: principalOf("ann"), client };
  const waits = (method: string, params: object): boolean => {
    return starting(all, { method, params: { ...params }, caller }) !== undefined;
  };
  expect(waits("tools/call", { name: "good__echo" })).toBe(false);
  expect(waits("tools/call", { name: "good__hidden" })).toBe(true);
  expect(waits("tools/call", { name: "hanging__echo" })).toBe(true);
  expect(waits("tools/call", {})).toBe(true);
  expect(waits("resources/read", { uri: "test://none" })).toBe(true);
  expect(starting(all)).toBeDefined();
  hanging.letGo();
});

it("a server that comes later is waited for, too, and only where it is shown", async () => {
  const first = await startSlow(legacyScript);
  first.letGo();
  const later = await startSlow(legacyScript);
  const gateway = await startUnsettled({ first: { url: first.server.url } }, 60_000);
  const client = closed(await connectRaw(gateway.mcp));
  gateway.reconfigure({ upstreams: { first: { url: first.server.url }, later: { url: later.server.url } } });
  expect(await closed(await connectRaw(`${gateway.mcp}/first`)).tools()).toEqual(["echo"]);
  const listing = client.tools();
  await later.asked();
  later.letGo();
  expect((await listing).filter(isListed)).toEqual(["first__echo", "later__echo"]);
});

const isListed = (name: unknown): boolean => typeof name === "string" && !isObject(name);

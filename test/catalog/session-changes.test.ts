import { afterEach, expect, it, vi } from "vitest";
import { createReadingPace } from "../../src/catalog/reading-pace.ts";
import { createSessionChanges } from "../../src/catalog/session-changes.ts";
import { compileToolRules } from "../../src/catalog/tool-rules.ts";
import { createUpstreamReader } from "../../src/catalog/upstream-reader.ts";
import type { Upstream } from "../../src/upstream/upstream.ts";
import { answer, answerRaw, type RawHandler, startRawUpstream, stream } from "../support/raw-upstream.ts";
import { recordingLog } from "../support/recording-log.ts";
import { httpUpstream, nextEvent, testPeer, toolCall, upstreamIn } from "../support/upstream-options.ts";
import { closeAfterEach, startUpstreams } from "../support/upstreams.ts";

const closing = closeAfterEach();
afterEach(() => vi.useRealTimers());

function changing() {
  let time = 0;
  const log = recordingLog();
  const changes = createSessionChanges("up", log, () => time);
  return {
    told: () => changes.told("tools"),
    read: (isOther: boolean) => changes.begin("tools").read(isOther),
    begin: () => changes.begin("tools"),
    pass: (ms: number) => (time += ms),
    unseen: changes.unseen,
    lines: () => log.lines.filter((line) => JSON.stringify(line).includes("isolation: shared")).length,
  };
}

it("a list that changes in a client's session alone is logged, once, and noted for good", () => {
  const { told, read, pass, lines, unseen } = changing();
  expect(unseen()).toEqual([]);
  read(true);
  pass(60_000);
  told();
  read(false);
  expect(lines()).toBe(1);
  told();
  read(false);
  expect(lines()).toBe(1);
  read(true);
  expect(unseen()).toEqual(["tools"]);
});

it("one that changes for everybody is not, whichever session is told first", () => {
  const { told, read, begin, pass, lines, unseen } = changing();
  read(true);
  pass(60_000);
  told();
  read(true);
  pass(1_000);
  told();
  read(false);
  pass(60_000);
  read(false);
  // Told while a reading is under way: it may have come too early.
  const reading = begin();
  told();
  reading.read(false);
  expect(lines()).toBe(0);
  expect(unseen()).toEqual([]);
});

it("is noticed when the list is read again", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const log = recordingLog();
  const items = [{ name: "a", inputSchema: { type: "object" } }];
  const reader = createUpstreamReader({
    upstream: { name: "up", list: async () => ({ ok: true, items }) } as unknown as Upstream,
    log,
    rules: compileToolRules({ allow: ["*"], deny: [], annotations: {} }),
    pace: createReadingPace({ calmMs: 0, now: () => 0 }),
    onChange: () => {},
    onTtl: () => {},
    onTools: () => {},
    onUris: () => {},
  });
  await reader.refresh(["tools"]);
  vi.advanceTimersByTime(60_000);
  await reader.refresh(["tools"]);
  expect(JSON.stringify(log.lines)).not.toContain("isolation: shared");
  reader.toldInSession("tools");
  await reader.refresh(["tools"]);
  expect(JSON.stringify(log.lines)).toContain("isolation: shared");
  expect(reader.unseen()).toEqual(["tools"]);
});

it.each(["session", "shared"] as const)("whose session was told is known: isolation %s", async (isolation) => {
  const serve: RawHandler = (request, response) => {
    if (request.verb === "GET") answerRaw(response, "", 405);
    else if (request.method === "initialize") {
      const capabilities = { tools: { listChanged: true } };
      const result = { protocolVersion: "2025-11-25", capabilities, serverInfo: { name: "s", version: "1" } };
      answer(request, response, result, { "mcp-session-id": "s" });
    } else if (request.method === "server/discover") answerRaw(response, "{}", 400);
    else if (request.method === "tools/call") {
      const say = stream(response);
      say({ jsonrpc: "2.0", method: "notifications/tools/list_changed" });
      say({ jsonrpc: "2.0", id: request.body["id"] ?? null, result: { content: [] } });
      response.end();
    } else response.writeHead(202).end();
  };
  const raw = closing(await startRawUpstream(serve));
  const upstreams = closing(startUpstreams([httpUpstream("up", raw.url, { isolation })]));
  const up = await upstreamIn(upstreams, "up");
  const heard = nextEvent(upstreams, (event) => event.kind === "list_changed");
  await up.session(testPeer("client")).request(toolCall("t"));
  expect(await heard).toEqual({
    ...{ kind: "list_changed", upstream: "up", list: "tools" },
    inSession: isolation === "session",
  });
});

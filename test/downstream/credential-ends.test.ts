import { afterEach, beforeEach, expect, it } from "vitest";
import type { ErrorCode } from "../../src/core/errors.ts";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize, modern, open, send } from "../support/raw-mcp.ts";

const LIFE_MS = 60_000;

let served: Served;
let refusal: ErrorCode | undefined;

beforeEach(async () => {
  refusal = undefined;
  served = await serveMcp({ credentialsUntil: Date.now() + LIFE_MS, refusal: () => refusal });
});

afterEach(() => served.stop());

const listening = () =>
  modern("subscriptions/listen", { notifications: { toolsListChanged: true, resourceSubscriptions: ["test://a"] } });

it("ends a stream that listens with its credential, and watches nothing more for it", async () => {
  const stream = await open(served.port, listening());
  await stream.event(() => true);
  served.pass(LIFE_MS / 2);
  served.gateway.updated("test://a");
  await stream.event((message) => message["method"] === "notifications/resources/updated");
  served.pass(LIFE_MS);
  await stream.event((message) => "result" in message);
  await stream.ended;
  expect(served.gateway.watching.get("test://a")?.size).toBe(0);
  expect(served.endpoint.stats().listens).toBe(0);
});

it("ends the stream of a session with its credential, and keeps for another one what comes meanwhile", async () => {
  const session = await initialize(served.port);
  const stream = await open(served.port, { method: "GET", headers: session.headers });
  await stream.contains("id: ");
  served.pass(LIFE_MS * 2);
  await stream.ended;
  served.gateway.changed("tools", "one");
  const [, primed = ""] = /id: (\S+)/.exec(stream.text()) ?? [];
  const again = await open(served.port, { method: "GET", headers: { ...session.headers, "Last-Event-ID": primed } });
  await again.event((message) => message["method"] === "notifications/tools/list_changed");
});

it("ends a stream that was resumed with the credential that resumed it", async () => {
  const session = await initialize(served.port);
  const stream = await open(served.port, { method: "GET", headers: session.headers });
  await stream.contains("id: ");
  const [, primed = ""] = /id: (\S+)/.exec(stream.text()) ?? [];
  stream.abort();
  await stream.ended;
  const again = await open(served.port, { method: "GET", headers: { ...session.headers, "Last-Event-ID": primed } });
  expect(again.status).toBe(200);
  served.pass(LIFE_MS * 2);
  await again.ended;
});

/** Long enough that every stream's credential was looked at. */
const looks = (): void => {
  for (const _ of [1, 2, 3]) served.pass(15_000);
};

it.each(["TOKEN_INVALID", "SCOPE_INSUFFICIENT", "ISSUER_NOT_PERMITTED"] as const)(
  "ends streams whose credential is accepted no longer (%s), as one is whose key the issuer withdrew",
  async (code) => {
    const session = await initialize(served.port);
    const streams = [
      await open(served.port, listening()),
      await open(served.port, { method: "GET", headers: session.headers }),
    ];
    await streams[0]?.event(() => true);
    await streams[1]?.contains("id: ");
    refusal = code;
    looks();
    for (const stream of streams) await stream.ended;
    expect(served.endpoint.stats().listens).toBe(0);
  },
);

it.each(["ISSUER_UNREACHABLE", "INTERNAL", "ATTEMPTS_TOO_MANY"] as const)(
  "keeps streams while nobody knows whether their credential is good: %s",
  async (code) => {
    const stream = await open(served.port, listening());
    await stream.event(() => true);
    refusal = code;
    looks();
    refusal = undefined;
    served.gateway.updated("test://a");
    await stream.event((message) => message["method"] === "notifications/resources/updated");
    expect(served.endpoint.stats().listens).toBe(1);
  },
);

it("lets a call end that was made in time", async () => {
  const answer = send(served.port, modern("tools/call", { name: "wait" }));
  await expect.poll(() => served.endpoint.stats().waiting).toBe(1);
  served.pass(LIFE_MS * 2);
  served.gateway.finish("paid");
  expect((await answer).text).toContain("paid");
});

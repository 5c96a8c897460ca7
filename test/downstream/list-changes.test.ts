import { afterEach, beforeEach, expect, it } from "vitest";
import type { Scope } from "../../src/core/scope.ts";
import type { Caller } from "../../src/gateway/gateway.ts";
import { type Served, serveMcp } from "../support/mcp-endpoint.ts";
import { initialize, modern, open, type RawStream } from "../support/raw-mcp.ts";

let served: Served;

beforeEach(async () => {
  served = await serveMcp();
});

afterEach(() => served.stop());

/** The methods that a stream has told, once the change of prompts is there that everybody hears of. */
async function toldUntilPrompts(stream: RawStream): Promise<readonly string[]> {
  served.gateway.changedFor("prompts", () => true);
  await stream.event((message) => message["method"] === "notifications/prompts/list_changed");
  return stream.events.flatMap(({ data }) => (data === "" ? [] : JSON.parse(data).method));
}

const ADMINS = (_scope: Scope, { principal }: Caller) => principal.roles.includes("admin");

it("tells a session of a change that concerns whoever sent its latest request", async () => {
  const session = await initialize(served.port);
  const stream = await session.get();
  served.gateway.changedFor("tools", ADMINS);
  expect(await toldUntilPrompts(stream)).toEqual(["notifications/prompts/list_changed"]);
  stream.abort();

  // The same person, whose new token says more of them.
  const other = await initialize(served.port, { user: "bob" });
  const others = await other.get();
  await session.request("ping", {}, { Authorization: "Bearer alice.admin" });
  const again = await session.get({ Authorization: "Bearer alice.admin" });
  served.gateway.changedFor("tools", ADMINS);
  expect(await toldUntilPrompts(others)).toEqual(["notifications/prompts/list_changed"]);
  await again.event((message) => message["method"] === "notifications/tools/list_changed");
});

it("tells a modern listener of a change that concerns it, at its endpoint and through its client", async () => {
  const listen = (user: string, path: string) => {
    const request = modern(
      "subscriptions/listen",
      { notifications: { toolsListChanged: true, promptsListChanged: true } },
      { headers: { Authorization: `Bearer ${user}` } },
    );
    return open(served.port, { ...request, path });
  };
  const streams = await Promise.all([
    listen("alice.admin", "/mcp"),
    listen("alice.admin", "/mcp/one"),
    listen("bob", "/mcp"),
  ]);
  await Promise.all(streams.map((stream) => stream.event(() => true)));
  served.gateway.changedFor("tools", (scope, caller) => {
    const { name, version, ip } = caller.client;
    return scope.endpoint === "one" && ADMINS(scope, caller) && `${name} ${version} ${ip}` === "raw 0 127.0.0.1";
  });
  const told = await Promise.all(streams.map(toldUntilPrompts));
  expect(told.map((methods) => methods.includes("notifications/tools/list_changed"))).toEqual([false, true, false]);
});

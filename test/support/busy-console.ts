import { onTestFinished } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { consoleUsers, startConsole } from "./console.ts";
import type { TestGateway } from "./gateway.ts";
import { TASKS } from "./paused-callers.ts";
import { modern, type RawAnswer, send } from "./raw-mcp.ts";
import { answer, modernScript, startRawUpstream } from "./raw-upstream.ts";

/** A gateway of the console's users with a server whose tools meet with every decision there is. */
export interface BusyConsole {
  readonly gateway: TestGateway;
  /** Calls a tool of the server as somebody. */
  call(who: "ann" | "sam" | "carla" | "eve", tool: string, args?: JsonObject): Promise<RawAnswer>;
}

const POLICIES = `policies:
  - { id: no-wiping, target: { tools: ["shop/wipe"] }, then: { deny: { message: Nobody wipes. } } }
  - { id: watch-orders, mode: shadow, target: { tools: ["shop/order"] }, then: { deny: { message: Watched. } } }
  - { id: ask-first, target: { tools: ["shop/pay"] }, then: { request_approval: { flow: finance, message: "Pay {{ args.amount }}." } } }
  - { id: two-a-day, target: { tools: ["shop/mail"] }, then: { rate_limit: { limit: 2, per: 1d, message: Enough mail. } } }
`;

const TOOLS = ["order", "wipe", "pay", "mail", "break", "garble"].map((name) => ({
  name,
  inputSchema: { type: "object" },
}));

/** Starts it. Ends with the test. */
export async function startBusyConsole(deps: Parameters<typeof startConsole>[2] = {}): Promise<BusyConsole> {
  const upstream = await startRawUpstream(
    modernScript((request, response) => {
      const tools = { tools: TOOLS, ttlMs: 0, cacheScope: "private" };
      const content = { content: [{ type: "text", text: "done" }] };
      if (request.method === "tools/call" && request.headers["mcp-name"] === "break") response.destroy();
      else
        answer(request, response, { resultType: "complete", ...(request.method === "tools/list" ? tools : content) });
    }),
  );
  onTestFinished(() => upstream.close());
  const gateway = await startConsole({ upstreams: { shop: { url: upstream.url } } }, { "shop.yaml": POLICIES }, deps);
  const port = Number(new URL(gateway.url).port);
  return {
    gateway,
    // As a client with tasks, so that nothing waits for people while a test does.
    call: (who, tool, args = {}) =>
      send(
        port,
        modern(
          "tools/call",
          { name: `shop__${tool}`, arguments: args },
          { meta: TASKS, headers: consoleUsers.bearer(who) },
        ),
      ),
  };
}

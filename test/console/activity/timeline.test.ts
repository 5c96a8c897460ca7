import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/core/json.ts";
import { type BusyConsole, startBusyConsole } from "../../support/busy-console.ts";
import { consoleUsers, sessionCookie } from "../../support/console.ts";
import { eventually } from "../../support/eventually.ts";
import { decide, inState } from "../../support/paused-callers.ts";

/** Words of a page, without its marks and white space. */
function wordsOf(html: string): string {
  const main = html.slice(html.indexOf("<main"), html.indexOf("</main>"));
  return main.replaceAll(/<[^>]*>/g, " ").replaceAll(/\s+/g, " ");
}

async function timelineOf({ gateway }: BusyConsole, id: string): Promise<string> {
  const cookie = await sessionCookie(gateway, "carla");
  const answer = await fetch(`${gateway.url}/console/activity/${id}`, { headers: { Cookie: cookie } });
  return answer.status === 200 ? wordsOf(await answer.text()) : `status ${answer.status}`;
}

/** The calls of a tool, the newest last, once all have ended. */
async function callsOf({ gateway }: BusyConsole, tool: string, count: number) {
  return eventually(async () => {
    const { entries } = await gateway.running.wired.store.audit.list({ tool, limit: 100 });
    const calls = entries.filter(({ kind }) => kind === "opened");
    return calls.length === count && calls.every(({ outcome }) => outcome !== null) ? calls : undefined;
  });
}

async function requestOf({ gateway }: BusyConsole): Promise<string> {
  const { items } = await gateway.running.wired.approvals.list({ limit: 1 });
  return items[0]?.id ?? "";
}

describe("the timeline of a call", () => {
  it.each<{ tool: string; args: JsonObject; times: number; says: readonly string[] }>([
    {
      tool: "order",
      args: { amount: 3 },
      times: 1,
      says: ["ann called allowed", "watch-orders", "in shadow", "The server answered.", "amount"],
    },
    {
      tool: "wipe",
      args: {},
      times: 1,
      says: ["ann called denied", "no-wiping deny matched", "The call was refused and not made."],
    },
    { tool: "mail", args: {}, times: 3, says: ["ann called rate limited", "two-a-day"] },
    {
      tool: "break",
      args: {},
      times: 1,
      says: ["ann called allowed", "UPSTREAM_CLOSED", "The server went away during the call."],
    },
    { tool: "order", args: { password: "hunter2" }, times: 1, says: ["password", "[redacted]"] },
  ])("that met $tool", async ({ tool, args, times, says }) => {
    const busy = await startBusyConsole();
    for (let n = 0; n < times; n += 1) await busy.call("ann", tool, args);
    const calls = await callsOf(busy, tool, times);
    const timeline = await timelineOf(busy, calls.at(-1)?.callId ?? "");
    for (const words of says) expect(timeline).toContain(words);
    expect(timeline).toContain("key-of-ann");
    expect(timeline).toContain("employee");
    expect(timeline).not.toContain("hunter2");
  });

  it("that was approved and run, from whichever of its ids it is looked at", async () => {
    const busy = await startBusyConsole();
    await busy.call("ann", "pay", { amount: 5 });
    const request = await requestOf(busy);
    await decide(busy.gateway, request);
    await inState(busy.gateway, request, "succeeded");
    const calls = await callsOf(busy, "pay", 2);
    for (const id of [request, ...calls.map(({ callId }) => callId)]) {
      const timeline = await timelineOf(busy, id);
      for (const words of [
        "ann called needs approval",
        "ann asked for approval.",
        "fin@acme.com approved it",
        "The approved call was run approved",
        "The gateway ran the call, and it went well.",
        request,
      ]) {
        expect(timeline, id).toContain(words);
      }
    }
  });

  it("that was rejected, with the reason", async () => {
    const busy = await startBusyConsole();
    await busy.call("ann", "pay", { amount: 5 });
    await decide(busy.gateway, await requestOf(busy), "reject");
    const timeline = await timelineOf(busy, (await callsOf(busy, "pay", 1))[0]?.callId ?? "");
    expect(timeline).toContain("fin@acme.com rejected it.");
    expect(timeline).toContain("Too much.");
  });

  it("that nobody decided in time", async () => {
    let passed = 0;
    const busy = await startBusyConsole({ now: () => Date.now() + passed });
    await busy.call("ann", "pay", { amount: 5 });
    passed = 30 * 86_400_000;
    await busy.gateway.running.wired.approvals.sweep();
    const timeline = await timelineOf(busy, (await callsOf(busy, "pay", 1))[0]?.callId ?? "");
    expect(timeline).toContain("let it expire: its time was over.");
  });

  it("leaves out what others asked for", async () => {
    const busy = await startBusyConsole();
    await busy.call("ann", "pay", { amount: 5 });
    await busy.call("eve", "pay", { amount: 5 });
    const [own] = await callsOf(busy, "pay", 2);
    const timeline = await timelineOf(busy, own?.callId ?? "");
    expect(timeline).toContain("ann called");
    expect(timeline).not.toContain("eve called");
  });
});

it("the timeline is told by the API in the same words for administrators only", async () => {
  const busy = await startBusyConsole();
  await busy.call("ann", "order");
  const [call] = await callsOf(busy, "order", 1);
  const ask = (who: "ann" | "carla") =>
    fetch(`${busy.gateway.url}/api/v1/audit/${call?.callId}`, { headers: consoleUsers.bearer(who) });
  expect((await ask("carla")).status).toBe(200);
  expect((await ask("ann")).status).toBe(403);
});

import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { connectAskingSdk1, connectAskingSdk2 } from "../support/asking-clients.ts";
import { connectSdk1, connectSdk2Pinned } from "../support/clients.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { callLegacy, callModern } from "../support/raw-answers.ts";
import { createUsers } from "../support/users.ts";

const users = createUsers({ ann: ["employee"], sam: ["employee"] });

const POLICIES = `policies:
  - id: three-a-day
    target: { tools: ["modern/echo"] }
    then: { rate_limit: { limit: 3, per: 1d, message: "Three a day are enough, {{ user.id }}." } }
  - id: one-question
    target: { tools: ["modern/ask", "modern/order"] }
    then: { rate_limit: { limit: 1, per: 1d, by: [user, tool] } }
  - id: no-shouting
    target: { tools: ["modern/echo"] }
    when: args.text == "SHOUT"
    then: { deny: { message: Please do not shout. } }
`;

const DAY_MS = 86_400_000;

let upstream: ModernUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startModernUpstream();
  gateway = await startTestGateway(
    { auth: users.auth, upstreams: { modern: { url: upstream.url } } },
    { "p.yaml": POLICIES },
  );
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const ask = async (user: "ann" | "sam", text = "hello") => {
  const params = { name: "modern__echo", arguments: { text } };
  return JSON.parse((await callModern(gateway.mcp, users.bearer(user).authorization, params)).text).result;
};

describe("a budget", () => {
  it("is each user's own, survives a restart, and says when there is more of it", async () => {
    for (const text of ["one", "two"]) expect(await ask("ann", text)).toMatchObject({ content: [{ text }] });
    // A call that is refused anyway costs nothing.
    expect(await ask("ann", "SHOUT")).toMatchObject({ isError: true, content: [{ text: "Please do not shout." }] });
    await gateway.restart();
    expect(await ask("ann", "three")).toMatchObject({ content: [{ text: "three" }] });

    const calls = upstream.seen.length;
    const refused = await ask("ann", "four");
    expect(refused).toMatchObject({
      isError: true,
      content: [{ text: expect.stringMatching(/^Three a day are enough, ann\. Try again in 24 h\.$/) }],
      _meta: {
        "portcullis/decision": { decision: "rate_limit", policy: "three-a-day", call: expect.stringMatching(/^call_/) },
      },
    });
    const wait = refused._meta["portcullis/decision"].retry_after_ms;
    expect(wait).toBeGreaterThan(DAY_MS - 60_000);
    expect(wait).toBeLessThanOrEqual(DAY_MS);
    expect(upstream.seen.length).toBe(calls);
    expect(await ask("sam", "one")).toMatchObject({ content: [{ text: "one" }] });

    const decisions = await eventually(async () => {
      const rows = recorded();
      return (await rows).every(({ outcome }) => outcome !== null) ? rows : undefined;
    });
    expect(decisions.map(({ actor, decision, outcome }) => `${actor} ${decision} ${outcome}`)).toEqual([
      "ann allow ok",
      "ann allow ok",
      "ann deny denied",
      "ann allow ok",
      "ann rate_limit denied",
      "sam allow ok",
    ]);
    expect(decisions[4]?.policies).toContain('"policy":"three-a-day"');
  });

  it.each([
    ["SDK v1", connectSdk1],
    ["SDK v2", connectSdk2Pinned],
  ] as const)("is told to %s in words for the model", async (_client, connect) => {
    const client = await connect(gateway.mcp, users.bearer("sam"));
    const answers = [];
    for (const text of ["one", "two", "three", "four"]) answers.push(await client.call("modern__echo", { text }));
    expect(answers.map(({ isError }) => isError)).toEqual([false, false, false, true]);
    expect(answers[3]?.text).toMatch(/^Three a day are enough, sam\. Try again in \d+ h\.$/);
    await client.close();
  });

  it("lets through exactly what is left when calls arrive together", async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => ask("ann", `call ${n}`)));
    expect(answers.filter(({ isError }) => isError !== true).length).toBe(3);
  });

  it.each([
    ["SDK v1, within the call", (user: "ann" | "sam") => connectAskingSdk1(gateway.mcp, "Ada", users.bearer(user))],
    ["SDK v2, in a second request", (user: "ann" | "sam") => connectAskingSdk2(gateway.mcp, "Ada", users.bearer(user))],
  ] as const)("is drawn on once by a call that is asked something, by %s", async (_client, connect) => {
    const client = await connect("ann");
    expect(await client.call("modern__ask")).toMatchObject({ text: "Hello, Ada.", isError: false });
    expect(await client.call("modern__ask")).toMatchObject({
      text: expect.stringContaining("Try again in"),
      isError: true,
    });
    await client.close();
  });

  it("is drawn on again by an answer that is played back", async () => {
    const order = async (more: JsonObject) => {
      const params = { name: "modern__order", arguments: { text: "tea" }, ...more };
      const meta = { "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } } };
      return JSON.parse((await callModern(gateway.mcp, users.bearer("ann").authorization, params, {}, meta)).text)
        .result;
    };
    const { requestState } = await order({});
    const answered = { requestState, inputResponses: { who: { action: "accept", content: { name: "Ada" } } } };
    expect(await order(answered)).toMatchObject({ content: [{ text: "tea for Ada." }] });
    const ran = upstream.journal.length;
    expect(await order(answered)).toMatchObject({ _meta: { "portcullis/decision": { decision: "rate_limit" } } });
    expect(upstream.journal.length).toBe(ran);
  });

  it("that cannot be counted lets nothing through, and stops nothing else", async () => {
    const database = new Database(`${gateway.dir}/data/portcullis.db`);
    database.exec("DROP TABLE rate_limits");
    database.close();
    const calls = upstream.seen.length;
    const params = { name: "modern__echo", arguments: { text: "hello" } };
    const { authorization } = users.bearer("ann");
    expect(await callModern(gateway.mcp, authorization, params)).toMatchObject({
      status: 503,
      text: expect.stringContaining("its limits could not be counted"),
    });
    expect((await callLegacy(gateway.mcp, users.key("ann"), params)).text).toContain("its limits could not be counted");
    expect(upstream.seen.length).toBe(calls);
    expect(gateway.logged.join("\n")).toContain("its rate limits could not be counted");
    const other = await callModern(gateway.mcp, authorization, { name: "modern__work" });
    expect(other).toMatchObject({ status: 200, text: expect.stringContaining("worked") });
  });
});

async function recorded() {
  const reader = openStoreReader({ url: `file:${gateway.dir}/data/portcullis.db` });
  try {
    return (await reader.audit.list({ limit: 100 })).entries;
  } finally {
    reader.close();
  }
}

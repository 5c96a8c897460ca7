import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { matchesOf } from "../../src/audit/read/read-matches.ts";
import { isObject } from "../../src/core/json.ts";
import { APPROVALS_CONFIG, people } from "../support/approval-people.ts";
import { connectDecided, type DecidedServer, SECRET, startDecidedServer } from "../support/decided-world.ts";
import { type ExternalChecks, startExternalChecks } from "../support/external-checks.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/* What a guard puts in place of arguments is what policies decide on, servers are sent and the record has; what it says of results is applied. */

const POLICIES = `policies:
  - { id: look-at-requests, target: { tools: ["*/*-request"] }, then: { guard: { by: dlp, phases: [request] } } }
  - { id: look-at-results, target: { tools: ["*/*-result"], prompts: ["*/*-result"] }, then: { guard: { by: dlp, phases: [result] } } }
  - { id: not-twos, target: { tools: ["*/swap-denied-request"] }, when: args.v == 2.0, then: { deny: {} } }
  - { id: addresses, target: { tools: ["*/swap-result"] }, then: { redact: { detect: [email] } } }
  - { id: only-a-look, mode: shadow, target: { tools: ["*/no-shadow"] }, then: { guard: { by: dlp } } }
`;
const TOOLS = [
  ...["swap-request", "swap-denied-request", "no-request", "pass-request"],
  ...["swap-result", "no-result", "lost-result", "pass-result", "no-shadow"],
];

let server: DecidedServer;
let checks: ExternalChecks;
let gateway: TestGateway;
let ask: (method: string, params: Record<string, unknown>) => Promise<string>;

beforeAll(async () => {
  server = await startDecidedServer("modern", TOOLS);
  checks = await startExternalChecks(({ phase }) =>
    phase === "request"
      ? { arguments: { v: 2 } }
      : { result: { content: [{ type: "text", text: `masked, ask ${SECRET}` }] }, labels: ["names"] },
  );
  gateway = await startTestGateway(
    {
      ...{ ...APPROVALS_CONFIG, upstreams: { modern: { url: server.url } } },
      guards: { dlp: { webhook: { url: checks.url, secret: "a secret for the tests alone" } } },
    },
    { "p.yaml": POLICIES },
  );
  const client = await connectDecided("modern", Number(new URL(gateway.url).port), "/mcp/modern", people.key("ann"));
  ask = (method, params) => client.ask(method, params as Parameters<typeof client.ask>[1]);
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await checks.close();
  await server.close();
});

const call = (name: string) => ask("tools/call", { name, arguments: { v: 1 } });
const sent = (name: string) =>
  server.requests.flatMap(({ method, body: { params } }) =>
    method === "tools/call" && isObject(params) && params["name"] === name ? [params["arguments"]] : [],
  );
async function recorded() {
  await gateway.running.wired.audit.flush();
  const { entries } = await gateway.running.wired.activity.search({ limit: 1 });
  return entries[0];
}

describe("a request that a guard looks at", () => {
  it("is sent as the guard has made it, and is so on record", async () => {
    expect(await call("swap-request")).toContain(SECRET);
    expect(sent("swap-request")).toEqual([{ v: 2 }]);
    const row = await recorded();
    expect(row?.policies).toContain('"answer":"replace"');
    expect(row?.argumentsRedacted).toBe('{"v":2}');
  });

  it("is denied where a policy denies what the guard has made of it", async () => {
    expect(await call("swap-denied-request")).toMatch(/not-twos/);
    expect(sent("swap-denied-request")).toEqual([]);
    expect(await recorded()).toMatchObject({ decision: "deny", outcome: "denied" });
  });

  it("is not sent where the guard refuses it, and the reason is for the record", async () => {
    const text = await call("no-request");
    expect(text).not.toContain("not this");
    expect(sent("no-request")).toEqual([]);
    expect((await recorded())?.policies).toContain("not this");
  });

  it("goes as it came where the guard lets it pass, or is in shadow", async () => {
    for (const name of ["pass-request", "no-shadow"]) {
      expect(await call(name)).toContain(SECRET);
      expect(sent(name)).toEqual([{ v: 1 }]);
    }
    expect((await recorded())?.resultPolicies).toMatch(/"mode":"shadow".*"answer":"deny"/);
  });
});

describe("a result that a guard looks at", () => {
  it("comes as the guard has made it, and is redacted then", async () => {
    const text = await call("swap-result");
    expect(text).toContain("masked, ask [redacted:email]");
    const row = await recorded();
    expect(row?.resultPolicies).toMatch(/"answer":"replace","labels":\["names"\]/);
    // It has matched the call and its result, and is one policy.
    expect(row && matchesOf(row).map(({ policy }) => policy)).toEqual(["look-at-results", "addresses"]);
  });

  it.each(["no-result", "lost-result"])("is withheld where the guard says %s", async (name) => {
    expect(await call(name)).not.toContain(SECRET);
    expect(sent(name)).toHaveLength(1);
    expect(await recorded()).toMatchObject({ decision: "allow", outcome: "RESULT_WITHHELD" });
  });

  it("passes untouched where the guard says so, of a prompt, too", async () => {
    expect(await call("pass-result")).toContain(SECRET);
    expect(await ask("prompts/get", { name: "pass-result" })).toContain(SECRET);
    expect(await ask("prompts/get", { name: "no-result" })).not.toContain(SECRET);
  });
});

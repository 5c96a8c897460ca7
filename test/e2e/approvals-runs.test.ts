import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isObject, type Json } from "../../src/core/json.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  asCaller,
  asks,
  asksWithState,
  CALLERS_AUTH,
  type Caller,
  callWithText,
  comesBack,
  decide,
  inState,
  resultOf,
  status,
  TASKS,
  textOf,
} from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";
import { modern } from "../support/raw-mcp.ts";
import { answer, answerRaw } from "../support/raw-upstream.ts";

const POLICIES = `policies:
  - id: money
    target: { tools: [bank/pay] }
    then: { request_approval: { flow: money, message: Pays. } }
  - id: no-cards
    target: { tools: [bank/*] }
    then: { redact: { detect: [credit_card] } }
`;

const config = (url: string) => ({
  auth: CALLERS_AUTH,
  server: { hold: "0s" },
  approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
  upstreams: { bank: { url } },
});

const ARGS = '{"to":"Zoë"}';

let upstream: PayingUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  upstream = await startPayingUpstream();
  gateway = await startTestGateway(config(upstream.url), { "p.yaml": POLICIES });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

describe("an approved call", () => {
  it("runs once, however many wait for it, and all of them get its result", async () => {
    upstream.holdBack();
    const state = await asksWithState(gateway, "ann", ARGS);
    const waiting = Array.from({ length: 50 }, () => comesBack(gateway, "ann", ARGS, state));
    const { items } = await gateway.running.wired.approvals.list({ limit: 10 });
    expect(items).toHaveLength(1);
    const id = items[0]?.id ?? "";
    await decide(gateway, id);
    await upstream.release();
    for (const text of (await Promise.all(waiting)).map((each) => textOf(resultOf(each)))) expect(text).toBe("paid 1");
    // Nobody who comes back with the old state runs it again, or asks anew.
    const late = await comesBack(gateway, "ann", ARGS, state);
    expect(textOf(resultOf(late))).toBe("paid 1");
    expect(upstream.paid).toHaveLength(1);
    expect((await gateway.running.wired.approvals.list({ limit: 10 })).items).toHaveLength(1);
  });

  it("goes on when its client is gone, and its result waits for the next identical call", async () => {
    upstream.holdBack();
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    await inState(gateway, id, "executing");
    await upstream.release();
    await inState(gateway, id, "succeeded");
    expect(textOf(resultOf(await callWithText(gateway, "ann", ARGS)))).toBe("paid 1");
    await eventually(async () =>
      (await inState(gateway, id, "succeeded")).deliveredAt === undefined ? undefined : true,
    );
    // Now it was told: the same call is a new request.
    expect(await asks(gateway, "ann", ARGS)).not.toBe(id);
    expect(upstream.paid).toHaveLength(1);
  });

  it("gives what policies leave of its result, also to whoever reads the store", async () => {
    upstream.answerWith((request, response) => {
      answer(request, response, {
        resultType: "complete",
        content: [{ type: "text", text: "from 4111 1111 1111 1111" }],
      });
    });
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    const stored = await gateway.running.wired.approvals.result(id);
    expect(Buffer.from(stored ?? []).toString()).not.toContain("4111");
    expect(textOf(await status(gateway, "ann", id))).toMatch(/^from \[/);
  });

  it.each([
    ["asks something", { resultType: "input_required", requestState: "x" }, "failed", "asked for input"],
    [
      "fails",
      { resultType: "complete", isError: true, content: [{ type: "text", text: "No money." }] },
      "failed",
      "No money.",
    ],
  ])("ends as the server says when it %s", async (_what, result, state, text) => {
    upstream.answerWith((request, response) => answer(request, response, result));
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    expect(await inState(gateway, id, state === "failed" ? "failed" : "succeeded")).toMatchObject({
      resultIsError: true,
    });
    const told = await status(gateway, "ann", id);
    expect(told).toMatchObject({ isError: true });
    expect(textOf(told)).toContain(text);
    expect(upstream.paid).toHaveLength(1);
  });

  it("that may or may not have run says so, to everybody who asks, and is not run again", async () => {
    upstream.answerWith((_request, response) => void response.destroy());
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    await inState(gateway, id, "indeterminate");
    const ran = upstream.paid.length;
    for (let n = 0; n < 2; n++) {
      const told = resultOf(await callWithText(gateway, "ann", ARGS));
      expect(told).toMatchObject({ isError: true, _meta: { "portcullis/approval": { id, state: "indeterminate" } } });
      expect(textOf(told)).toContain("may or may not have");
    }
    expect((await gateway.running.wired.approvals.list({ limit: 10 })).items).toHaveLength(1);
    expect(upstream.paid).toHaveLength(ran);
  });

  it("gets a JSON-RPC error as the server gave it", async () => {
    upstream.answerWith((request, response) => {
      answerRaw(
        response,
        JSON.stringify({ jsonrpc: "2.0", id: request.body["id"], error: { code: -32050, message: "Bankrupt" } }),
      );
    });
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    await inState(gateway, id, "failed");
    expect((await callWithText(gateway, "ann", ARGS)).json).toMatchObject({
      error: { code: -32050, message: "Bankrupt" },
    });
  });

  it("that would exceed a budget stays approved, and runs when there is room", async () => {
    gateway.writePolicy(
      "limit.yaml",
      "policies:\n  - id: slow\n    target: { tools: [bank/pay] }\n    then: { rate_limit: { limit: 1, per: 1h } }\n",
    );
    await eventually(async () => (gateway.running.wired.policies.current().policies.length === 3 ? true : undefined));
    const first = await asks(gateway, "ann", '{"n":1}');
    await decide(gateway, first);
    await inState(gateway, first, "succeeded");
    const second = await asks(gateway, "ann", '{"n":2}');
    await decide(gateway, second);
    expect(await status(gateway, "ann", second)).toMatchObject({
      isError: true,
      _meta: { "portcullis/decision": { decision: "rate_limit", policy: "slow" } },
    });
    expect(await inState(gateway, second, "approved")).toMatchObject({ deliveredAt: undefined });
    expect(upstream.paid).toHaveLength(1);
  });
});

describe("a call that nobody approved", () => {
  it("tells why it was rejected, once, and may then be asked for again", async () => {
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id, "reject");
    const told = resultOf(await callWithText(gateway, "ann", ARGS));
    expect(told).toMatchObject({ isError: true, _meta: { "portcullis/approval": { id, state: "rejected" } } });
    expect(textOf(told)).toContain("Too much.");
    await eventually(async () =>
      (await inState(gateway, id, "rejected")).deliveredAt === undefined ? undefined : true,
    );
    expect(await asks(gateway, "ann", ARGS)).not.toBe(id);
    expect(upstream.paid).toEqual([]);
  });

  it("is refused when one person has too many that wait", async () => {
    for (let n = 0; n < 20; n++) await asks(gateway, "ann", `{"n":${n}}`);
    const refused = resultOf(await callWithText(gateway, "ann", '{"n":20}', { meta: TASKS }));
    expect(refused).toMatchObject({ isError: true });
    expect(textOf(refused)).toContain("Too many of your calls wait");
    // Others may ask, and so may ann again for what waits already.
    await asks(gateway, "sam", '{"n":20}');
    await asks(gateway, "ann", '{"n":3}');
  });
});

describe("the state of a paused call", () => {
  it.each<[string, Caller, string, (state: string) => string]>([
    ["other arguments", "ann", '{"to":"Zoe"}', (state) => state],
    ["another user", "sam", ARGS, (state) => state],
    ["another client of the same user", "ann-too", ARGS, (state) => state],
    ["a flipped bit", "ann", ARGS, flipped],
    ["no seal", "ann", ARGS, () => "v1.bm90aGluZw"],
  ])("with %s is refused, and nothing runs", async (_what, by, args, change) => {
    const state = await asksWithState(gateway, "ann", ARGS);
    const { items } = await gateway.running.wired.approvals.list({ limit: 10 });
    await decide(gateway, items[0]?.id ?? "");
    const refused = await comesBack(gateway, by, args, change(state));
    expect(refused.json).toMatchObject({ error: { code: -32602 } });
    expect(upstream.paid).toEqual([]);
    expect((await gateway.running.wired.approvals.list({ limit: 10 })).items).toMatchObject([{ state: "approved" }]);
  });

  it("runs the call when it is right", async () => {
    const state = await asksWithState(gateway, "ann", ARGS);
    const { items } = await gateway.running.wired.approvals.list({ limit: 10 });
    await decide(gateway, items[0]?.id ?? "");
    const ended = await comesBack(gateway, "ann", ARGS, state);
    expect(textOf(resultOf(ended))).toBe("paid 1");
  });
});

describe("the status tool", () => {
  it("is listed, read-only, at the end, while policies ask for approval, and clients hear when that changes", async () => {
    const tools = async (): Promise<readonly Json[]> => {
      const list = resultOf(await asCaller(gateway, "ann", modern("tools/list")))["tools"];
      return Array.isArray(list) ? list : [];
    };
    expect((await tools()).at(-1)).toMatchObject({
      name: "portcullis_approval_status",
      annotations: { readOnlyHint: true, destructiveHint: false },
    });
    const changed = new Promise<boolean>((resolve) => {
      gateway.running.wired.gateway.onListChanged(({ list }) => resolve(list === "tools"));
    });
    gateway.writePolicy("p.yaml", "policies: []\n");
    expect(await changed).toBe(true);
    expect((await tools()).map((tool) => isObject(tool) && tool["name"])).toEqual(["bank__pay", "bank__look"]);
  });

  it("says who is waited for, and refuses what is no question", async () => {
    const id = await asks(gateway, "ann", ARGS);
    const told = await status(gateway, "ann", id, 0);
    expect(told).toMatchObject({
      isError: true,
      _meta: {
        "portcullis/approval": {
          id,
          state: "pending",
          flow: "money",
          link: `${gateway.url}/console/approvals/${id}`,
        },
      },
    });
    expect(textOf(told)).toContain("Waiting for approval 1 of 1 (money): anybody with role finance-lead");
    for (const args of ["{}", `{"id":"${id}","wait_seconds":26}`, '{"id":"apr_unknown"}']) {
      const refused = await callWithText(gateway, "ann", args, { tool: "portcullis_approval_status" });
      expect(refused.json).toMatchObject({ error: { code: -32602 } });
    }
  });
});

describe("the audit", () => {
  it("tells the whole story of a request in order", async () => {
    const id = await asks(gateway, "ann", ARGS);
    await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    await status(gateway, "ann", id);
    const story = await eventually(async () => {
      const reader = openStoreReader({ url: `file:${gateway.dir}/data/portcullis.db` });
      const { entries } = await reader.audit.list({ limit: 20, approval: id });
      reader.close();
      return entries.some(({ outcome }) => outcome === "delivered") ? entries : undefined;
    });
    expect(story.map(({ kind, actor, decision, outcome }) => `${kind} ${actor} ${decision} ${outcome}`)).toEqual([
      "opened ann request_approval approval_pending",
      "opened ann request_approval approval_joined",
      "decided fin null approve",
      "opened ann request_approval ok",
      "decided null null succeeded",
      "decided null null delivered",
    ]);
  });
});

function flipped(state: string): string {
  const at = state.length - 10;
  return state.slice(0, at) + (state[at] === "A" ? "B" : "A") + state.slice(at + 1);
}

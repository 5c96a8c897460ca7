import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  asksWithState,
  CALLERS_AUTH,
  callWithText,
  comesBack,
  decide,
  resultOf,
  textOf,
} from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";

const APPROVED = `policies:
  - id: money
    target: { tools: [bank/pay] }
    then: { request_approval: { flow: money, message: Pays. } }
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
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

/** From now on nothing can be recorded: there is no table, as after a file that somebody put into the place of ours. */
function loseTheRecord(): void {
  const database = new Database(`${gateway.dir}/data/portcullis.db`);
  database.exec("DROP TABLE audit");
  database.close();
}

describe("what cannot be recorded never reaches a server", () => {
  it("when it is a call that policies allow", async () => {
    gateway = await startTestGateway(config(upstream.url), { "p.yaml": "policies: []\n" });
    expect(textOf(resultOf(await callWithText(gateway, "ann", ARGS)))).toBe("paid 1");
    loseTheRecord();
    expect((await callWithText(gateway, "ann", ARGS)).text).toContain("could not be recorded");
    expect(upstream.paid).toHaveLength(1);
  });

  it("when it is an approved call that is run", async () => {
    gateway = await startTestGateway(config(upstream.url), { "p.yaml": APPROVED });
    const state = await asksWithState(gateway, "ann", ARGS);
    const { items } = await gateway.running.wired.approvals.list({ limit: 10 });
    loseTheRecord();
    await decide(gateway, items[0]?.id ?? "").catch(() => undefined);
    await comesBack(gateway, "ann", ARGS, state);
    await gateway.running.wired.drain();
    expect(upstream.paid).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { createRequestWatch } from "../../src/gateway/approvals/request-watch.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { asks, CALLERS_AUTH, decide } from "../support/paused-callers.ts";
import { startPayingUpstream } from "../support/paying-upstream.ts";

const POLICIES = "policies: [{ id: money, then: { request_approval: { flow: money } } }]";

/** A gateway's own service with one request, and how often it is asked to wait. */
async function withRequest(use: (gateway: TestGateway, id: string) => Promise<void>): Promise<void> {
  const upstream = await startPayingUpstream();
  const gateway = await startTestGateway(
    {
      auth: CALLERS_AUTH,
      approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
      upstreams: { bank: { url: upstream.url } },
    },
    { "p.yaml": POLICIES },
  );
  try {
    await use(gateway, await asks(gateway, "ann", "{}"));
  } finally {
    await gateway.close();
    await upstream.close();
  }
}

describe("those who wait for a request", () => {
  it("share one watch, and all hear of the change", async () => {
    await withRequest(async (gateway, id) => {
      const { approvals } = gateway.running.wired;
      let watches = 0;
      const watch = createRequestWatch({
        waitForChange(...args) {
          watches += 1;
          return approvals.waitForChange(...args);
        },
      });
      const waiting = Array.from({ length: 50 }, () => watch.after({ id, version: 1 }, 20_000));
      await decide(gateway, id);
      const versions = (await Promise.all(waiting)).map((request) => request?.version);
      expect(versions).toEqual(Array.from({ length: 50 }, () => 2));
      expect(watches).toBe(1);
    });
  });

  it("leave one by one, by time or by their own will, and the last one ends the watch", async () => {
    await withRequest(async (gateway, id) => {
      const { approvals } = gateway.running.wired;
      const ends: string[] = [];
      const watch = createRequestWatch({
        waitForChange(of, version, ms, cancellation) {
          cancellation?.onCancel((reason) => ends.push(reason));
          return approvals.waitForChange(of, version, ms, cancellation);
        },
      });
      const cancellation = new Cancellation();
      const cancelled = watch.after({ id, version: 1 }, 20_000, cancellation);
      expect(await watch.after({ id, version: 1 }, 1)).toBeUndefined();
      expect(ends).toEqual([]);
      cancellation.cancel("gone");
      expect(await cancelled).toBeUndefined();
      expect(ends).toHaveLength(1);
      expect(await watch.after({ id, version: 0 }, 20_000)).toMatchObject({ id, version: 1 });
    });
  });
});

import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { OperatorEvent } from "../../src/operations/events/events.ts";
import { APPROVALS_CONFIG, askFor, principalOf } from "../support/approval-people.ts";
import { temporaryDir } from "../support/audit.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { startModernUpstream } from "../support/modern-upstream.ts";

const ROLES: Readonly<Record<string, readonly string[]>> = {
  ann: ["employee"],
  eve: ["employee"],
  fin: ["finance-lead"],
  root: ["platform-admin"],
};

async function setUp(config: object = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ ...APPROVALS_CONFIG, ...config }, {}, { timing: { eventPollMs: 20 } });
  onTestFinished(() => gateway.close());
  return gateway;
}

/** What each of them hears from now on. */
function listen(gateway: TestGateway, names: readonly string[]): Readonly<Record<string, readonly OperatorEvent[]>> {
  return Object.fromEntries(
    names.map((name) => {
      const heard: OperatorEvent[] = [];
      const principal = { ...principalOf(name), roles: ROLES[name] ?? [] };
      const stop = gateway.running.wired.events.subscribe(
        { principal, admin: name === "root", lacks: undefined },
        (event) => heard.push(event),
      );
      expect(stop).toBeDefined();
      onTestFinished(() => stop?.());
      return [name, heard];
    }),
  );
}

describe("events", () => {
  it("tell of an approval to whom it concerns, and to nobody else", async () => {
    const gateway = await setUp();
    await askFor(gateway);
    const heard = listen(gateway, ["ann", "eve", "fin", "root"]);
    const asked = await askFor(gateway, { arguments: { amount: 2 } });
    const event = { kind: "approval", id: asked.id, state: "pending", version: 1, upstream: "expenses" };
    for (const name of ["ann", "fin", "root"])
      expect(await eventually(async () => heard[name]?.[0])).toMatchObject(event);
    await gateway.running.wired.approvals.cancel(asked.id, principalOf("ann"));
    for (const name of ["ann", "fin", "root"])
      expect(await eventually(async () => heard[name]?.[1])).toMatchObject({ id: asked.id, state: "cancelled" });
    expect(heard["eve"]).toEqual([]);
  });

  it("tell of what happens in another process on the same store", async () => {
    const store = { url: `file:${join(temporaryDir(), "portcullis.db")}` };
    const [here, there] = [await setUp({ store }), await setUp({ store })];
    const heard = listen(here, ["fin"]);
    const asked = await askFor(there);
    expect(await eventually(async () => heard["fin"]?.[0])).toMatchObject({ id: asked.id, state: "pending" });
  });

  it("tell administrators of upstreams that come and go, and of policies", async () => {
    const upstream = await startModernUpstream();
    onTestFinished(() => upstream.close());
    const gateway = await setUp();
    const heard = listen(gateway, ["root", "ann"]);
    const find = (wanted: Partial<OperatorEvent>) =>
      eventually(async () =>
        heard["root"]?.find((event) =>
          Object.entries(wanted).every(([key, value]) =>
            Object.entries(event).some(([k, v]) => k === key && v === value),
          ),
        ),
      );
    gateway.reconfigure({ ...APPROVALS_CONFIG, upstreams: { modern: { url: upstream.url } } });
    await find({ kind: "upstream", upstream: "modern", state: "ready" });
    gateway.reconfigure(APPROVALS_CONFIG);
    await find({ kind: "upstream", upstream: "modern", state: "removed" });
    const { digest } = gateway.running.wired.policies.current();
    gateway.writePolicy("bad.yaml", "policies: [");
    expect(await find({ kind: "policies", refused: true })).toMatchObject({ digest });
    gateway.writePolicy("bad.yaml", "policies: []");
    await find({ kind: "policies", refused: false });
    expect(heard["ann"]).toEqual([]);
  });

  it("tell that an upstream went that came and went between two looks", async () => {
    const upstream = await startModernUpstream();
    onTestFinished(() => upstream.close());
    const gateway = await startTestGateway(APPROVALS_CONFIG, {}, { timing: { eventPollMs: 1_000 } });
    onTestFinished(() => gateway.close());
    const heard = listen(gateway, ["root"]);
    const stateOf = (state: string) =>
      eventually(async () => heard["root"]?.find((event) => "state" in event && event.state === state));
    gateway.reconfigure({ ...APPROVALS_CONFIG, upstreams: { modern: { url: upstream.url } } });
    await stateOf("ready");
    gateway.reconfigure(APPROVALS_CONFIG);
    expect(await stateOf("removed")).toMatchObject({ kind: "upstream", upstream: "modern" });
  });

  it("go to nobody who stopped, and only to so many", async () => {
    const gateway = await setUp();
    const { events } = gateway.running.wired;
    const operator = { principal: principalOf("ann"), admin: false, lacks: undefined };
    const heard: OperatorEvent[] = [];
    const stops = Array.from({ length: 1000 }, () => events.subscribe(operator, (event) => heard.push(event)));
    expect(stops.every((stop) => stop !== undefined)).toBe(true);
    expect(events.subscribe(operator, () => {})).toBeUndefined();
    for (const stop of stops) stop?.();
    const after = listen(gateway, ["ann"]);
    await askFor(gateway);
    await eventually(async () => after["ann"]?.[0]);
    expect(heard).toEqual([]);
  });
});

import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verifyRecord } from "../../src/audit/verify/verify-record.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { AUDIT_CHAIN } from "../../src/store/audit/audit-row.ts";
import { openStoreReader } from "../../src/store/open-store.ts";
import { knownSecretKey } from "../../src/store/secret-key.ts";
import { CLI } from "../support/built.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  asks,
  asksWithState,
  CALLERS_AUTH,
  callWithText,
  comesBack,
  decide,
  inState,
  resultOf,
  status,
  textOf,
} from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";
import { startProgram } from "../support/program.ts";

const POLICIES = `policies:
  - id: money
    target: { tools: [bank/pay] }
    then: { request_approval: { flow: money, message: Pays. } }
`;

const ARGS = '{"to":"Zoë"}';

let upstream: PayingUpstream;
let gateway: TestGateway;
let ahead = 0;

const configOf = (tools: object) => ({
  auth: CALLERS_AUTH,
  server: { port: 0, hold: "0s" },
  approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }] } },
  upstreams: { bank: { url: upstream.url, tools } },
});

beforeEach(async () => {
  ahead = 0;
  upstream = await startPayingUpstream();
  gateway = await startTestGateway(configOf({}), { "p.yaml": POLICIES }, { now: () => Date.now() + ahead });
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

describe("after a restart of the gateway", () => {
  it("a call that waits can be approved, and is run", async () => {
    const id = await asks(gateway, "ann", ARGS);
    await gateway.restart();
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    expect(textOf(await status(gateway, "ann", id))).toBe("paid 1");
  });

  it("an approved call is run when its client comes back, once", async () => {
    const state = await asksWithState(gateway, "ann", ARGS);
    const { items } = await gateway.running.wired.approvals.list({ limit: 1 });
    await decide(gateway, items[0]?.id ?? "");
    await gateway.restart();
    for (let n = 0; n < 2; n++) {
      expect(textOf(resultOf(await comesBack(gateway, "ann", ARGS, state)))).toBe("paid 1");
    }
    expect(upstream.paid).toHaveLength(1);
  });

  it("an approved call that found its server down is run when that is back, by the gateway itself", async () => {
    const id = await asks(gateway, "ann", ARGS);
    const { port } = new URL(upstream.url);
    await upstream.close();
    await gateway.restart();
    await decide(gateway, id);
    await gateway.restart();
    await inState(gateway, id, "approved");
    upstream = await startPayingUpstream(Number(port));
    await inState(gateway, id, "succeeded");
    expect(upstream.paid).toHaveLength(1);
  });

  it("a result that nobody was told of is told, and the call is not run again", async () => {
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    await inState(gateway, id, "succeeded");
    await gateway.restart();
    expect(textOf(resultOf(await callWithText(gateway, "ann", ARGS)))).toBe("paid 1");
    expect(upstream.paid).toHaveLength(1);
  });

  it("a call that ran has been waited for", async () => {
    upstream.holdBack();
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    await inState(gateway, id, "executing");
    const restarted = gateway.restart();
    await upstream.release();
    await restarted;
    await inState(gateway, id, "succeeded");
    expect(textOf(await status(gateway, "ann", id))).toBe("paid 1");
    expect(upstream.paid).toHaveLength(1);
  });

  it("a call that did not end in time may or may not have run, and is not run again", async () => {
    upstream.holdBack();
    const id = await asks(gateway, "ann", ARGS);
    await decide(gateway, id);
    await inState(gateway, id, "executing");
    await gateway.restart();
    await inState(gateway, id, "indeterminate");
    expect(textOf(await status(gateway, "ann", id))).toContain("may or may not have");
    expect(upstream.paid).toHaveLength(1);
  });
});

/** Has a call approved and run by a process of its own, which is killed while the server works. */
async function killedInTheMiddle(): Promise<{ readonly id: string; readonly state: string }> {
  const program = await startProgram({
    name: "the other gateway",
    command: process.execPath,
    args: [CLI, "serve", "-c", join(gateway.dir, "portcullis.yaml")],
    cwd: gateway.dir,
    ready: /MCP +(http:\/\/127\.0\.0\.1:\d+)\/mcp/,
  });
  const other = { url: program.ready?.[1] ?? "" };
  upstream.holdBack();
  const state = await asksWithState(other, "ann", ARGS);
  const { items } = await gateway.running.wired.approvals.list({ limit: 1 });
  const id = items[0]?.id ?? "";
  await decide(gateway, id);
  const cut = comesBack(other, "ann", ARGS, state).catch((err: unknown) => err);
  await eventually(async () => (upstream.paid.length === 1 ? true : undefined));
  process.kill(program.pid, "SIGKILL");
  await cut;
  await program.stop();

  // While its lease runs, nobody takes it for lost.
  await gateway.running.wired.approvals.sweep();
  await inState(gateway, id, "executing");
  ahead = 60_000;
  await gateway.running.wired.approvals.sweep();
  return { id, state };
}

describe("when the process that runs an approved call is killed", () => {
  it("another finds out that nobody knows whether it ran, says so, and never runs it", async () => {
    const { id, state } = await killedInTheMiddle();
    await inState(gateway, id, "indeterminate");
    expect(textOf(resultOf(await comesBack(gateway, "ann", ARGS, state)))).toContain("may or may not have");
    await gateway.restart();
    expect(textOf(resultOf(await callWithText(gateway, "ann", ARGS)))).toContain("may or may not have");
    expect(upstream.paid).toHaveLength(1);

    const path = `${gateway.dir}/data/portcullis.db`;
    const reader = openStoreReader({ url: `file:${path}` });
    const { entries } = await reader.audit.list({ limit: 20, approval: id });
    expect(entries.filter(({ kind }) => kind === "decided").map(({ outcome }) => outcome)).toEqual([
      "approve",
      "indeterminate",
    ]);
    const secret = knownSecretKey({ configured: undefined, beside: path });
    const keys = secret === undefined ? [] : [createKeyedHash(secret, AUDIT_CHAIN)];
    const verdict = await verifyRecord(reader, { keys, now: Date.now() });
    // A crash is no tampering.
    expect(verdict).toMatchObject({ chain: { ok: true }, findings: [], unproven: [{ code: "anchor" }] });
    reader.close();
  }, 60_000);

  it("it is run once more where the operator says that twice is as good as once", async () => {
    gateway.reconfigure(configOf({ idempotent: ["p*"] }));
    const { id, state } = await killedInTheMiddle();
    await inState(gateway, id, "approved");
    const back = comesBack(gateway, "ann", ARGS, state);
    // The first waits at the server for a process that is gone.
    await upstream.release();
    await upstream.release();
    expect(textOf(resultOf(await back))).toBe("paid 2");
    await inState(gateway, id, "succeeded");
    expect(upstream.paid).toHaveLength(2);
  }, 60_000);
});

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApprovalRequest, ApprovalState } from "../../src/core/approval.ts";
import { APPROVALS_CONFIG, people, principalOf } from "../support/approval-people.ts";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ModernUpstream, startModernUpstream } from "../support/modern-upstream.ts";
import { WAITING_CLIENTS, type WaitingClient } from "../support/waiting-clients.ts";

const POLICIES = `policies:
  - id: sign-off
    target: { tools: ["modern/echo"] }
    then: { request_approval: { flow: single, message: Somebody has to look at this. } }
`;
const ANN = { name: "ann", role: "employee", authorization: people.bearer("ann").authorization };
const TOOL = "modern__echo";

let upstream: ModernUpstream;
let gateway: TestGateway;
let passed = 0;
/** Who comes over stdio has no credential: only this says that Ann is not the approver. */
const PEOPLE = [
  { name: "Ann", identities: [{ issuer: "portcullis:local", subject: "ann" }, { key: "key-of-ann" }] },
  { name: "Fin", identities: [{ key: "key-of-fin" }] },
];

let count = 0;

beforeAll(async () => {
  upstream = await startModernUpstream();
  gateway = await startTestGateway(
    { ...APPROVALS_CONFIG, people: PEOPLE, upstreams: { modern: { url: upstream.url } } },
    { "p.yaml": POLICIES },
    { now: () => Date.now() + passed },
  );
}, 60_000);

afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
});

const approvals = () => gateway.running.wired.approvals;

/** The one request that is in this state. */
function only(state: ApprovalState): Promise<ApprovalRequest> {
  return eventually(async () => (await approvals().list({ states: [state], limit: 2 })).items[0]);
}

async function decide(decision: "approve" | "reject"): Promise<ApprovalRequest> {
  const { id, version, argumentsDigest } = await only("pending");
  const approver = { ...principalOf("fin"), roles: ["finance-lead"] };
  const reason = decision === "reject" ? "Not this month." : undefined;
  const channel = "api";
  const acted = await approvals().decide({
    id,
    approver,
    decision,
    reason,
    version,
    argumentsDigest,
    channel,
    ip: undefined,
  });
  if (!acted.ok) throw new Error(acted.code);
  return acted.request;
}

const runs = () => upstream.seen.filter((headers) => headers["mcp-method"] === "tools/call").length;

describe.each(WAITING_CLIENTS)("$client, whose call waits for people", ({ client: kind, connect }) => {
  let client: WaitingClient;
  // Other arguments in every test are another request.
  const args = () => ({ text: `${kind} ${count}` });

  beforeAll(async () => {
    client = await connect(gateway, ANN);
  });
  afterAll(() => client.close());

  const begin = (signal?: AbortSignal) => client.begin(TOOL, args(), signal);

  it("gets the tool's result once they approve, and the tool runs once", async () => {
    count += 1;
    const before = runs();
    const call = await begin();
    const { id } = await decide("approve");
    expect(await call.end()).toEqual({ text: args().text, isError: false, structured: undefined });
    expect(runs()).toBe(before + 1);
    const told = await eventually(async () => {
      const request = await approvals().get(id);
      return request?.deliveredAt === undefined ? undefined : request;
    });
    expect(told).toMatchObject({ state: "succeeded", era: kind.includes("v1") ? "legacy" : "modern" });
  });

  it("is told if they reject", async () => {
    count += 1;
    const before = runs();
    const call = await begin();
    await decide("reject");
    expect(await call.end()).toMatchObject({
      isError: true,
      text: expect.stringMatching(/rejected.*Not this month\./s),
    });
    expect(runs()).toBe(before);
  });

  it("is told if nobody decides in time", async () => {
    count += 1;
    const call = await begin();
    const { pendingUntil } = await only("pending");
    passed += pendingUntil - Date.now();
    await approvals().sweep();
    expect(await call.end()).toMatchObject({ isError: true, text: expect.stringContaining("expired") });
    passed = 0;
  });

  it("joins its own request when it has gone and comes back", async () => {
    count += 1;
    const before = runs();
    const abort = new AbortController();
    await begin(abort.signal);
    const { id } = await only("pending");
    abort.abort();
    const again = await begin();
    expect((await only("pending")).id).toBe(id);
    await decide("approve");
    expect(await again.end()).toMatchObject({ text: args().text, isError: false });
    expect(runs()).toBe(before + 1);
  });

  it("goes on after a restart of the gateway in the middle", async () => {
    count += 1;
    const before = runs();
    const call = await begin();
    const { id } = await only("pending");
    // Neither a task nor a gateway of one's own is held here.
    const held = !kind.includes("tasks") && !kind.includes("stdio");
    if (held) await eventually(async () => (gateway.running.stats().held > 0 ? true : undefined));
    await gateway.restart();
    if (held) {
      expect(await call.end()).toMatchObject({ isError: true, text: expect.stringContaining(id) });
    }
    const again = await begin();
    await decide("approve");
    expect(await again.end()).toMatchObject({ text: args().text, isError: false });
    expect((await approvals().get(id))?.state).toBe("succeeded");
    expect(runs()).toBe(before + 1);
  });
});

import { afterEach, beforeEach, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { asks, CALLERS_AUTH, decide, inState } from "../support/paused-callers.ts";
import { type PayingUpstream, startPayingUpstream } from "../support/paying-upstream.ts";
import { type RawUpstream, startRawUpstream } from "../support/raw-upstream.ts";

const POLICIES = `policies:
  - id: money
    target: { tools: [bank/pay] }
    then: { request_approval: { flow: money, message: "Pays {{ args.to }}." } }
`;

let receiver: RawUpstream;
let upstream: PayingUpstream;
let gateway: TestGateway;

beforeEach(async () => {
  receiver = await startRawUpstream((_request, response) => void response.writeHead(204).end());
  upstream = await startPayingUpstream();
  gateway = await startTestGateway(
    {
      auth: CALLERS_AUTH,
      approval_flows: { money: { stages: [{ approvers: { roles: ["finance-lead"] } }], notify: ["ops"] } },
      notifiers: { ops: { webhook: { url: receiver.url, secret: "a-secret-of-the-receiver" } } },
      upstreams: { bank: { url: upstream.url } },
    },
    { "p.yaml": POLICIES },
  );
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
  await receiver.close();
});

it("tells the notifiers of a flow where a request is found, in order, and nothing of what it asks for", async () => {
  const id = await asks(gateway, "ann", '{"to":"Zoë"}');
  await eventually(async () => (receiver.requests.length === 1 ? true : undefined));
  await decide(gateway, id);
  await inState(gateway, id, "succeeded");
  await eventually(async () => (receiver.requests.length === 3 ? true : undefined));
  const received = receiver.requests.map(({ body }) => body);
  expect(received.map(({ type }) => type)).toEqual(["approval.requested", "approval.decided", "approval.executed"]);
  for (const { data } of received) expect(data).toMatchObject({ url: `${gateway.url}/console/approvals/${id}` });
  expect(JSON.stringify(received)).not.toContain("Zoë");
});

import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { createMcpHandler, ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { runSuite } from "../conformance/suite.ts";
import { principalOf } from "../support/approval-people.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const SIGNED_OFF = ["slow_compute", "failing_job", "protocol_error_job", "confirm_delete"];

const POLICIES = `policies:
  - id: sign-off
    target: { tools: [${SIGNED_OFF.map((name) => `"fixture/${name}"`).join(", ")}] }
    then: { request_approval: { flow: single } }
`;

/** The tools that the suite's scenarios of the tasks extension call: `greet` at once, the others once they are approved. */
function createFixture(): Server {
  const server = new Server({ name: "tasks-fixture", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler("tools/list", () => ({
    tools: ["greet", ...SIGNED_OFF].map((name) => ({ name, inputSchema: { type: "object" as const } })),
  }));
  server.setRequestHandler("tools/call", ({ params }) => {
    const text = (words: string) => ({ content: [{ type: "text" as const, text: words }] });
    switch (params.name) {
      case "greet":
        return text(`Hello, ${String(params.arguments?.["name"])}!`);
      case "slow_compute":
      case "confirm_delete":
        return text("Computed.");
      case "failing_job":
        return { ...text("It failed."), isError: true };
      default:
        throw new ProtocolError(ProtocolErrorCode.InternalError, "Out of order.");
    }
  });
  return server;
}

let upstream: HttpServer;
let gateway: TestGateway;

/** People take a moment, and the suite wants to see a task at work. */
const MOMENT_MS = 300;

const approve = async ({ id, version, argumentsDigest }: ApprovalRequest): Promise<void> => {
  const approver = { ...principalOf("fin"), roles: ["finance-lead"] };
  const said = {
    decision: "approve",
    reason: undefined,
    version,
    argumentsDigest,
    channel: "api",
    ip: undefined,
  } as const;
  await gateway.running.wired.approvals.decide({ id, approver, ...said });
};

beforeAll(async () => {
  const serve = toNodeHandler(createMcpHandler(createFixture, { legacy: "reject" }));
  upstream = createServer((request, response) => {
    // The adapter's structural type and Node's differ under exactOptionalPropertyTypes.
    void serve(request as Parameters<typeof serve>[0], response);
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  gateway = await startTestGateway(
    {
      upstreams: { fixture: { url: `http://127.0.0.1:${port}/mcp` } },
      // Whoever comes without a credential may be anybody, the approver too: their calls wait for nobody else but so.
      approval_flows: {
        single: { stages: [{ approvers: { roles: ["finance-lead"] } }], requester_may_approve: true },
      },
    },
    { "p.yaml": POLICIES },
  );
  const { approvals } = gateway.running.wired;
  approvals.onTransition(({ request, event }) => {
    if (event.act === "request") setTimeout(() => void approve(request), MOMENT_MS);
  });
});

afterAll(async () => {
  await gateway?.close();
  upstream?.closeAllConnections();
  upstream?.close();
});

// Not among them: scenarios of tools that ask their client something as a task, or that refuse clients without tasks.
it.each([
  "tasks-capability-negotiation",
  "tasks-dispatch-and-envelope",
  "tasks-lifecycle",
  "tasks-request-headers",
  "tasks-request-state-removal",
  "tasks-wire-fields",
])("the official suite's scenario %s passes", { timeout: 60_000 }, async (scenario) => {
  const run = { url: `${gateway.mcp}/fixture`, revision: "2026-07-28", only: scenario, timeoutMs: 50_000 } as const;
  const result = (await runSuite(run)).get(scenario);
  expect(result?.failures).toEqual([]);
  expect(result?.successes).toContain("wire-schema-valid");
});

import type { CallToApprove } from "../../src/approvals/approvals.ts";
import type { ApprovalRequest, ApprovalState } from "../../src/core/approval.ts";
import { digestOf } from "../../src/core/digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { principalOf } from "./approval-people.ts";
import { CONSOLE_CONFIG, type ConsoleUser, consoleUsers } from "./console.ts";
import { eventually } from "./eventually.ts";
import { startTestGateway, type TestGateway } from "./gateway.ts";
import { type PayingUpstream, startPayingUpstream } from "./paying-upstream.ts";
import { type Begun, WAITING_CLIENTS } from "./waiting-clients.ts";

const POLICIES = `policies:
  - id: sign-off
    description: Payments need somebody's consent.
    target: { tools: ["bank/pay"] }
    when: args.flow == "finance" && args.amount != "0"
    then: { request_approval: { flow: finance, message: "Pay {{ args.amount }}." } }
  - id: two-of-us
    target: { tools: ["bank/pay"] }
    when: args.flow == "pair"
    then: { request_approval: { flow: pair } }
  - id: one-after-the-other
    target: { tools: ["bank/pay"] }
    when: args.flow == "chain"
    then: { request_approval: { flow: chain } }
`;

/** A gateway in front of `bank/pay`, whose `flow` argument chooses who has to agree; with the people of `console.ts`. */
export interface ApprovalConsole {
  readonly gateway: TestGateway;
  readonly bank: PayingUpstream;
  /** Ann's agent calls `bank/pay`, and waits. */
  pay(args: Record<string, string>): Promise<Begun & { readonly request: ApprovalRequest }>;
  /** A request of anybody's for arguments of any kind, which nobody waits for. */
  ask(given: {
    readonly by?: ConsoleUser;
    readonly flow?: string;
    readonly arguments?: JsonObject;
    readonly message?: string;
    /** Of the definition of `pay` that they look at. */
    readonly definitionDigest?: string;
  }): Promise<ApprovalRequest>;
  /** The request once it is in this state. */
  reaches(id: string, state: ApprovalState): Promise<ApprovalRequest>;
  /** Moves the gateway's clock on, and does what is due by then. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts one. */
export async function startApprovalConsole(): Promise<ApprovalConsole> {
  const bank = await startPayingUpstream();
  let passed = 0;
  const gateway = await startTestGateway(
    {
      auth: CONSOLE_CONFIG.auth,
      upstreams: { bank: { url: bank.url } },
      approval_flows: {
        ...CONSOLE_CONFIG.approval_flows,
        pair: { stages: [{ approvers: { roles: ["finance-lead"] }, required: 2 }] },
        board: { stages: [{ approvers: { roles: ["cfo"] } }] },
        brief: { stages: [{ approvers: { roles: ["finance-lead"] } }], pending_ttl: "10m" },
        chain: { stages: [{ approvers: { roles: ["finance-lead"] } }, { approvers: { roles: ["cfo"] } }] },
      },
    },
    { "pay.yaml": POLICIES },
    { now: () => Date.now() + passed },
  );
  const approvals = () => gateway.running.wired.approvals;
  const closing: (() => Promise<void>)[] = [];

  return {
    gateway,
    bank,
    async pay(args) {
      const kind = WAITING_CLIENTS.find(({ client }) => client === "SDK v2");
      if (kind === undefined) throw new Error("there is no such client");
      const { authorization } = consoleUsers.bearer("ann");
      const client = await kind.connect(gateway, { name: "ann", role: "employee", authorization });
      closing.push(() => client.close());
      const before = new Set((await approvals().list({ limit: 500 })).items.map(({ id }) => id));
      const begun = await client.begin("bank__pay", args);
      const request = await eventually(async () =>
        (await approvals().list({ limit: 500 })).items.find(({ id }) => !before.has(id)),
      );
      return { ...begun, request };
    },
    async ask({ by = "ann", flow = "finance", message = "Somebody has to look.", ...given }) {
      const definition = { name: "pay", description: "Pays.", inputSchema: { type: "object" } };
      const wanted: CallToApprove = {
        principal: principalOf(by),
        clientName: "test-client",
        era: "modern",
        method: "tools/call",
        upstream: "bank",
        tool: "pay",
        definitionDigest: given.definitionDigest ?? digestOf(definition),
        arguments: given.arguments ?? { nr: Math.random() },
        approvals: [{ flow, policy: "sign-off", message }],
        policySet: gateway.running.wired.policies.current().digest,
        run: "caller",
        idempotent: false,
        context: {},
      };
      const asked = await approvals().request(wanted);
      if (!asked.ok) throw new Error(asked.code);
      return asked.request;
    },
    reaches: (id, state) =>
      eventually(async () => {
        const request = await approvals().get(id);
        return request?.state === state ? request : undefined;
      }),
    async pass(ms) {
      passed += ms;
      await approvals().sweep();
    },
    async close() {
      for (const end of closing) await end();
      await gateway.close();
      await bank.close();
    },
  };
}

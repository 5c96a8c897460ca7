import type { CallToApprove } from "../../src/approvals/approvals.ts";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { digestOf } from "../../src/core/digest.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { AT_HOME, type Principal } from "../../src/core/principal.ts";
import type { DecidedMethod } from "../../src/core/subject.ts";
import type { TestGateway } from "./gateway.ts";
import { createUsers } from "./users.ts";

/** People of a gateway with approval flows: who asks, who approves, who administers, who has no part in it. */
export const people = createUsers({
  ann: ["employee"],
  fin: ["finance-lead"],
  flo: ["finance-lead"],
  cfo: ["cfo"],
  root: ["platform-admin"],
  eve: ["employee"],
  // Holds the role of the approvers, and asks as well.
  lea: ["finance-lead", "employee"],
});

/** The configuration: `finance` has two stages of one voice each, `pair` one of two voices, `single` one. */
export const APPROVALS_CONFIG = {
  auth: { ...people.auth, admin: { roles: ["platform-admin"] } },
  approval_flows: {
    finance: {
      stages: [{ approvers: { roles: ["finance-lead"] } }, { approvers: { roles: ["cfo"] } }],
    },
    pair: { stages: [{ approvers: { roles: ["finance-lead"] }, required: 2 }] },
    single: { stages: [{ approvers: { roles: ["finance-lead"] } }] },
  },
};

/** What to ask for; the rest is filled in. */
export interface TestAsk {
  readonly by?: string;
  readonly flow?: string;
  readonly method?: DecidedMethod;
  readonly tool?: string;
  readonly arguments?: JsonObject;
  readonly message?: string;
  readonly principal?: Partial<Principal>;
  readonly definitionDigest?: string;
  readonly policySet?: string;
}

/** Opens a request at the gateway's own service, as a paused call would. @throws when it is refused */
export async function askFor(gateway: TestGateway, ask: TestAsk = {}): Promise<ApprovalRequest> {
  const by = ask.by ?? "ann";
  const wanted: CallToApprove = {
    principal: { ...principalOf(by), ...ask.principal },
    clientName: "test-client",
    era: "modern",
    method: ask.method ?? "tools/call",
    upstream: "expenses",
    tool: ask.tool ?? "create_expense",
    definitionDigest: ask.definitionDigest ?? "d".repeat(64),
    arguments: ask.arguments ?? { amount: 12_000 },
    approvals: [{ flow: ask.flow ?? "finance", policy: "large-expenses", message: ask.message ?? "Above the limit." }],
    policySet: ask.policySet ?? "5".repeat(64),
    run: "caller",
    idempotent: false,
    context: {},
  };
  const asked = await gateway.running.wired.approvals.request(wanted);
  if (!asked.ok) throw new Error(asked.code);
  return asked.request;
}

/** Has it on record that the tool takes an `amount`, a number, and nothing else; resolves to its definition's digest. */
export async function describeTool(gateway: TestGateway, tool: string): Promise<string> {
  const properties = { amount: { type: "number" } };
  const definition = { name: tool, inputSchema: { type: "object", properties, additionalProperties: false } };
  const digest = digestOf(definition);
  await gateway.running.wired.store.definitions.replace("expenses", [{ name: tool, digest, definition }], Date.now());
  return digest;
}

/** Somebody with a key of `people`, as the gateway sees them. */
export function principalOf(name: string): Principal {
  return {
    issuer: "portcullis:keys",
    subject: name,
    kind: "person",
    clientId: `key-of-${name}`,
    email: undefined,
    name: undefined,
    roles: [],
    groups: [],
    scopes: [],
    claims: {},
    acr: undefined,
    amr: [],
    authTime: undefined,
    ...AT_HOME,
  };
}

import type { ApprovalRequest } from "../../src/core/approval.ts";
import { createApiKey } from "../../src/identity/api-keys.ts";
import { APPROVALS_CONFIG, askFor, people, type TestAsk } from "./approval-people.ts";
import { startTestGateway, type TestGateway } from "./gateway.ts";
import { type RawAnswer, type RawRequest, send } from "./raw-mcp.ts";

/** Who asks the API: a requester, an approver, an administrator, somebody else, a machine with all roles, nobody. */
export type Caller = "ann" | "fin" | "root" | "eve" | "robot" | "nobody";

/** A gateway whose API is asked. */
export interface ApiGateway {
  readonly gateway: TestGateway;
  readonly port: number;
  as(who: Caller, request: RawRequest): Promise<RawAnswer>;
  authorization(who: Caller): string | undefined;
  /** A request of ann's that waits, another call each time. */
  ask(wanted?: TestAsk): Promise<ApprovalRequest>;
  /** Ends every request that `ask` made, since nobody may have too many open. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

const machine = createApiKey();

/** Starts it: nobody gets in without a credential. */
export async function startApiGateway(
  config: object = {},
  policies: Readonly<Record<string, string>> = {},
  deps: Parameters<typeof startTestGateway>[2] = {},
): Promise<ApiGateway> {
  const { auth } = APPROVALS_CONFIG;
  const robot = { name: "robot", hash: machine.hash, roles: ["finance-lead", "platform-admin"] };
  const gateway = await startTestGateway(
    { ...APPROVALS_CONFIG, auth: { ...auth, api_keys: [...auth.api_keys, robot], anonymous: false }, ...config },
    policies,
    deps,
  );
  const port = Number(new URL(gateway.url).port);
  const open: string[] = [];
  let count = 0;
  const authorization = (who: Caller): string | undefined => {
    if (who === "nobody") return undefined;
    return who === "robot" ? `Bearer ${machine.key}` : people.bearer(who).authorization;
  };
  return {
    gateway,
    port,
    authorization,
    as: (who, request) =>
      send(port, { ...request, headers: { Authorization: authorization(who), ...request.headers } }),
    async ask(wanted = {}) {
      count += 1;
      const request = await askFor(gateway, {
        ...{ flow: "single", ...wanted },
        arguments: { nr: count, ...wanted.arguments },
      });
      open.push(request.id);
      return request;
    },
    async forget() {
      const { approvals } = gateway.running.wired;
      for (const id of open.splice(0)) {
        await approvals.invalidate(id, "The test is over.");
        await approvals.delivered(id);
      }
    },
    close: () => gateway.close(),
  };
}

/** A GET below `/api/v1`. */
export function get(path: string): RawRequest {
  return { method: "GET", path: `/api/v1${path}` };
}

/** A POST below `/api/v1`. */
export function post(path: string, body: NonNullable<RawRequest["body"]>): RawRequest {
  return { method: "POST", path: `/api/v1${path}`, body };
}

import type { ApprovalRequest } from "../../src/core/approval.ts";
import { createApiKey } from "../../src/identity/api-keys.ts";
import { APPROVALS_CONFIG, askFor, people, type TestAsk } from "./approval-people.ts";
import { startTestGateway, type TestGateway } from "./gateway.ts";
import { startModernUpstream } from "./modern-upstream.ts";
import { modern, open, type RawAnswer, type RawRequest, send } from "./raw-mcp.ts";

/** Who asks the API: a requester, an approver, an administrator, somebody else, a machine with all roles, nobody. */
export type Caller = "ann" | "fin" | "root" | "eve" | "robot" | "nobody";

/** A gateway whose API is asked, in front of a server with the tools of `modern-tools.ts`. */
export interface ApiGateway {
  readonly gateway: TestGateway;
  /** Where that server is; the gateway has it as `modern`, from its file. */
  readonly upstreamUrl: string;
  /** What became of its tool `wait`. */
  readonly journal: readonly string[];
  readonly port: number;
  as(who: Caller, request: RawRequest): Promise<RawAnswer>;
  authorization(who: Caller): string | undefined;
  /** A request of ann's that waits, another call each time. */
  ask(wanted?: TestAsk): Promise<ApprovalRequest>;
  /** Calls the tool `echo`. */
  echo(who: Caller, text: string): Promise<RawAnswer>;
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
  const upstream = await startModernUpstream();
  const robot = { name: "robot", hash: machine.hash, roles: ["finance-lead", "platform-admin"] };
  const gateway = await startTestGateway(
    {
      ...APPROVALS_CONFIG,
      auth: { ...auth, api_keys: [...auth.api_keys, robot], anonymous: false },
      upstreams: { modern: { url: upstream.url } },
      approval_flows: {
        ...APPROVALS_CONFIG.approval_flows,
        told: { stages: [{ approvers: { roles: ["finance-lead"] } }], notify: ["nowhere"] },
      },
      // Nothing listens at this port.
      notifiers: { nowhere: { webhook: { url: "http://127.0.0.1:9/", secret: "a-secret-of-the-receiver" } } },
      registration: { addresses: ["127.0.0.0/8"] },
      ...config,
    },
    policies,
    deps,
  );
  const port = Number(new URL(gateway.url).port);
  const waiting: string[] = [];
  let count = 0;
  const authorization = (who: Caller): string | undefined => {
    if (who === "nobody") return undefined;
    return who === "robot" ? `Bearer ${machine.key}` : people.bearer(who).authorization;
  };
  const as: ApiGateway["as"] = async (who, asked) => {
    const request = { ...asked, headers: { Authorization: authorization(who), ...asked.headers } };
    if (request.path?.startsWith("/api/v1/events") !== true) return send(port, request);
    const stream = await open(port, request);
    if (stream.headers["content-type"] === "text/event-stream") {
      await stream.contains("\n\n");
      stream.abort();
    }
    await stream.ended;
    const json = stream.status === 200 ? {} : JSON.parse(stream.text());
    return { ...stream, text: stream.text(), json };
  };
  return {
    gateway,
    upstreamUrl: upstream.url,
    journal: upstream.journal,
    port,
    authorization,
    as,
    async echo(who, text) {
      return as(who, modern("tools/call", { name: "modern__echo", arguments: { text } }));
    },
    async ask(wanted = {}) {
      count += 1;
      const request = await askFor(gateway, {
        ...{ flow: "single", ...wanted },
        arguments: { nr: count, ...wanted.arguments },
      });
      waiting.push(request.id);
      return request;
    },
    async forget() {
      const { approvals } = gateway.running.wired;
      for (const id of waiting.splice(0)) {
        await approvals.invalidate(id, "The test is over.");
        await approvals.delivered(id);
      }
    },
    async close() {
      await gateway.close();
      await upstream.close();
    },
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

/** A DELETE below `/api/v1`. */
export function remove(path: string): RawRequest {
  return { method: "DELETE", path: `/api/v1${path}` };
}

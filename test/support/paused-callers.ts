import { createHash } from "node:crypto";
import type { ApprovalRequest } from "../../src/core/approval.ts";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import { AT_HOME } from "../../src/core/principal.ts";
import { eventually } from "./eventually.ts";
import type { TestGateway } from "./gateway.ts";
import { modern, type RawAnswer, type RawRequest, send } from "./raw-mcp.ts";

/** Keys by name: whose they are, and with which role. `ann-too` is another client of the same person. */
const KEYS = {
  ann: { user: "ann", roles: ["employee"] },
  "ann-too": { user: "ann", roles: ["employee"] },
  sam: { user: "sam", roles: ["employee"] },
  fin: { user: "fin", roles: ["finance-lead"] },
} as const;
export type Caller = keyof typeof KEYS;

const key = (name: string): string => `pk_${name.padEnd(40, "0")}`;

/** The `auth` of a configuration. */
export const CALLERS_AUTH = {
  api_keys: Object.entries(KEYS).map(([name, { user, roles }]) => ({
    name,
    hash: `sha256:${createHash("sha256").update(key(name)).digest("hex")}`,
    user,
    roles: [...roles],
  })),
};

/** A gateway here, or in another process. */
type Reachable = Pick<TestGateway, "url">;

/** Declares the extension, so that a paused call is answered at once and is run by the gateway. */
export const TASKS: JsonObject = {
  "io.modelcontextprotocol/clientCapabilities": { extensions: { "io.modelcontextprotocol/tasks": {} } },
};

/** Calls a tool with arguments in these very characters. Equal callers are one client. */
export function callWithText(
  gateway: Reachable,
  by: Caller,
  args: string,
  more: { readonly tool?: string; readonly meta?: JsonObject; readonly params?: JsonObject } = {},
): Promise<RawAnswer> {
  const { tool = "bank__pay", meta = {}, params = {} } = more;
  const request = modern("tools/call", { name: tool, arguments: "ARGUMENTS", ...params }, { meta });
  return asCaller(gateway, by, { ...request, body: JSON.stringify(request.body).replace('"ARGUMENTS"', args) });
}

/** Sends a request as this caller. */
export function asCaller(gateway: Reachable, by: Caller, request: RawRequest): Promise<RawAnswer> {
  return send(Number(new URL(gateway.url).port), { ...request, headers: { ...request.headers, ...credentialOf(by) } });
}

/** The headers that say who calls. */
export function credentialOf(by: Caller): { readonly Authorization: string } {
  return { Authorization: `Bearer ${key(by)}` };
}

/** Has a call sent away at once with a state that brings it back: its client can show a link. */
export const LINKS: JsonObject = {
  "io.modelcontextprotocol/clientCapabilities": { elicitation: { url: {} } },
};

/** Asks for approval as a client that comes back by itself, and gives the state with which it does. */
export async function asksWithState(gateway: Reachable, by: Caller, args: string): Promise<string> {
  const { requestState } = resultOf(await callWithText(gateway, by, args, { meta: LINKS }));
  if (typeof requestState !== "string") throw new Error("The call got no state.");
  return requestState;
}

/** Comes back with a state. */
export function comesBack(gateway: Reachable, by: Caller, args: string, requestState: string): Promise<RawAnswer> {
  return callWithText(gateway, by, args, { meta: LINKS, params: { requestState } });
}

/** The result of an answer. @throws if it is an error */
export function resultOf(answer: RawAnswer): JsonObject {
  const { result } = answer.json;
  if (!isObject(result)) throw new Error(answer.text);
  return result;
}

/** All text of a result. */
export function textOf(result: JsonObject): string {
  const content = Array.isArray(result["content"]) ? result["content"] : [];
  return content.map((block) => (isObject(block) ? String(block["text"]) : "")).join("\n");
}

/** Asks for approval, and gives the request's id, without waiting: in the form of a task. */
export async function asks(gateway: Reachable, by: Caller, args: string): Promise<string> {
  return String(resultOf(await callWithText(gateway, by, args, { meta: TASKS }))["taskId"]);
}

/** What the status tool says of a request. */
export async function status(gateway: Reachable, by: Caller, id: string, waitSeconds = 20): Promise<JsonObject> {
  const args = JSON.stringify({ id, wait_seconds: waitSeconds });
  return resultOf(await callWithText(gateway, by, args, { tool: "portcullis_approval_status" }));
}

/** Says yes, or no, as the finance lead. @throws when that is refused */
export async function decide(
  gateway: TestGateway,
  id: string,
  decision: "approve" | "reject" = "approve",
): Promise<ApprovalRequest> {
  const { approvals } = gateway.running.wired;
  const request = await approvals.get(id);
  if (request === undefined) throw new Error(`There is no request ${id}.`);
  const { version, argumentsDigest } = request;
  const reason = decision === "reject" ? "Too much." : undefined;
  const vote = { id, approver: FIN, decision, reason, version, argumentsDigest, channel: "api", ip: undefined };
  const acted = await approvals.decide(vote);
  if (!acted.ok) throw new Error(acted.code);
  return acted.request;
}

/** The request once it is in this state. */
export function inState(gateway: TestGateway, id: string, state: ApprovalRequest["state"]): Promise<ApprovalRequest> {
  return eventually(async () => {
    const request = await gateway.running.wired.approvals.get(id);
    return request?.state === state ? request : undefined;
  });
}

const FIN = {
  issuer: "portcullis:keys",
  subject: "fin",
  kind: "person",
  clientId: "fin",
  // By which somebody who comes with a token of another address in that domain is known to be somebody else.
  email: "fin@acme.com",
  name: undefined,
  roles: ["finance-lead"],
  groups: [],
  scopes: [],
  claims: {},
  acr: undefined,
  amr: [],
  authTime: undefined,
  ...AT_HOME,
} as const;

import type { Call, ClientPeer, InputRequest, InputResponse, Notification } from "../../src/core/call.ts";
import { refuse } from "../../src/core/errors.ts";
import { isObject, type JsonObject } from "../../src/core/json.ts";
import type { InputRequiredOutcome, Outcome, SettledOutcome } from "../../src/core/outcome.ts";
import type { Principal } from "../../src/core/principal.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import type { Scope } from "../../src/core/scope.ts";
import type { Fetcher } from "../../src/gateway/approvals/kept-results.ts";
import type { Caller, EncodedList, Gateway, ListChange, TaskView, Watcher } from "../../src/gateway/gateway.ts";
import type { ParamHeader } from "../../src/mcp/headers/param-headers.ts";
import { LIST_METHODS, type ListKind } from "../../src/mcp/messages.ts";

const TOOLS = [
  "echo",
  "wait",
  "steps",
  "talk",
  "form",
  "form_modern",
  "deny",
  "gone",
  "maybe",
  "fail",
  "pretty",
  "big",
  "flood",
];

/** Messages of each kind that `flood` sends in one turn of the event loop. */
export const FLOOD_COUNT = 10_000;

const REGION: ParamHeader = { header: "mcp-param-region", path: ["region"], type: "string" };
const COUNT: ParamHeader = { header: "mcp-param-count", path: ["count"], type: "integer" };

const FORM: InputRequest = {
  method: "elicitation/create",
  params: { message: "Your name?", requestedSchema: { type: "object", properties: { name: { type: "string" } } } },
};

/**
 * A gateway with one upstream of tools that each do one thing on the wire: answer, wait, report progress, log, ask,
 * fail. It stands behind the edges in their tests and records what reached it.
 */
export class ToolGateway implements Gateway {
  readonly calls: Call[] = [];
  readonly notified: Array<{ readonly peer: string; readonly notification: Notification }> = [];
  readonly released: string[] = [];
  readonly abandoned: string[] = [];
  /** Peers by the URI that they watch. */
  /** Resources of servers that have not listed them yet. */
  readonly unlisted = new Set<string>();
  readonly watching = new Map<string, Map<ClientPeer, (notification: Notification) => void>>();
  capabilitiesNow: JsonObject = {
    tools: { listChanged: true },
    prompts: { listChanged: true },
    resources: { listChanged: true, subscribe: true },
    completions: {},
    logging: {},
  };
  #waiting: Array<(text: string) => void> = [];
  #arrivals: Array<{ readonly count: number; readonly resolve: () => void }> = [];
  readonly #listeners = new Set<(change: ListChange) => void>();

  /** Of endpoints that have a list of their own. */
  readonly origins = new Map<string, ReadonlySet<string>>();

  scope(endpoint: string): Scope | undefined {
    const upstreams = { "": ["one", "two"], one: ["one"], two: ["two"] }[endpoint];
    const origins = this.origins.get(endpoint);
    return upstreams && { endpoint, upstreams, shows: () => true, prefixed: endpoint === "", origins };
  }

  /** What requests wait for until servers have started, and how many have. */
  waitsFor: Promise<unknown> | undefined;
  waited = 0;

  starting(): Promise<unknown> | undefined {
    if (this.waitsFor !== undefined) this.waited++;
    return this.waitsFor;
  }

  readonly refused: string[] = [];

  recordRefused(_call: object, tool: string, why: string): Promise<void> {
    this.refused.push(`${tool}: ${why}`);
    return Promise.resolve();
  }

  capabilities(): JsonObject {
    return this.capabilitiesNow;
  }

  instructions(): string {
    return "Tools that each do one thing.";
  }

  async list(_scope: Scope, kind: ListKind, _caller: Caller): Promise<EncodedList> {
    const key = LIST_METHODS[kind] === "resources/templates/list" ? "resourceTemplates" : kind;
    const items = kind === "tools" ? TOOLS.map((name) => ({ name, inputSchema: { type: "object" } })) : [];
    return {
      modern: JSON.stringify({ resultType: "complete", [key]: items, ttlMs: 0, cacheScope: "private" }),
      legacy: JSON.stringify({ [key]: items }),
    };
  }

  headerRules(_scope: Scope, tool: string): readonly ParamHeader[] {
    return tool === "regional" ? [REGION, COUNT] : [];
  }

  async call(call: Call): Promise<Outcome> {
    this.calls.push(call);
    this.#arrivals = this.#arrivals.filter(({ count, resolve }) => this.calls.length < count || resolve());
    if (call.method === "tools/call") return this.#tool(call, String(call.params["name"]));
    if (call.method === "resources/read") return result({ contents: [{ uri: call.params["uri"], text: "hello" }] });
    if (call.method === "prompts/get") return result({ messages: [] });
    return result({ completion: { values: [] } });
  }

  async task(_id: string, _fetcher: Fetcher): Promise<TaskView | undefined> {
    return undefined;
  }

  async cancelTask(_id: string, _principal: Principal): Promise<boolean> {
    return false;
  }

  async subscribe(
    { peer }: Watcher,
    uri: string,
    onUpdated: (notification: Notification) => void,
  ): ReturnType<Gateway["subscribe"]> {
    if (!uri.startsWith("test://")) return refuse("PARAMS_INVALID");
    if (this.unlisted.has(uri)) return refuse("RESOURCE_UNKNOWN");
    const peers = this.watching.get(uri) ?? new Map();
    this.watching.set(uri, peers.set(peer, onUpdated));
    return { ok: true, close: () => void peers.delete(peer) };
  }

  resubscribe(...[{ peer }, uri, onUpdated]: Parameters<Gateway["resubscribe"]>): { close(): void } {
    const peers = this.watching.get(uri) ?? new Map();
    this.watching.set(uri, peers.set(peer, onUpdated));
    return { close: () => void peers.delete(peer) };
  }

  notify(_scope: Scope, peer: ClientPeer, notification: Notification): void {
    this.notified.push({ peer: peer.key, notification });
  }

  release(peerKey: string): void {
    this.released.push(peerKey);
  }

  onListChanged(listener: (change: ListChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Tells those who see this upstream of a changed list. */
  changed(list: ListKind, upstream: string): void {
    this.changedFor(list, (scope) => scope.upstreams.includes(upstream));
  }

  /** Tells those whom `concerns` names of a changed list. */
  changedFor(list: ListKind, concerns: ListChange["concerns"]): void {
    for (const listener of this.#listeners) listener({ list, concerns });
  }

  /** Tells everybody who watches `uri` that it changed. */
  updated(uri: string): void {
    const notification = { method: "notifications/resources/updated", params: { uri } };
    for (const tell of this.watching.get(uri)?.values() ?? []) tell(notification);
  }

  /** Resolves once `count` calls have arrived. */
  arrived(count: number): Promise<void> {
    if (this.calls.length >= count) return Promise.resolve();
    return new Promise((resolve) => this.#arrivals.push({ count, resolve }));
  }

  /** Lets every call of `wait` go. */
  finish(text: string): void {
    for (const go of this.#waiting.splice(0)) go(text);
  }

  #tool(call: Call, name: string): Promise<Outcome> | Outcome {
    switch (name) {
      case "echo":
      case "regional":
        return text(JSON.stringify(call.params["arguments"] ?? {}));
      case "wait":
        return new Promise((resolve) => {
          this.#waiting.push((words) => resolve(text(words)));
          call.cancellation.onCancel((reason) => resolve(fault("CALL_CANCELLED", reason, "unknown")));
        });
      case "steps":
        for (const progress of [1, 2, 3])
          call.notify({ method: "notifications/progress", params: { progress, total: 3 } });
        return text("done");
      case "talk":
        for (const level of ["debug", "info", "error"]) {
          call.notify({ method: "notifications/message", params: { level, data: level } });
        }
        return text("said");
      case "form":
        return this.#form("legacy", undefined);
      case "form_modern":
        return this.#form("modern", "sealed-state");
      case "deny":
        return {
          kind: "denied",
          decision: { effect: "deny", policy: "no-deny", message: "Not today.", matched: [], set: "0" },
        };
      case "gone":
        return fault("UPSTREAM_UNAVAILABLE", "connection refused", "no");
      case "maybe":
        return fault("UPSTREAM_TIMEOUT", "no answer", "unknown");
      case "fail":
        return { kind: "error", error: { code: -32602, message: "Bad arguments", data: { key: "x" } } };
      case "pretty":
        return {
          kind: "result",
          result: RawJson.fromBytes(
            Buffer.from('{\n  "content": [\n    { "type": "text", "text": "a\\nb" }\n  ]\r\n}'),
          ),
        };
      case "flood":
        for (let count = 1; count <= FLOOD_COUNT; count++) {
          call.notify({
            method: "notifications/message",
            params: { level: "info", data: `${count} ${"x".repeat(200)}` },
          });
          call.notify({ method: "notifications/progress", params: { progress: count, total: FLOOD_COUNT } });
        }
        return text("done");
      case "big":
        return text("x".repeat(300_000));
      default:
        return { kind: "refused", refusal: refuse("TOOL_UNKNOWN") };
    }
  }

  #form(era: "legacy" | "modern", state: string | undefined): InputRequiredOutcome {
    return {
      kind: "input_required",
      era,
      inputRequests: { who: FORM },
      state,
      resume: async ({ who }) => text(answerText(who)),
      abandon: (reason) => void this.abandoned.push(reason),
      onSuperseded: () => {},
    };
  }
}

function answerText(response: InputResponse | undefined): string {
  if (response === undefined) return "no answer";
  if (!response.ok) return `error ${response.error.code}`;
  const content = response.result["content"];
  return isObject(content) ? `hello ${String(content["name"])}` : `action ${String(response.result["action"])}`;
}

function result(value: JsonObject): SettledOutcome {
  return { kind: "result", result: RawJson.fromBytes(Buffer.from(JSON.stringify(value))) };
}

function text(words: string): SettledOutcome {
  return result({ content: [{ type: "text", text: words }] });
}

function fault(
  code: "UPSTREAM_UNAVAILABLE" | "UPSTREAM_TIMEOUT" | "CALL_CANCELLED",
  detail: string,
  executed: "no" | "unknown",
): Outcome {
  return { kind: "fault", fault: { code, upstream: "one", detail, executed } };
}

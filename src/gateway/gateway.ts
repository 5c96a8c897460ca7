import type { ApprovalRequest } from "../core/approval.ts";
import type { Call, ClientFacts, ClientPeer, Notification } from "../core/call.ts";
import type { FormRefusal } from "../core/call-outcome.ts";
import type { Refusal } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import type { Outcome, PausedEnd } from "../core/outcome.ts";
import type { Principal } from "../core/principal.ts";
import type { Scope } from "../core/scope.ts";
import type { ParamHeader } from "../mcp/headers/param-headers.ts";
import type { ListKind } from "../mcp/messages.ts";
import type { Fetcher } from "./approvals/kept-results.ts";
import type { Origin } from "./steps/origin.ts";
import type { UndecidedCall } from "./steps/unlisted-calls.ts";

/** Who asks for a list: what policies can see of them before there is a call. */
export interface Caller {
  readonly principal: Principal;
  readonly client: ClientFacts;
}

/** A list that is to be read again. */
export interface ListChange {
  readonly list: ListKind;
  /** Whether it is another one now for `caller` at this endpoint. To be asked at once: it speaks of this moment. */
  concerns(scope: Scope, caller: Caller): boolean;
}

/** A paused call as a task: nobody holds a connection for it. */
export interface TaskView {
  readonly request: ApprovalRequest;
  /** Where people find it. */
  readonly link: string;
  /** How it ended, if it has. */
  readonly end: PausedEnd | undefined;
  /** It is approved, and not run before its requester has signed in again. */
  readonly needsSignIn: boolean;
}

/** A request that names what it is about, before it is carried out. */
export interface Use {
  readonly method: string;
  readonly params: JsonObject;
  readonly caller: Caller;
}

/** Who wants to watch a resource, and where. */
export interface Watcher extends Omit<Origin, "id" | "method" | "scope"> {
  readonly scope: Scope;
  readonly peer: ClientPeer;
}

/** A resource is watched until `close`, or why not. */
export type Watching = { readonly ok: true; close(): void } | Refusal;

/** Everything that a downstream edge may ask of the gateway. Edges speak protocol; this decides and relays. */
export interface Gateway {
  /** The scope of `/mcp/<endpoint>` (`""` for `/mcp`), `undefined` if nothing has that name. */
  scope(endpoint: string): Scope | undefined;
  /**
   * What whoever asks for anything of this scope waits for, a few seconds at most: servers that make their first start.
   * `undefined` where there is nothing to wait for: `use` is of something that its caller is shown already.
   */
  starting(scope: Scope, use?: Use): Promise<unknown> | undefined;
  /** What at least one reachable upstream of the scope supports, in the shape of `ServerCapabilities` (2025-11-25). */
  capabilities(scope: Scope): JsonObject;
  /** The upstreams' instructions, joined; `undefined` if none has any. */
  instructions(scope: Scope): string | undefined;
  /** The whole merged list from the cache, never a fan-out, as far as policies show it to `caller`. */
  list(scope: Scope, kind: ListKind, caller: Caller): Promise<EncodedList>;
  /**
   * The arguments of this tool (named as the client names it) that `Mcp-Param-*` headers mirror. None for a tool that
   * is unknown or hidden from `caller`: the call itself says so then.
   */
  headerRules(scope: Scope, tool: string, caller: Caller): readonly ParamHeader[];
  /**
   * Carries out `tools/call`, `prompts/get`, `resources/read` or `completion/complete`: resolve, decide, record, relay.
   * @throws never for anything the caller or an upstream does
   */
  call(call: Call): Promise<Outcome>;
  /**
   * Puts a `tools/call` on record that was refused for its form, before it could be carried out. `tool`: what it says that it is
   * about, as far as that could be read. @throws never
   */
  recordRefused(call: UndecidedCall, tool: string, why: FormRefusal): Promise<void>;
  /**
   * A paused call of this principal, by its request's id, as it is given out at this endpoint now; `undefined` for an unknown one
   * and for somebody else's alike.
   * @throws StoreError
   */
  task(id: string, fetcher: Fetcher): Promise<TaskView | undefined>;
  /** Asks for the end of a paused call; whether it is this principal's. What runs already goes on. @throws StoreError */
  cancelTask(id: string, principal: Principal): Promise<boolean>;
  /** Watches a resource for this peer until `close`, if policies let it. @throws never for anything the caller or an upstream does */
  subscribe(watcher: Watcher, uri: string, onUpdated: (notification: Notification) => void): Promise<Watching>;
  /** The same for what the peer was granted before a restart: it is taken up as soon as its server can. */
  resubscribe(...[watcher, uri, onUpdated]: Parameters<Gateway["subscribe"]>): { close(): void };
  /** Passes a client notification to the upstreams that this peer has sessions with. */
  notify(scope: Scope, peer: ClientPeer, notification: Notification): void;
  /** Forgets a peer: its session ended. */
  release(peerKey: string): void;
  /** Hears of changed lists, because servers or policies changed. */
  onListChanged(listener: (change: ListChange) => void): () => void;
}

/** A list result, written once per change and reused: the JSON text of the `result` object in either era's form. */
export interface EncodedList {
  /** With `resultType`, `ttlMs`, `cacheScope`. */
  readonly modern: string;
  readonly legacy: string;
}

import type { ClientPeer, Notification } from "../../core/call.ts";
import { type Refusal, refuse } from "../../core/errors.ts";
import { randomId } from "../../core/ids.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import type { SessionView } from "../../core/live-sessions.ts";
import { personKey } from "../../core/principal.ts";
import type { Caller, ListChange } from "../../gateway/gateway.ts";
import { encodeNotification, encodeResultText } from "../../mcp/encode.ts";
import { asClientParams } from "../../mcp/members/era-members.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { META, MODERN_REVISION } from "../../mcp/revisions.ts";
import { declaresTasks } from "../../mcp/tasks.ts";
import { deliveryClassOf } from "../delivery-class.ts";
import { callerOf, type Edge, type RequestContext, watcherOf } from "../edge.ts";
import { LIST_CHANGED } from "../list-changes.ts";
import { type EdgeLimits, uriTooLong } from "../options.ts";
import type { Reply } from "../reply.ts";
import type { ModernIncoming } from "./incoming.ts";
import { ownResult } from "./render.ts";

/** What a client listens for. 2026-07-28 patterns/subscriptions, "Notification Filter". */
interface Filter {
  readonly methods: ReadonlySet<string>;
  readonly uris: readonly string[];
}

/** The open `subscriptions/listen` streams of one edge. */
export interface Listens {
  /** Opens one; resolves when it has ended or was refused. */
  open(incoming: ModernIncoming, peer: ClientPeer): Promise<Refusal | undefined>;
  listChanged(change: ListChange): void;
  list(): readonly SessionView[];
  /** Ends one as `close` does; `false` if there is none of this name. */
  end(id: string): boolean;
  /** Ends all of them with their completion result. 2026-07-28 patterns/subscriptions, "Graceful Closure" */
  close(): void;
  readonly count: number;
}

export function createListens(edge: Edge): Listens {
  const open = new Set<Listen>();
  let closed = false;
  return {
    async open(incoming, peer) {
      const { request, meta, context, cancellation, reply } = incoming;
      const { limits } = edge;
      const wanted = readFilter(request.params["notifications"], limits);
      if (!wanted.ok) return wanted;
      // Tasks are asked after, not listened to; but who names some has to declare them. SEP-2663, "Task Status Notifications"
      if (wanted.namesTasks && !declaresTasks(meta.capabilities)) return refuse("CAPABILITY_REQUIRED");
      if (String(request.id).length > limits.maxKeptChars) return refuse("PARAMS_INVALID", "The id is too long.");
      if (!reply.streams) return refuse("NOT_ACCEPTABLE");
      if (closed) return refuse("STOPPING");
      const caller = callerOf(context, meta.clientInfo);
      const owner = personKey(caller.principal);
      const own = [...open].filter((listen) => listen.owner === owner).length;
      if (open.size >= limits.maxListens || own >= limits.maxListensPerPerson) return refuse("TOO_MANY_OPEN");
      const filter = supported(wanted.filter, edge.gateway.capabilities(context.scope));
      const listen = new Listen(edge, caller, incoming);
      open.add(listen);
      const over = new Promise<void>((resolve) => listen.onClose(resolve));
      cancellation.onCancel(() => listen.close());
      listen.onClose(edge.credentialEnds.watch(context.credential, () => listen.complete()));
      try {
        await listen.start(filter, context, peer);
        await over;
      } finally {
        listen.close();
        open.delete(listen);
      }
      return undefined;
    },
    listChanged(change) {
      for (const listen of open) listen.listChanged(change);
    },
    list: () => Array.from(open, (listen) => listen.client()),
    end(id) {
      const listen = [...open].find(({ name }) => name === id);
      listen?.complete();
      return listen !== undefined;
    },
    close() {
      closed = true;
      for (const listen of [...open]) listen.complete();
    },
    get count() {
      return open.size;
    },
  };
}

class Listen {
  /** `personKey` of who listens. */
  readonly owner: string;
  /** What operators call it by. */
  readonly name: string = randomId();
  readonly #edge: Edge;
  readonly #caller: Caller;
  readonly #clientInfo: JsonObject | undefined;
  readonly #id: RpcId;
  readonly #endpoint: string;
  readonly #reply: Reply;
  readonly #openedAt: number;
  readonly #closers: Array<() => void> = [];
  #methods: ReadonlySet<string> = new Set();
  // Set until the acknowledgement is out, which must be the first message of the stream: the latest about each thing.
  #early: Map<string, Notification> | undefined = new Map();
  #closed = false;

  constructor(edge: Edge, caller: Caller, { request, meta, context, reply }: ModernIncoming) {
    this.#clientInfo = meta.clientInfo;
    this.owner = personKey(caller.principal);
    this.#caller = caller;
    this.#edge = edge;
    this.#openedAt = edge.now();
    this.#id = request.id;
    this.#endpoint = context.scope.endpoint;
    this.#reply = reply;
  }

  /** Watches what can be watched, then acknowledges exactly that. */
  async start(filter: Filter, context: RequestContext, peer: ClientPeer): Promise<void> {
    this.#methods = filter.methods;
    const granted = await Promise.all(filter.uris.map((uri) => this.#watch(context, peer, uri)));
    const uris = filter.uris.filter((_, index) => granted[index] === true);
    const has = (list: ListChange["list"]): boolean => filter.methods.has(LIST_CHANGED[list]);
    const notifications = {
      ...(has("tools") ? { toolsListChanged: true } : {}),
      ...(has("prompts") ? { promptsListChanged: true } : {}),
      ...(has("resources") ? { resourcesListChanged: true } : {}),
      ...(uris.length === 0 ? {} : { resourceSubscriptions: uris }),
    };
    this.#send({ method: "notifications/subscriptions/acknowledged", params: { notifications } });
    const early = this.#early?.values() ?? [];
    this.#early = undefined;
    for (const notification of early) this.#send(notification);
  }

  /** As operators see it. Who listens is there, although they said nothing since: to the minute, as sessions are. */
  client(): SessionView {
    const { principal, client } = this.#caller;
    const { issuer, subject, email } = principal;
    const now = this.#edge.now();
    return {
      ...{ id: this.name, era: "modern", issuer, subject, email },
      ...{ endpoint: this.#endpoint, protocolVersion: MODERN_REVISION },
      clientInfo: { name: client.name, version: client.version },
      createdAt: this.#openedAt,
      lastSeenAt: Math.max(this.#openedAt, now - (now % this.#edge.limits.touchMs)),
      connected: true,
      inFlight: 0,
    };
  }

  listChanged({ list, concerns }: ListChange): void {
    const method = LIST_CHANGED[list];
    if (!this.#methods.has(method)) return;
    // Looked up each time: what an endpoint shows can change while it is listened to.
    const scope = this.#edge.gateway.scope(this.#endpoint);
    if (scope === undefined || !concerns(scope, this.#caller)) return;
    this.#pass({ method, params: {} });
  }

  /** Ends the stream from this side, with the response that says so. */
  complete(): void {
    if (this.#closed) return;
    const result = ownResult(this.#edge, "complete", { _meta: { [META.subscriptionId]: this.#id } });
    this.#reply.end(encodeResultText(this.#id, JSON.stringify(result)));
    this.close();
  }

  /** Lets go of everything watched. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reply.endEmpty();
    for (const closer of this.#closers.splice(0)) closer();
  }

  onClose(listener: () => void): void {
    if (this.#closed) listener();
    else this.#closers.push(listener);
  }

  async #watch(context: RequestContext, peer: ClientPeer, uri: string): Promise<boolean> {
    const { gateway } = this.#edge;
    const watcher = watcherOf(context, this.#clientInfo, peer, undefined);
    const answer = await gateway.subscribe(watcher, uri, (notification) => this.#pass(notification));
    if (!answer.ok) return false;
    this.onClose(() => answer.close());
    return true;
  }

  #pass(notification: Notification): void {
    if (this.#closed) return;
    const { method, params } = notification;
    // No more things than it has asked for.
    if (this.#early !== undefined) this.#early.set(`${method} ${String(params["uri"])}`, notification);
    else this.#send(notification);
  }

  #send({ method, params }: Notification): void {
    this.#reply.send(encodeNotification(method, this.#tagged(params)), deliveryClassOf(method, params));
  }

  #tagged(said: JsonObject): JsonObject {
    const params = asClientParams(said);
    const meta = params["_meta"];
    return { ...params, _meta: { ...(isObject(meta) ? meta : {}), [META.subscriptionId]: this.#id } };
  }
}

function readFilter(
  value: Json | undefined,
  { maxSubscriptions, maxKeptChars }: EdgeLimits,
): { readonly ok: true; readonly filter: Filter; readonly namesTasks: boolean } | Refusal {
  if (!isObject(value)) return refuse("PARAMS_INVALID", "params.notifications must be an object.");
  const methods = new Set<string>();
  if (value["toolsListChanged"] === true) methods.add(LIST_CHANGED.tools);
  if (value["promptsListChanged"] === true) methods.add(LIST_CHANGED.prompts);
  if (value["resourcesListChanged"] === true) methods.add(LIST_CHANGED.resources);
  const wanted = value["resourceSubscriptions"] ?? [];
  if (!Array.isArray(wanted))
    return refuse("PARAMS_INVALID", "params.notifications.resourceSubscriptions must be a list.");
  const uris = new Set<string>();
  for (const uri of wanted as readonly Json[]) {
    if (typeof uri !== "string") return refuse("PARAMS_INVALID", "A resource subscription must be a URI.");
    if (uri.length > maxKeptChars) return refuse("PARAMS_INVALID", uriTooLong(maxKeptChars));
    uris.add(uri);
  }
  if (uris.size > maxSubscriptions)
    return refuse("PARAMS_INVALID", `At most ${maxSubscriptions} resources can be watched on one stream.`);
  return { ok: true, filter: { methods, uris: [...uris] }, namesTasks: value["taskIds"] !== undefined };
}

function supported(filter: Filter, capabilities: JsonObject): Filter {
  const declares = (capability: string, key: string): boolean => {
    const value = capabilities[capability];
    return isObject(value) && value[key] === true;
  };
  const methods = new Set([...filter.methods].filter((method) => declares(method.split("/")[1] ?? "", "listChanged")));
  return { methods, uris: declares("resources", "subscribe") ? filter.uris : [] };
}

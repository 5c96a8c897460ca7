import type { InputResponse } from "../../core/call.ts";
import { numberIn } from "../../core/exact-json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { answeredIdAtEdges } from "../messages/answered-id.ts";
import type { Intake } from "../messages/intake.ts";
import { oddQuestionAtEdges } from "../messages/odd-question.ts";
import { notificationText } from "../messages/request-text.ts";
import type { Unreadable } from "../messages/response-envelope.ts";
import type { MessageChannel, MessageChannelEvents, OpenChannel } from "../process/message-channel.ts";
import type { ExchangeWire, PendingRequest } from "../protocol/pending-request.ts";
import { responseText } from "../protocol/session-requests.ts";
import { FLOOD_DETAIL } from "../waiting/flood.ts";
import { LinkWriter } from "./link-writer.ts";
import { StrayLines } from "./stray-lines.ts";

export interface LinkEvents {
  /** A request of the server. */
  onRequest(id: RpcId, method: string, params: JsonObject): void;
  /** A notification that is no progress of a request in flight. */
  onNotification(method: string, params: JsonObject): void;
  onClosed(detail: string): void;
}

export interface LinkOptions {
  readonly intake: Intake;
  readonly log: Log;
  readonly now: () => number;
  readonly open: OpenChannel;
  /** Something came before any message that is none; `detail` is for operators. */
  readonly onNoMessage?: ((detail: string) => void) | undefined;
}

/** What is said of a server whose first word cannot be read. */
const NO_HANDSHAKE = "It has not answered the handshake, and what it said instead is no message on a line of its own.";

/** Requests and answers over one message channel: matches them by id, and fails what is open when it ends. */
export class Link implements ExchangeWire, MessageChannelEvents {
  readonly pending = new Map<RpcId, PendingRequest>();
  readonly #options: LinkOptions;
  readonly #events: LinkEvents;
  #channel: MessageChannel | undefined;
  #closing: Promise<void> | undefined;
  /** Whether a message has come over it. */
  #spoke = false;
  /** Why it is of no use any more. */
  #ended: string | undefined;
  readonly #stray: StrayLines;
  readonly #writer = new LinkWriter((channel, detail) => this.#drop(channel, this.described(detail)));
  readonly #settled = new Map<RpcId, (kind: "result" | "error", detail: string) => void>();

  constructor(options: LinkOptions, events: LinkEvents) {
    this.#options = options;
    this.#stray = new StrayLines(options, () => this.#channel);
    this.#events = events;
  }

  /** Opens the channel. The problem, if there is one. */
  async open(): Promise<string | undefined> {
    const opened = await this.#options.open(this);
    if (!opened.ok) {
      this.#ended = opened.detail;
      return opened.detail;
    }
    this.#channel = opened.channel;
    if (this.#closing !== undefined) await opened.channel.close();
    return this.#ended;
  }

  get ended(): string | undefined {
    return this.#ended;
  }

  /** What happened, and what the other side said besides messages, for operators. */
  described(detail: string): string {
    return detail.includes("\n") ? detail : (this.#channel?.words?.after(detail) ?? detail);
  }

  /** Sends a request; its exchange hears the answer. */
  request(exchange: PendingRequest, text: string): void {
    if (!exchange.begin()) return;
    this.dispatch(exchange, text);
  }

  /** The same for an exchange whose deadline runs already. */
  dispatch(exchange: PendingRequest, text: string): void {
    if (exchange.done) return;
    const channel = this.#channel;
    if (channel === undefined || this.#ended !== undefined) {
      exchange.finish({ kind: "lost", cause: "session", detail: this.#ended ?? "The connection is closed." });
      return;
    }
    this.pending.set(exchange.id, exchange);
    exchange.markSent();
    const full = (): void =>
      exchange.fail("UPSTREAM_BUSY", "Its process does not read; too much waits in its input.", "no");
    this.#options.intake.own(this.#writer.write(channel, text, full, () => !exchange.done));
  }

  /** Takes an exchange off the books; answers that come later belong to nobody. */
  forget(exchange: PendingRequest): void {
    this.pending.delete(exchange.id);
  }

  respond(id: RpcId, response: InputResponse): void {
    this.send(responseText(id, response));
  }

  giveUp(exchange: PendingRequest, reason: string): void {
    if (exchange.sent) this.send(notificationText("notifications/cancelled", { requestId: exchange.id, reason }));
  }

  /** Sends what has no answer. */
  send(text: string): void {
    const channel = this.#channel;
    if (channel === undefined || this.#ended !== undefined) return;
    const full = (): void => this.#drop(channel, "Its process does not read its input.");
    this.#options.intake.own(this.#writer.write(channel, text, full));
  }

  /** Cancels what is in flight, waits until that is written, and closes the channel. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  onMessage(bytes: Buffer): void {
    for (const part of this.#options.intake.parts(bytes)) this.#message(part);
  }

  #message(bytes: Buffer): void {
    // What still comes belongs to nobody.
    if (this.#ended !== undefined) return;
    if (isBlank(bytes)) {
      this.#takesNoise(bytes);
      return;
    }
    const message = this.#options.intake.read(bytes);
    this.#spoke ||= message.kind !== "unreadable";
    const exchange = this.#owner(message);
    if (message.kind === "notification" || message.kind === "request") this.#stray.slow(bytes);
    else if (exchange === undefined && !this.#takesNoise(bytes)) return;
    switch (message.kind) {
      case "unreadable":
        this.#unreadable(message, bytes);
        return;
      case "result":
      case "error":
        if (message.id === undefined) return;
        exchange?.receive(message);
        this.#settle(message.id, message.kind, message.kind === "error" ? `JSON-RPC error ${message.error.code}.` : "");
        return;
      case "notification":
        if (exchange !== undefined) exchange.receive(message);
        else if (message.method !== "notifications/progress")
          this.#events.onNotification(message.method, message.params);
        return;
      case "request":
        this.#events.onRequest(message.id, message.method, message.params);
        return;
      default:
        message satisfies never;
    }
  }

  /** Calls back once when a request that is no exchange (a long-lived stream) is answered. */
  onSettled(id: number, callback: ((kind: "result" | "error", detail: string) => void) | undefined): void {
    if (callback === undefined) this.#settled.delete(id);
    else this.#settled.set(id, callback);
  }

  onOversize(edges: Buffer): void {
    if (this.#ended !== undefined || !this.#takesNoise(edges)) return;
    const detail = "It is larger than the configured limit.";
    const id = answeredIdAtEdges(edges);
    const question = id === undefined ? oddQuestionAtEdges(edges, detail) : undefined;
    this.#unreadable({ kind: "unreadable", code: "UPSTREAM_TOO_LARGE", id, detail, ...(question && { question }) });
  }

  onClosed(detail: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = detail;
    for (const exchange of [...this.pending.values()]) exchange.fail("UPSTREAM_CLOSED", detail);
    this.#events.onClosed(detail);
  }

  /** The exchange that a message belongs to. */
  #owner(message: ReturnType<Intake["read"]>): PendingRequest | undefined {
    if (message.kind === "result" || message.kind === "error") {
      return message.id === undefined ? undefined : this.pending.get(message.id);
    }
    if (message.kind !== "notification" || message.method !== "notifications/progress") return undefined;
    const token = numberIn(message.params["progressToken"]);
    return token === undefined ? undefined : this.pending.get(token);
  }

  // Servers print to stdout by mistake: one stray line must not end everybody's calls. What has the form of the answer to a
  // request is that request's end: no other answer will come. What has that of a question is answered.
  #unreadable({ code, id, question, detail }: Unreadable, line?: Buffer): void {
    this.#stray.log(line, code, detail);
    if (!this.#spoke) this.#options.onNoMessage?.(this.described(`${NO_HANDSHAKE} ${detail}`));
    if (question !== undefined) this.respond(question.id, { ok: false, error: question.error });
    if (id === undefined) return;
    this.pending.get(id)?.fail(code, `The answer was not taken. ${detail}`);
    this.#settle(id, "error", "Its answer was not taken.");
  }

  // Counts what is of no use; whether the connection goes on.
  #takesNoise(bytes: Buffer): boolean {
    if (this.#stray.take(bytes)) return true;
    if (this.#channel === undefined) this.onClosed(FLOOD_DETAIL);
    else this.#drop(this.#channel, FLOOD_DETAIL);
    return false;
  }

  #drop(channel: MessageChannel, detail: string): void {
    this.onClosed(detail);
    this.#options.intake.own(channel.close());
  }

  #settle(id: RpcId, kind: "result" | "error", detail: string): void {
    const callback = this.#settled.get(id);
    if (callback === undefined) return;
    this.#settled.delete(id);
    callback(kind, detail);
  }

  async #close(): Promise<void> {
    for (const exchange of [...this.pending.values()])
      exchange.cancel("The upstream session was closed.", "UPSTREAM_CLOSED");
    await this.#writer.flush();
    this.#ended ??= "The connection was closed.";
    await this.#channel?.close();
  }
}

function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

import type { InputRequest, InputResponse, RpcError } from "../../core/call.ts";
import { writeExact } from "../../core/exact-json.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RpcId } from "../../mcp/messages.ts";
import { sendableAnswer } from "../messages/input-response.ts";
import type { Intake } from "../messages/intake.ts";
import type { Incoming, Unreadable } from "../messages/response-envelope.ts";
import { isAllowedInputRequest, NOT_DECLARED } from "./allowed-input-requests.ts";
import type { ConnectionHost } from "./connection.ts";

/** Questions outside any call that one connection may have waiting; a server with more is answered with an error. */
const MAX_WAITING = 64;
const NOT_FOUND: RpcError = { code: -32601, message: NOT_DECLARED };

/** Answers a server's requests that belong to no call: `ping` here, what the client declared by the client. */
export class SessionRequests {
  readonly #host: ConnectionHost;
  readonly #capabilities: JsonObject;
  readonly #intake: Intake;
  #waiting = 0;

  constructor(options: {
    readonly host: ConnectionHost;
    readonly capabilities: JsonObject;
    readonly intake: Intake;
  }) {
    this.#host = options.host;
    this.#capabilities = options.capabilities;
    this.#intake = options.intake;
  }

  /** Calls back once with the answer. */
  answer({ method, params }: InputRequest, respond: (answer: InputResponse) => void | Promise<void>): void {
    if (method !== "ping" && !isAllowedInputRequest(method, this.#capabilities)) {
      this.#intake.own(reply(respond, { ok: false, error: NOT_FOUND }));
    } else if (this.#waiting >= MAX_WAITING) {
      const message = `${MAX_WAITING} questions wait for an answer already.`;
      this.#intake.own(reply(respond, { ok: false, error: { code: -32603, message } }));
    } else {
      this.#waiting++;
      this.#intake.own(this.#ask({ method, params }, respond));
    }
  }

  async #ask(inputRequest: InputRequest, respond: (answer: InputResponse) => void | Promise<void>): Promise<void> {
    try {
      await reply(
        respond,
        inputRequest.method === "ping" ? { ok: true, result: {} } : await this.#passOn(inputRequest),
      );
    } finally {
      this.#waiting--;
    }
  }

  async #passOn(inputRequest: InputRequest): Promise<InputResponse> {
    try {
      return sendableAnswer(inputRequest.method, await this.#host.onRequest(inputRequest));
    } catch {
      // The server waits for an answer whatever went wrong on the way to the client; that side has logged its fault.
      return { ok: false, error: { code: -32603, message: "The client could not be asked." } };
    }
  }
}

async function reply(respond: (answer: InputResponse) => void | Promise<void>, answer: InputResponse): Promise<void> {
  await respond(answer);
}

/** What answers a server that asks where nobody can be asked: before its session is open, or after the call that its stream is of. */
export function answerAlone(
  message: Incoming | Unreadable,
): { readonly id: RpcId; readonly response: InputResponse } | undefined {
  if (message.kind === "unreadable") {
    return message.question && { id: message.question.id, response: { ok: false, error: message.question.error } };
  }
  if (message.kind !== "request") return undefined;
  const { id, method } = message;
  const response: InputResponse = method === "ping" ? { ok: true, result: {} } : { ok: false, error: NOT_FOUND };
  return { id, response };
}

/** The text of a JSON-RPC response. */
export function responseText(id: RpcId, response: InputResponse): string {
  return writeExact(
    response.ok ? { jsonrpc: "2.0", id, result: response.result } : { jsonrpc: "2.0", id, error: response.error },
  );
}

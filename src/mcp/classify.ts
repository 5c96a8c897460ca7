import type { RpcError } from "../core/call.ts";
import { type Refusal, refuse } from "../core/errors.ts";
import type { Json, JsonObject } from "../core/json.ts";
import { checkKeys } from "./call-params.ts";
import { checkStandardHeaders, type StandardHeaders } from "./headers/standard-headers.ts";
import { type Message, type RpcId, readMessage } from "./messages.ts";
import { idOfOddAnswer, idOfOddRequest } from "./refused-id.ts";
import { claimsModern, type RequestMeta, readRequestMeta } from "./request-meta.ts";
import { eraOf, MODERN_REVISION, SUPPORTED_REVISIONS } from "./revisions.ts";

/**
 * Which era a parsed body belongs to, and whether it may go on. Pure: the caller reads the body and the headers, and
 * writes the answer. 2026-07-28 versioning, "Backward Compatibility with Initialization-Based Versions".
 */
export type Classified =
  | { readonly kind: "modern-request"; readonly message: Request; readonly meta: RequestMeta }
  | { readonly kind: "modern-notification"; readonly message: Message }
  | { readonly kind: "legacy"; readonly message: Message }
  /** An array; whether the session's revision knows batches is for the session to say. */
  | { readonly kind: "legacy-batch"; readonly messages: readonly Message[] }
  | Rejected;

/** A message that is answered with an error before anything looks at its method. */
export interface Rejected {
  readonly kind: "rejected";
  /** The request's id where it could be read. */
  readonly id: RpcId | undefined;
  readonly refusal: Refusal;
  readonly data?: JsonObject;
}

export type Request = Extract<Message, { kind: "request" }>;

/** What classification needs to know: `headers` is `undefined` on stdio, which has none. */
export interface ClassifyOptions {
  readonly headers: StandardHeaders | undefined;
  readonly maxBatch: number;
}

/** Classifies one body. The body's `_meta` decides the era; the headers are checked against it. @throws never */
export function classify(body: Json, options: ClassifyOptions): Classified {
  const { headers } = options;
  const version = headers?.protocolVersion;
  if (Array.isArray(body)) {
    const unknown = refuseVersion(version);
    return unknown === undefined ? classifyBatch(body as readonly Json[], options) : { kind: "rejected", ...unknown };
  }
  const message = readMessage(body) ?? oddAnswer(body);
  if (message === undefined) return rejected(idOfOddRequest(body), refuse("NOT_A_MESSAGE"));
  const ambiguous = "params" in message ? checkKeys(message.method, message.params) : undefined;
  if (ambiguous !== undefined) return rejected(idOf(message), ambiguous);
  const modern =
    (message.kind === "request" || message.kind === "notification") &&
    (claimsModern(message.params) || version === MODERN_REVISION);
  if (modern) return classifyModern(message, headers);
  const unknown = refuseVersion(version);
  return unknown === undefined ? { kind: "legacy", message } : { kind: "rejected", ...unknown, id: idOf(message) };
}

/** The refusal of a version header that names no revision served here. 2025-11-25 transports, "Protocol Version Header" */
export function refuseVersion(version: string | undefined): Omit<Rejected, "kind"> | undefined {
  if (version === undefined || eraOf(version) !== undefined) return undefined;
  return { id: undefined, refusal: refuse("VERSION_UNSUPPORTED"), data: unsupported(version) };
}

/** `data` of an unsupported-version error. 2026-07-28 schema, `UnsupportedProtocolVersionError` */
export function unsupported(requested: string): JsonObject {
  return { supported: SUPPORTED_REVISIONS, requested: requested.slice(0, 64) };
}

// Missing keys are told first, then headers that differ, then a version that nobody here speaks: the order that lets a
// client tell a wrong envelope from a wrong version.
function classifyModern(message: Message, headers: StandardHeaders | undefined): Classified {
  if (message.kind === "notification") return { kind: "modern-notification", message };
  if (message.kind !== "request") return rejected(undefined, refuse("NOT_A_MESSAGE"));
  const read = readRequestMeta(message.params);
  if (!read.ok) return rejected(message.id, read);
  if (headers !== undefined) {
    const mismatch = checkStandardHeaders(headers, message, read.meta.version);
    if (mismatch !== undefined) return rejected(message.id, mismatch);
  }
  if (eraOf(read.meta.version) !== "modern") {
    return rejected(message.id, refuse("VERSION_UNSUPPORTED"), unsupported(read.meta.version));
  }
  return { kind: "modern-request", message, meta: read.meta };
}

function classifyBatch(items: readonly Json[], options: ClassifyOptions): Classified {
  if (items.length === 0 || items.length > options.maxBatch) {
    return rejected(undefined, refuse("NOT_A_MESSAGE", `A batch holds 1 to ${options.maxBatch} messages.`));
  }
  const messages: Message[] = [];
  for (const item of items) {
    const message = readMessage(item) ?? oddAnswer(item);
    if (message === undefined) return rejected(undefined, refuse("NOT_A_MESSAGE"));
    if ("params" in message) {
      if (claimsModern(message.params)) return rejected(undefined, refuse("BATCH_NOT_ALLOWED"));
      const ambiguous = checkKeys(message.method, message.params);
      if (ambiguous !== undefined) return rejected(undefined, ambiguous);
    }
    messages.push(message);
  }
  return { kind: "legacy-batch", messages };
}

/** The message of a question's answer that cannot be read: who asked waits for it. */
export const ODD_ANSWER: RpcError = { code: -32603, message: "The client's answer is no JSON-RPC response." };

function oddAnswer(body: Json): Message | undefined {
  const id = idOfOddAnswer(body);
  return id === undefined ? undefined : { kind: "error", id, error: ODD_ANSWER };
}

function idOf(message: Message): RpcId | undefined {
  return message.kind === "request" ? message.id : undefined;
}

function rejected(id: RpcId | undefined, refusal: Refusal, data?: JsonObject): Rejected {
  return { kind: "rejected", id, refusal, ...(data === undefined ? {} : { data }) };
}

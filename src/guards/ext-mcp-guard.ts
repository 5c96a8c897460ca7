import {
  type Client,
  credentials,
  makeClientConstructor,
  type ServiceDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { numberIn, writeExact } from "../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { JSON_LIMITS } from "../core/limits.ts";
import { parseJson } from "../core/parse-json.ts";
import type { PolicyInput } from "../policy/policy-set.ts";
import { requestFacts } from "../policy/request-facts.ts";
import { EXT_MCP, extMcpProtocol } from "./ext-mcp-protocol.ts";
import { type Guard, type GuardQuestion, guardError } from "./guard.ts";
import type { GuardAnswer } from "./guards.ts";
import { guardMessage } from "./read-answer.ts";
import { createAskWithin } from "./waiting.ts";

/** `guards.<name>.ext_mcp`. */
export interface ExtMcpGuardOptions {
  /** `host:port`. */
  readonly grpc: string;
  readonly tls: boolean;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** What a server answers, as far as it is looked at. */
interface ExtMcpResult {
  readonly pass?: object;
  readonly mutated?: Buffer;
  readonly error?: { readonly reason?: string };
}

const PASS: GuardAnswer = { kind: "pass", labels: [] };

/** Makes a guard that asks a server which speaks ExtMcp, over one connection that is opened when it is first needed. */
export function createExtMcpGuard(options: ExtMcpGuardOptions): { readonly guard: Guard; close(): void } {
  const { timeoutMs, maxBytes } = options;
  const within = createAskWithin(timeoutMs);
  const service = extMcpProtocol()[EXT_MCP] as ServiceDefinition;
  const client = clientFor(options, service);
  return {
    close: () => client.close(),
    async guard(question) {
      const message = messageFor(question);
      if (message === undefined) return guardError("It is not asked about completions.");
      if (message.body.length > maxBytes) return guardError("The content is larger than the guard's max_bytes.");
      return within(question, async (signal) => {
        const deadline = Date.now() + timeoutMs;
        const answer = await call(client, service[message.path], message.fields, { deadline, signal });
        return "code" in answer
          ? guardError(`It could not be asked: ${status[answer.code] ?? "UNKNOWN"}.`)
          : readResult(answer.result, question);
      });
    },
  };
}

function clientFor({ grpc, tls, maxBytes }: ExtMcpGuardOptions, service: ServiceDefinition): Client {
  const Service = makeClientConstructor(service, EXT_MCP);
  return new Service(`dns:${grpc}`, tls ? credentials.createSsl() : credentials.createInsecure(), {
    // Beside the content stand the facts, and what messages have around them.
    "grpc.max_send_message_length": 2 * maxBytes + 65_536,
    "grpc.max_receive_message_length": maxBytes + 65_536,
    // What is asked once is not asked again unseen, and neither a proxy nor a name server says how.
    "grpc.enable_retries": 0,
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
  });
}

interface Message {
  readonly path: "CheckRequest" | "CheckResponse";
  readonly body: Buffer;
  readonly fields: object;
}

function messageFor({ phase, input, content }: GuardQuestion): Message | undefined {
  const { subject, request } = input;
  const params = phase === "request" ? paramsOf(input, content) : content;
  if (params === undefined) return undefined;
  const body = Buffer.from(writeExact(params));
  const { args: _, ...facts } = requestFacts(input);
  const common = { service_names: [subject.upstream], method: request.method, metadata_context: structOf(facts) };
  if (phase === "result") return { path: "CheckResponse", body, fields: { ...common, mcp_response: body } };
  const headers = Object.entries(request.headers).flatMap(([key, value]) =>
    typeof value === "string" ? [{ key, value: Buffer.from(value, "latin1") }] : [],
  );
  return { path: "CheckRequest", body, fields: { ...common, mcp_request: body, headers } };
}

/** The params of a request as its server would get them. Those of a completion are not made again from its arguments. */
function paramsOf({ subject, request }: PolicyInput, content: JsonObject): JsonObject | undefined {
  if (request.method === "completion/complete") return undefined;
  return subject.kind === "resource" ? { ...content, uri: subject.name } : { name: subject.name, arguments: content };
}

type Called = { readonly result: ExtMcpResult } | { readonly code: number };

function call(
  client: Client,
  method: ServiceDefinition[string] | undefined,
  fields: object,
  { deadline, signal }: { readonly deadline: number; readonly signal: AbortSignal },
): Promise<Called> {
  return new Promise((resolve) => {
    if (method === undefined) return resolve({ code: status.UNIMPLEMENTED });
    const running = client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as (bytes: Buffer) => ExtMcpResult,
      fields,
      { deadline },
      (error: ServiceError | null, result?: ExtMcpResult) =>
        resolve(result === undefined ? { code: error?.code ?? status.UNKNOWN } : { result }),
    );
    signal.addEventListener("abort", () => running.cancel(), { once: true });
  });
}

function readResult({ pass, mutated, error }: ExtMcpResult, question: GuardQuestion): GuardAnswer {
  if ([pass, mutated, error].filter((each) => each !== undefined && each !== null).length !== 1) {
    return guardError("The answer says none of pass, mutated and error, or more than one.");
  }
  if (error) return { kind: "deny", message: guardMessage(error.reason), labels: [] };
  return mutated ? replaced(mutated, question) : PASS;
}

function replaced(mutated: Buffer, { phase, input }: GuardQuestion): GuardAnswer {
  const parsed = parseJson(mutated.toString("utf8"), JSON_LIMITS);
  if (!parsed.ok || !isObject(parsed.value)) return guardError("What it would put in place is no JSON object.");
  const { value } = parsed;
  if (phase === "result") return { kind: "replace", content: value, labels: [] };
  const { subject } = input;
  const key = subject.kind === "resource" ? "uri" : "name";
  if (value[key] !== subject.name) return guardError("It would send the request to something else.");
  const { [key]: _, ...rest } = value;
  if (subject.kind === "resource") return { kind: "replace", content: rest, labels: [] };
  const { arguments: content = {}, ...others } = rest;
  if (!isObject(content)) return guardError("What it would put in place is no JSON object.");
  if (Object.keys(others).length > 0) return guardError("It would put more in place than arguments.");
  return { kind: "replace", content, labels: [] };
}

/** JSON as a `google.protobuf.Struct`, whose numbers are doubles. */
function structOf(object: JsonObject): object {
  const fields: Record<string, object> = {};
  for (const [name, value] of Object.entries(object)) if (value !== undefined) fields[name] = structValueOf(value);
  return { fields };
}

function structValueOf(value: Json): object {
  if (value === null) return { null_value: "NULL_VALUE" };
  if (typeof value === "string") return { string_value: value };
  if (typeof value === "boolean") return { bool_value: value };
  const number = numberIn(value);
  if (number !== undefined) return { number_value: number };
  if (Array.isArray(value)) return { list_value: { values: (value as readonly Json[]).map(structValueOf) } };
  return { struct_value: structOf(value as JsonObject) };
}

import { Metadata, type ServiceDefinition } from "@grpc/grpc-js";
import { writeExact } from "../core/exact-json.ts";
import { isObject, type JsonObject } from "../core/json.ts";
import { JSON_LIMITS } from "../core/limits.ts";
import { parseJson } from "../core/parse-json.ts";
import { callUnary, openGrpcClient } from "../grpc/client.ts";
import { structOf } from "../grpc/struct.ts";
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
  const { grpc, tls, timeoutMs, maxBytes } = options;
  const within = createAskWithin(timeoutMs);
  const service = extMcpProtocol()[EXT_MCP] as ServiceDefinition;
  const client = openGrpcClient(EXT_MCP, service, {
    target: grpc,
    tls,
    // Beside the content stand the facts, and what messages have around them.
    maxSendBytes: 2 * maxBytes + 65_536,
    maxReceiveBytes: maxBytes + 65_536,
  });
  return {
    close: () => client.close(),
    async guard(question) {
      const message = messageFor(question);
      if (message === undefined) return guardError("It is not asked about completions.");
      if (message.body.length > maxBytes) return guardError("The content is larger than the guard's max_bytes.");
      return within(question, async (signal) => {
        const method = service[message.path];
        if (method === undefined) throw new Error("The protocol of ExtMcp has no such method.");
        const bytes = method.requestSerialize(message.fields);
        const answer = await callUnary<ExtMcpResult>(client, method, { bytes, metadata: new Metadata(), signal });
        if ("failure" in answer) return guardError(`It could not be asked: ${answer.failure}.`);
        return readResult(answer.response ?? {}, question);
      });
    },
  };
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

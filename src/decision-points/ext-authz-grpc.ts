import { type Client, credentials, Metadata, makeClientConstructor, type ServiceError, status } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { ExactNumber } from "../core/exact-number.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { clientIdOf, userIdOf } from "../core/policy-names.ts";
import type { PolicyInput } from "../policy/policy-set.ts";
import { requestFacts } from "../policy/request-facts.ts";
import { CHECK_PROTOCOL } from "./check-protocol.ts";
import type { PointAnswer } from "./decision-points.ts";
import { type Point, type PointOptions, tooLong } from "./point.ts";
import { denied, MAX_ANSWER_BYTES, pointError } from "./read-answer.ts";
import { relayedRequest } from "./relayed-request.ts";

export interface GrpcPointOptions extends PointOptions {
  /** `host:port`. */
  readonly target: string;
  readonly tls: boolean;
}

const SERVICE = "envoy.service.auth.v3.Authorization";
/** Of the facts in the metadata, the name under which a service finds them. */
const NAMESPACE = "portcullis";

/**
 * A service of Envoy's `ext_authz` over gRPC: it gets the request as Envoy would show it, and the facts that conditions see in the
 * metadata. What an answer would do to headers is not done. envoy.service.auth.v3, CheckRequest
 */
export function createGrpcAuthzPoint({ target, tls, headers, maxBytes }: GrpcPointOptions): Point {
  const { client, method } = connect(target, tls);
  return {
    ask(input, signal) {
      const message = checkRequest(input);
      const bytes = method.requestSerialize(message);
      if (bytes.length > maxBytes) return Promise.resolve(tooLong(maxBytes));
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
      return new Promise((resolve) => {
        const call = client.makeUnaryRequest<Buffer, object>(
          method.path,
          (it) => it,
          method.responseDeserialize,
          bytes,
          metadata,
          (err, response) => resolve(err === null ? readResponse(response) : notAsked(err)),
        );
        signal.addEventListener("abort", () => call.cancel(), { once: true });
        if (signal.aborted) call.cancel();
      });
    },
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

function connect(target: string, tls: boolean) {
  const definition = fromJSON(CHECK_PROTOCOL, { longs: Number, oneofs: true })[SERVICE];
  const method = definition === undefined || !("Check" in definition) ? undefined : definition["Check"];
  if (definition === undefined || method === undefined || !("requestSerialize" in method)) {
    throw new Error("The protocol of ext_authz has no Check.");
  }
  const Service = makeClientConstructor({ Check: method }, SERVICE);
  const client: Client = new Service(target, tls ? credentials.createSsl() : credentials.createInsecure(), {
    "grpc.max_receive_message_length": MAX_ANSWER_BYTES,
    // Nothing but the address counts: no proxy of the environment, and no configuration that a name server gives.
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.enable_retries": 0,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
  });
  return { client, method };
}

function checkRequest(input: PolicyInput): object {
  const { principal, client, subject, request } = input;
  const { path, headers, body } = relayedRequest(input);
  const { args: _, ...facts } = requestFacts(input);
  const extensions = { user: userIdOf(principal), client: clientIdOf(client, principal), upstream: subject.upstream };
  return {
    attributes: {
      source: { address: { socketAddress: { address: client.ip } }, principal: userIdOf(principal) },
      request: {
        time: { seconds: Math.floor(request.time / 1_000), nanos: (request.time % 1_000) * 1_000_000 },
        http: {
          ...{ id: request.id, method: "POST", headers, path, body },
          ...{ size: Buffer.byteLength(body), protocol: "HTTP/1.1" },
        },
      },
      contextExtensions: Object.fromEntries(Object.entries(extensions).filter(([, value]) => value !== undefined)),
      metadataContext: { filterMetadata: { [NAMESPACE]: structOf(facts) } },
    },
  };
}

/** The arguments are in the body, where they keep their digits: a number is a double here. google.protobuf.Struct */
function structOf(object: JsonObject): object {
  const fields: Record<string, object> = Object.create(null) as Record<string, object>;
  for (const [name, value] of Object.entries(object)) if (value !== undefined) fields[name] = structValueOf(value);
  return { fields };
}

function structValueOf(value: Json): object {
  if (value === null) return { nullValue: 0 };
  if (value instanceof ExactNumber) return { numberValue: value.nearest };
  if (typeof value === "number") return { numberValue: value };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (isObject(value)) return { structValue: structOf(value) };
  return { listValue: { values: value.map((item) => structValueOf(item)) } };
}

// Its words are the server's, or hold its address.
function notAsked({ code }: ServiceError): PointAnswer {
  return pointError(`It could not be asked: ${status[code] ?? "the connection failed"}.`);
}

function readResponse(response: object | undefined): PointAnswer {
  if (!isObject(response)) return pointError("Its answer is empty.");
  const { status: said, deniedResponse, okResponse } = response;
  const code = isObject(said) ? (said["code"] ?? 0) : undefined;
  // An answer in which nothing is said reads as a yes to a careless reader.
  if (code === undefined && !isObject(okResponse) && !isObject(deniedResponse))
    return pointError("Its answer is empty.");
  const yes = code === 0 || (code === undefined && isObject(okResponse));
  const contradicts = yes ? isObject(deniedResponse) : isObject(okResponse);
  if (contradicts) return pointError("Its status and its response contradict each other.");
  if (yes) return { kind: "allow" };
  const body = isObject(deniedResponse) ? deniedResponse["body"] : undefined;
  const message = isObject(said) ? said["message"] : undefined;
  if (typeof message === "string" && message !== "") return denied(message);
  return denied(body);
}

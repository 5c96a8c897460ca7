import { Metadata } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { isObject } from "../core/json.ts";
import { clientIdOf, userIdOf } from "../core/policy-names.ts";
import { callUnary, openGrpcClient } from "../grpc/client.ts";
import { structOf } from "../grpc/struct.ts";
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
      return callUnary(client, method, { bytes, metadata, signal }).then((answer) =>
        "failure" in answer ? pointError(`It could not be asked: ${answer.failure}.`) : readResponse(answer.response),
      );
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
  const client = openGrpcClient(SERVICE, { Check: method }, { target, tls, maxReceiveBytes: MAX_ANSWER_BYTES });
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
      // The arguments are in the body, where they keep their digits.
      metadataContext: { filterMetadata: { [NAMESPACE]: structOf(facts) } },
    },
  };
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

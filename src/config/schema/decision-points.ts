import { z } from "zod";
import { hostAndPort, httpUrl, sentHeaders } from "./schema-parts.ts";
import { duration, size } from "./units.ts";

/** What is said of every decision point. */
const pointParts = {
  headers: sentHeaders.default({}).describe("Headers to send along, such as the gateway's credential there."),
  timeout: duration({ min: "10ms", max: "30s" })
    .prefault("1s")
    .describe("Deadline of a question, the wait for a turn and for a connection included."),
  max_bytes: size({ min: "1KB", max: "8MB" })
    .prefault("1MB")
    .describe("The longest question. A request that makes a longer one counts as an error of the point."),
};

const baseUrl = httpUrl.refine((value) => !value.includes("?"), { error: "Write the URL without a query." });

const opaPath = z
  .string()
  .regex(/^(?!v1\/data(?:\/|$))[A-Za-z0-9_.~%-]+(?:\/[A-Za-z0-9_.~%-]+)*$/, {
    error: "Write the path of a document below /v1/data, without a slash at its ends: mcp/allow.",
  })
  .refine((value) => !value.split("/").some((step) => step === "." || step === ".."), {
    error: "Write the path without . and ..",
  });

const opa = z
  .strictObject({
    url: baseUrl.describe("The server: POST <url>/v1/data/<path>."),
    path: opaPath.describe("The document that decides: mcp/allow. true or false, or an object with allow and reason."),
    ...pointParts,
  })
  .transform(({ url, path, ...rest }) => ({ url, path, ...pointOf(rest) }));

const authzen = z
  .strictObject({
    url: baseUrl.describe("The decision point: POST <url>/access/v1/evaluation."),
    ...pointParts,
  })
  .transform(({ url, ...rest }) => ({ url, ...pointOf(rest) }));

const extAuthz = z
  .strictObject({
    grpc: hostAndPort.optional().describe("A service of envoy.service.auth.v3.Authorization: host:port."),
    tls: z.boolean().default(false).describe("Whether the service of grpc speaks TLS."),
    http: baseUrl.optional().describe("A service over HTTP: POST <url>/mcp, or /mcp/<endpoint>. 200 allows."),
    ...pointParts,
  })
  .refine((value) => (value.grpc === undefined) !== (value.http === undefined), {
    error: "Write exactly one of grpc and http.",
  })
  .refine((value) => value.grpc !== undefined || !value.tls, { error: "tls is for grpc; write https:// for http." })
  .refine((value) => value.grpc === undefined || !Object.keys(value.headers).some(isNoMetadata), {
    error: "gRPC itself writes headers that start with grpc-, and those that end in -bin are no text.",
  })
  .transform(({ grpc, tls, http, ...rest }) => {
    const common = pointOf(rest);
    return grpc === undefined ? { url: http ?? "", ...common } : { target: grpc, tls, ...common };
  });

const isNoMetadata = (name: string): boolean => /^grpc-|-bin$/i.test(name);

/** One entry of `decision_points:`; exactly one of its keys. */
export const decisionPointSchema = z
  .strictObject({
    authzen: authzen.optional().describe("A decision point of AuthZEN's Authorization API 1.0."),
    opa: opa.optional().describe("Open Policy Agent."),
    ext_authz: extAuthz.optional().describe("A service of Envoy's external authorization."),
  })
  .refine((value) => Object.keys(value).length === 1, { error: "Write exactly one of authzen, opa and ext_authz." })
  .transform((value) => ({ authzen: value.authzen, opa: value.opa, extAuthz: value.ext_authz }));

function pointOf(given: {
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout: number;
  readonly max_bytes: number;
}) {
  return { headers: given.headers, timeoutMs: given.timeout, maxBytes: given.max_bytes };
}

import { fromJSON, type PackageDefinition } from "@grpc/proto-loader";
import { STRUCT_MESSAGES } from "../grpc/struct.ts";

/*
 * The protocol ExtMcp (package `agentgateway.dev.ext_mcp`), as servers speak it: its messages by the numbers of their fields.
 * Of what the gateway does not use, changes of headers and metadata in answers, nothing is read.
 */

type Field = { readonly type: string; readonly id: number; readonly rule?: "repeated" };

const repeated = (type: string, id: number): Field => ({ rule: "repeated", type, id });
const one = (type: string, id: number): Field => ({ type, id });

/** Fields that may be absent, which is not the same as empty, are one of one. */
const alone = (name: string) => ({ [`_${name}`]: { oneof: [name] } });

const COMMON = {
  service_names: repeated("string", 1),
  method: one("string", 2),
  metadata_context: one("google.protobuf.Struct", 3),
};

const RESULT = {
  oneofs: { result: { oneof: ["pass", "mutated", "error"] } },
  fields: { pass: one("Pass", 1), mutated: one("bytes", 2), error: one("AuthorizationError", 3) },
};

const MESSAGES = {
  ExtMcp: {
    methods: {
      CheckRequest: { requestType: "McpRequest", responseType: "McpRequestResult" },
      CheckResponse: { requestType: "McpResponse", responseType: "McpResponseResult" },
    },
  },
  McpRequest: {
    oneofs: alone("mcp_request"),
    fields: { ...COMMON, mcp_request: one("bytes", 4), headers: repeated("McpHeader", 5) },
  },
  McpResponse: { fields: { ...COMMON, mcp_response: one("bytes", 4) } },
  McpRequestResult: RESULT,
  McpResponseResult: RESULT,
  McpHeader: { fields: { key: one("string", 1), value: one("bytes", 2) } },
  Pass: { fields: {} },
  AuthorizationError: {
    oneofs: alone("mcp_error"),
    fields: { code: one("Code", 1), reason: one("string", 2), mcp_error: one("bytes", 3) },
    nested: { Code: { values: { UNKNOWN: 0, PERMISSION_DENIED: 1, RESOURCE_EXHAUSTED: 2, INVALID: 3 } } },
  },
};

/** The service's name in the package. */
export const EXT_MCP = "agentgateway.dev.ext_mcp.ExtMcp";

/** The methods and messages of ExtMcp. */
export function extMcpProtocol(): PackageDefinition {
  const nest = (names: readonly string[], nested: object): object =>
    names.reduceRight((inner, name) => ({ nested: { [name]: inner } }), { nested });
  const root = {
    nested: {
      ...nestedOf(nest(["agentgateway", "dev", "ext_mcp"], MESSAGES)),
      ...nestedOf(nest(["google", "protobuf"], STRUCT_MESSAGES)),
    },
  };
  return fromJSON(root as Parameters<typeof fromJSON>[0], { keepCase: true, enums: String });
}

function nestedOf(root: object): object {
  return "nested" in root ? (root.nested as object) : {};
}

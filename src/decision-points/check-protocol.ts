import type { fromJSON } from "@grpc/proto-loader";
import { STRUCT_MESSAGES } from "../grpc/struct.ts";

/*
 * `envoy.service.auth.v3.Authorization/Check`: of its messages what is written or read here, with the numbers that they have
 * there. Fields that are not here are skipped when they come.
 */

const field = (id: number, type: string) => ({ id, type });
const map = (id: number, type: string) => ({ id, type, keyType: "string" });

/** As `@grpc/proto-loader` reads it. */
export const CHECK_PROTOCOL: Parameters<typeof fromJSON>[0] = {
  nested: {
    google: {
      nested: {
        protobuf: {
          nested: {
            Timestamp: { fields: { seconds: field(1, "int64"), nanos: field(2, "int32") } },
            ...STRUCT_MESSAGES,
          },
        },
        rpc: { nested: { Status: { fields: { code: field(1, "int32"), message: field(2, "string") } } } },
      },
    },
    envoy: {
      nested: {
        config: {
          nested: {
            core: {
              nested: {
                v3: {
                  nested: {
                    SocketAddress: { fields: { address: field(2, "string"), portValue: field(3, "uint32") } },
                    Address: { fields: { socketAddress: field(1, "SocketAddress") } },
                    Metadata: { fields: { filterMetadata: map(1, "google.protobuf.Struct") } },
                  },
                },
              },
            },
          },
        },
        service: {
          nested: {
            auth: {
              nested: {
                v3: {
                  nested: {
                    Peer: {
                      fields: {
                        address: field(1, "envoy.config.core.v3.Address"),
                        principal: field(4, "string"),
                      },
                    },
                    HttpRequest: {
                      fields: {
                        id: field(1, "string"),
                        method: field(2, "string"),
                        headers: map(3, "string"),
                        path: field(4, "string"),
                        host: field(5, "string"),
                        size: field(9, "int64"),
                        protocol: field(10, "string"),
                        body: field(11, "string"),
                      },
                    },
                    Request: {
                      fields: { time: field(1, "google.protobuf.Timestamp"), http: field(2, "HttpRequest") },
                    },
                    AttributeContext: {
                      fields: {
                        source: field(1, "Peer"),
                        request: field(4, "Request"),
                        contextExtensions: map(10, "string"),
                        metadataContext: field(11, "envoy.config.core.v3.Metadata"),
                      },
                    },
                    CheckRequest: { fields: { attributes: field(1, "AttributeContext") } },
                    DeniedHttpResponse: { fields: { body: field(3, "string") } },
                    OkHttpResponse: { fields: {} },
                    CheckResponse: {
                      oneofs: { httpResponse: { oneof: ["deniedResponse", "okResponse"] } },
                      fields: {
                        status: field(1, "google.rpc.Status"),
                        deniedResponse: field(2, "DeniedHttpResponse"),
                        okResponse: field(3, "OkHttpResponse"),
                      },
                    },
                    Authorization: {
                      methods: { Check: { requestType: "CheckRequest", responseType: "CheckResponse", comment: "" } },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

import {
  type Client,
  credentials,
  type Metadata,
  type MethodDefinition,
  makeClientConstructor,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";

/** Where a service is, and how much is said to it and by it, in bytes. */
export interface GrpcServiceOptions {
  /** `host:port`. */
  readonly target: string;
  readonly tls: boolean;
  readonly maxSendBytes?: number;
  readonly maxReceiveBytes: number;
}

/** Makes a client of one service. Its connection is opened when something is first sent over it. */
export function openGrpcClient(
  name: string,
  service: ServiceDefinition,
  { target, tls, maxSendBytes, maxReceiveBytes }: GrpcServiceOptions,
): Client {
  const Service = makeClientConstructor(service, name);
  return new Service(`dns:${target}`, tls ? credentials.createSsl() : credentials.createInsecure(), {
    ...(maxSendBytes === undefined ? {} : { "grpc.max_send_message_length": maxSendBytes }),
    "grpc.max_receive_message_length": maxReceiveBytes,
    // What is sent once is not sent again unseen, and neither a proxy of the environment nor a name server says how.
    "grpc.enable_retries": 0,
    "grpc.enable_http_proxy": 0,
    "grpc.service_config_disable_resolution": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 2_000,
  });
}

/** What came of a call. `failure`: the name of the status, `DEADLINE_EXCEEDED`; the server's own words are left out. */
export type GrpcAnswer<T> = { readonly response: T | undefined } | { readonly failure: string };

/** Calls a method with a message that is written already, while `signal` lasts. @throws never */
export function callUnary<T extends object>(
  client: Client,
  method: MethodDefinition<object, object>,
  { bytes, metadata, signal }: { readonly bytes: Buffer; readonly metadata: Metadata; readonly signal: AbortSignal },
): Promise<GrpcAnswer<T>> {
  return new Promise((resolve) => {
    const call = client.makeUnaryRequest<Buffer, object>(
      method.path,
      (it) => it,
      method.responseDeserialize,
      bytes,
      metadata,
      (error, response) =>
        resolve(
          error === null ? { response: response as T | undefined } : { failure: status[error.code] ?? "UNKNOWN" },
        ),
    );
    signal.addEventListener("abort", () => call.cancel(), { once: true });
    if (signal.aborted) call.cancel();
  });
}

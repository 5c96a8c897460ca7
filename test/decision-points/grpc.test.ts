import { type handleUnaryCall, Server, ServerCredentials, type sendUnaryData, status } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { afterEach, describe, expect, it } from "vitest";
import { Cancellation } from "../../src/core/cancellation.ts";
import { parseExact } from "../../src/core/exact-json.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { CHECK_PROTOCOL } from "../../src/decision-points/check-protocol.ts";
import { createDecisionPoints } from "../../src/decision-points/create-decision-points.ts";
import type { PointAnswer } from "../../src/decision-points/decision-points.ts";
import { eventually } from "../support/eventually.ts";
import { policyInput } from "../support/policy-inputs.ts";

const NAME = "envoy.service.auth.v3.Authorization";
const closing: Array<() => unknown> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Asked {
  readonly request: JsonObject;
  readonly key: unknown;
  readonly cancelled: () => boolean;
}

type Handler = (callback: sendUnaryData<object>, asked: Asked) => void;

async function world(handler: Handler, timeoutMs = 30_000) {
  const definition = fromJSON(CHECK_PROTOCOL, { longs: Number, oneofs: true })[NAME];
  if (definition === undefined) throw new Error("There is no such service.");
  const asked: Asked[] = [];
  const check: handleUnaryCall<JsonObject, object> = (call, callback) => {
    const one = { request: call.request, key: call.metadata.get("x-key")[0], cancelled: () => call.cancelled };
    asked.push(one);
    handler(callback, one);
  };
  const server = new Server();
  // biome-ignore lint/suspicious/noExplicitAny: definitions of a service made from JSON have no types.
  server.addService(definition as any, { Check: check });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (err, it) => (err ? reject(err) : resolve(it)));
  });
  closing.push(() => server.forceShutdown());
  const target = `127.0.0.1:${port}`;
  const extAuthz = { target, tls: false, headers: { "X-Key": "k" }, timeoutMs, maxBytes: 4096 };
  const points = createDecisionPoints([{ name: "edge", extAuthz }]);
  closing.push(() => points.close());
  const ask = (sketch = {}, cancellation = new Cancellation()): Promise<PointAnswer> =>
    points.ask("edge", policyInput(sketch), cancellation);
  return { ask, asked, server };
}

const error = (text: string): object => ({ kind: "error", error: expect.stringContaining(text) });

describe("an ext_authz service over gRPC", () => {
  it("gets the request as Envoy shows it, and the facts in the metadata", async () => {
    const { ask, asked } = await world((callback) => callback(null, { status: { code: 0 }, okResponse: {} }));
    const args = parseExact('{"n":9007199254740993}') as JsonObject;
    const sketch = { arguments: args, request: { endpoint: "finance", headers: { "x-tenant": "acme" }, session: "s" } };
    expect(await ask(sketch)).toEqual({ kind: "allow" });
    expect(asked[0]?.key).toBe("k");
    const body =
      '{"jsonrpc":"2.0","id":"call_1","method":"tools/call","params":{"name":"create_expense","arguments":{"n":9007199254740993}}}';
    expect(asked[0]?.request).toMatchObject({
      attributes: {
        source: { address: { socketAddress: { address: "10.0.0.7" } }, principal: "u-1" },
        request: {
          time: { seconds: Date.parse("2026-03-02T09:30:00Z") / 1_000 },
          http: { id: "call_1", method: "POST", path: "/mcp/finance", headers: { "x-tenant": "acme" }, body },
        },
        contextExtensions: { user: "u-1", client: "agent", upstream: "expenses" },
        metadataContext: {
          filterMetadata: {
            portcullis: {
              fields: {
                user: {
                  structValue: {
                    fields: { roles: { listValue: { values: [{ stringValue: "employee" }] } } },
                  },
                },
              },
            },
          },
        },
      },
    });
  });

  it.each<[object, object]>([
    [{ status: { code: 0 } }, { kind: "allow" }],
    [{ okResponse: {} }, { kind: "allow" }],
    [{ status: { code: 7, message: "Not yours." } }, { kind: "deny", reason: "Not yours." }],
    [
      { status: { code: 16 }, deniedResponse: { body: "Sign in." } },
      { kind: "deny", reason: "Sign in." },
    ],
    [{ deniedResponse: {} }, { kind: "deny", reason: undefined }],
    [{}, error("empty")],
    [{ status: { code: 0 }, deniedResponse: {} }, error("contradict")],
    [{ status: { code: 7 }, okResponse: {} }, error("contradict")],
    [{ status: { code: 0, message: "x".repeat(100_000) } }, error("RESOURCE_EXHAUSTED")],
  ])("answers %.80j", async (response, means) => {
    const { ask } = await world((callback) => callback(null, response));
    expect(await ask()).toEqual(means);
  });

  it("says nothing with an error, whose words are not repeated", async () => {
    const { ask } = await world((callback) => callback({ code: status.PERMISSION_DENIED, details: "hush" }, null));
    expect(await ask()).toEqual({ kind: "error", error: "It could not be asked: PERMISSION_DENIED." });
  });

  it("has its deadline, and hears that nobody waits", async () => {
    const { ask, asked } = await world(() => {}, 300);
    expect(await ask()).toEqual(error("within 300 ms"));
    await eventually(async () => (asked.every((one) => one.cancelled()) ? true : undefined));
  });

  it("is not asked any longer for who has given the request up", async () => {
    const { ask, asked } = await world(() => {});
    const cancellation = new Cancellation();
    const answer = ask({}, cancellation);
    await eventually(async () => (asked.length === 1 ? true : undefined));
    cancellation.cancel("gone");
    expect(await answer).toEqual(error("given up"));
    await eventually(async () => (asked[0]?.cancelled() === true ? true : undefined));
  });

  it("says nothing once it is gone", async () => {
    const { ask, server } = await world((callback) => callback(null, { status: { code: 0 } }));
    expect(await ask()).toEqual({ kind: "allow" });
    server.forceShutdown();
    expect(await ask()).toEqual(error("UNAVAILABLE"));
  });

  it("is not asked about a request that is too long", async () => {
    const { ask, asked } = await world((callback) => callback(null, { status: { code: 0 } }));
    expect(await ask({ arguments: { text: "hush".repeat(2_000) } })).toEqual(error("4096 bytes"));
    expect(asked).toEqual([]);
  });
});

import { fromJSON } from "@grpc/proto-loader";
import { expect, it } from "vitest";
import { ExactNumber } from "../../src/core/exact-number.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { STRUCT_MESSAGES, structOf } from "../../src/grpc/struct.ts";

// google.protobuf.Struct, tag and wire type of each kind of value.
it("writes JSON by the numbers that protobuf gives it", () => {
  const service = {
    methods: { Ask: { requestType: "google.protobuf.Struct", responseType: "google.protobuf.Struct" } },
  };
  const root: object = { nested: { S: service, google: { nested: { protobuf: { nested: STRUCT_MESSAGES } } } } };
  const definition = fromJSON(root as Parameters<typeof fromJSON>[0])["S"];
  const method = definition !== undefined && "Ask" in definition ? definition["Ask"] : undefined;
  if (method === undefined || !("requestSerialize" in method)) throw new Error("no such method");
  const bytesOf = (object: JsonObject) => method.requestSerialize(structOf(object)).toString("hex");
  // { fields: { "a": <value> } } is 0a <length> 0a 01 61 12 <length of value> <value>.
  expect(bytesOf({ a: null })).toBe("0a070a01611202" + "0800");
  expect(bytesOf({ a: 1 })).toBe("0a0e0a01611209" + "11000000000000f03f");
  expect(bytesOf({ a: new ExactNumber("1.0") })).toBe(bytesOf({ a: 1 }));
  expect(bytesOf({ a: "x" })).toBe("0a080a01611203" + "1a0178");
  expect(bytesOf({ a: true })).toBe("0a070a01611202" + "2001");
  expect(bytesOf({ a: {} })).toBe("0a070a01611202" + "2a00");
  expect(bytesOf({ a: [true] })).toBe("0a0b0a01611206" + "32040a022001");
});

it("keeps a name that is none on a plain object", () => {
  const odd = JSON.parse('{"__proto__":"x"}') as JsonObject;
  expect(Object.keys((structOf(odd) as { fields: object }).fields)).toEqual(["__proto__"]);
});

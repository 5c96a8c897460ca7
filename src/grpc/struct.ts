import { numberIn } from "../core/exact-json.ts";
import { isObject, type Json, type JsonObject } from "../core/json.ts";

/** `google.protobuf.Struct` and what it is made of, as `@grpc/proto-loader` reads it. https://protobuf.dev/reference/protobuf/google.protobuf/#struct */
export const STRUCT_MESSAGES = {
  Struct: { fields: { fields: { id: 1, keyType: "string", type: "Value" } } },
  ListValue: { fields: { values: { id: 1, type: "Value", rule: "repeated" } } },
  Value: {
    oneofs: {
      kind: { oneof: ["nullValue", "numberValue", "stringValue", "boolValue", "structValue", "listValue"] },
    },
    fields: {
      nullValue: { id: 1, type: "int32" },
      numberValue: { id: 2, type: "double" },
      stringValue: { id: 3, type: "string" },
      boolValue: { id: 4, type: "bool" },
      structValue: { id: 5, type: "Struct" },
      listValue: { id: 6, type: "ListValue" },
    },
  },
};

/** JSON as such a message. Its numbers are doubles: digits beyond that are lost. */
export function structOf(object: JsonObject): object {
  // Names are somebody else's: on a plain object `__proto__` would be none.
  const fields = Object.create(null) as Record<string, object>;
  for (const [name, value] of Object.entries(object)) if (value !== undefined) fields[name] = structValueOf(value);
  return { fields };
}

function structValueOf(value: Json): object {
  if (value === null) return { nullValue: 0 };
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  const number = numberIn(value);
  if (number !== undefined) return { numberValue: number };
  if (isObject(value)) return { structValue: structOf(value) };
  return { listValue: { values: (value as readonly Json[]).map(structValueOf) } };
}

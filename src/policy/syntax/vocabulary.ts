/** A CEL type name, as the engine writes it. */
export type FieldType = "string" | "list<string>" | "map" | "bool" | "dyn" | "google.protobuf.Timestamp";

/**
 * What a condition can name: the variables, their fields and the fields' types. `args` is the call's arguments, whose
 * fields depend on the tool. A field of type `map` holds JSON that others define, and any name below it is accepted.
 */
export const VOCABULARY = {
  user: {
    id: "string",
    email: "string",
    name: "string",
    roles: "list<string>",
    groups: "list<string>",
    scopes: "list<string>",
    issuer: "string",
    claims: "map",
    acr: "string",
    amr: "list<string>",
    auth_time: "google.protobuf.Timestamp",
  },
  client: { id: "string", name: "string", version: "string", ip: "string", user_agent: "string" },
  tool: { name: "string", upstream: "string", title: "string", annotations: "map", meta: "map" },
  prompt: { name: "string", upstream: "string", title: "string", meta: "map" },
  resource: { uri: "string", upstream: "string", name: "string", title: "string", mime_type: "string", meta: "map" },
  request: {
    id: "string",
    method: "string",
    time: "google.protobuf.Timestamp",
    session: "string",
    endpoint: "string",
    headers: "map",
  },
  result: { is_error: "bool", structured: "dyn", text: "string" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, FieldType>>>>;

/** The variables with declared fields. */
export type RecordName = keyof typeof VOCABULARY;

/** Every variable of a condition. */
export const VARIABLES: readonly string[] = [...Object.keys(VOCABULARY), "args"];

/** Whether `name` is a variable with declared fields. */
export function isRecordName(name: string | undefined): name is RecordName {
  return name !== undefined && Object.hasOwn(VOCABULARY, name);
}

/** The type of a field, `undefined` if there is no such field. */
export function fieldType(record: RecordName, field: string): FieldType | undefined {
  const fields: Readonly<Record<string, FieldType>> = VOCABULARY[record];
  return Object.hasOwn(fields, field) ? fields[field] : undefined;
}

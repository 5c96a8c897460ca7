import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { type RawAnswer, send } from "./raw-mcp.ts";

/** One operation of the API's description. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly spec: JsonObject;
}

/** The API's own description, and a check of answers against it. */
export interface ApiDocument {
  readonly json: JsonObject;
  readonly operations: readonly Operation[];
  /** Which operation a request is for; `undefined`: none. */
  operationOf(method: string, path: string): Operation | undefined;
  /** What is wrong with an answer by the description of its operation: nothing, if it is as described. */
  mistakes(operation: Operation, answer: Pick<RawAnswer, "status" | "headers" | "text">): readonly string[];
  /** What is wrong with the examples by the schemas beside them. */
  exampleMistakes(): readonly string[];
}

const METHODS = ["get", "post", "put", "patch", "delete"];

/** Reads the description from a running gateway, without a credential. */
export async function readApiDocument(port: number): Promise<ApiDocument> {
  const answer = await send(port, {
    method: "GET",
    path: "/api/v1/openapi.json",
    headers: { Authorization: undefined },
  });
  const { json } = answer;
  const operations = Object.entries(object(json["paths"])).flatMap(([path, item]) =>
    Object.entries(object(item)).flatMap(([method, spec]): Operation[] =>
      METHODS.includes(method)
        ? [{ id: String(object(spec)["operationId"]), method: method.toUpperCase(), path, spec: object(spec) }]
        : [],
    ),
  );
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
  addFormats.default(ajv);
  const closed = close(json);
  ajv.addSchema(object(closed), "api");

  // Compiling one takes a hundred times as long as checking by it.
  const checks = new Map<string, ValidateFunction>();
  const checkAt = (ref: string): ValidateFunction => {
    const check = checks.get(ref) ?? ajv.compile({ $ref: ref });
    checks.set(ref, check);
    return check;
  };
  const compare = (place: readonly string[], value: Json): readonly string[] => {
    const check = checkAt(`api#/${place.map(escaped).join("/")}`);
    if (check(value)) return [];
    return (check.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  };

  return {
    json,
    operations,
    operationOf(method, path) {
      const fits = (it: Operation): boolean => it.method === method && pattern(it.path).test(path);
      // A fixed path counts before one with parameters.
      return operations.filter(fits).sort((a, b) => a.path.split("{").length - b.path.split("{").length)[0];
    },
    mistakes(operation, { status, headers, text }) {
      const responses = object(operation.spec["responses"]);
      if (!(status in responses)) return [`${status} is not described`];
      const content = object(responses[status])["content"];
      if (content === undefined) return text === "" ? [] : ["there should be no content"];
      const type = headers["content-type"]?.split(";", 1)[0] ?? "";
      if (!(type in object(content))) return [`${status} is not described to be ${type}`];
      if (!type.endsWith("json")) return [];
      const pointer = ["paths", operation.path, operation.method.toLowerCase(), "responses", String(status)];
      return compare([...pointer, "content", type, "schema"], JSON.parse(text));
    },
    exampleMistakes: () =>
      examples(json).flatMap(({ place, example }) =>
        compare([...place, "schema"], example).map((mistake) => `${place.join("/")}: ${mistake}`),
      ),
  };
}

/** Everything that has an example and a schema. */
function examples(value: Json, place: readonly string[] = []): { place: readonly string[]; example: Json }[] {
  if (!isObject(value) && !Array.isArray(value)) return [];
  const inside = Object.entries(value).flatMap(([key, item]) => examples(item ?? null, [...place, key]));
  const { example, schema } = object(value);
  return example === undefined || schema === undefined ? inside : [...inside, { place, example }];
}

// Answers may get new members one day. Today there are none but those that are described.
function close(value: Json, within = ""): Json {
  if (Array.isArray(value)) return value.map((item) => close(item, within));
  if (!isObject(value)) return value;
  const closed = Object.fromEntries(Object.entries(value).map(([key, item]) => [key, close(item ?? null, key)]));
  const open = within !== "allOf" && isObject(value["properties"]) && !("additionalProperties" in value);
  return open ? { ...closed, additionalProperties: false } : closed;
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{[^}]+\}/g, "[^/]+")}$`);
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function object(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

import { Environment } from "@marcbachmann/cel-js";
import { characterCount } from "../step-budget/character-count.ts";
import { LimitExceeded } from "../step-budget/evaluation-failure.ts";
import { SAFE } from "../syntax/expression-rules.ts";
import { parseTimestamp, TIMESTAMP_PARTS } from "../syntax/timestamps.ts";
import { VOCABULARY } from "../syntax/vocabulary.ts";
import {
  ClientView,
  PromptContextView,
  RequestContextView,
  ResourceContextView,
  ResultView,
  ToolContextView,
  UserView,
} from "./views.ts";

const MAX_SPLIT = 1000;

const LIMITS = { maxAstNodes: 2000, maxDepth: 64, maxListElements: 1000, maxMapEntries: 1000, maxCallArguments: 8 };
const TIMESTAMP = "google.protobuf.Timestamp";

/** What is the same for every policy set. The engine lets nobody change an environment of which there is a copy. */
const SHARED = declarePure(declareVariables(new Environment({ limits: LIMITS })));

/** The engine with what conditions of one policy set may name. */
export function createEngine(
  test: (text: string, pattern: string) => boolean,
  toLocal: (moment: Date, zone: string) => Date | undefined,
): Environment {
  const engine = SHARED.clone();
  declare(engine, "string", "matches", ["string"], "bool", test);
  for (const [name, part] of Object.entries(TIMESTAMP_PARTS)) {
    declare(engine, TIMESTAMP, name, ["string"], "int", (moment: Date, zone: string) => {
      const local = toLocal(moment, zone);
      if (local === undefined) throw new LimitExceeded("there is no such time zone");
      return BigInt(part(local));
    });
  }
  return engine;
}

/** Declares the variables of conditions, and what type each has. */
function declareVariables(engine: Environment): Environment {
  return engine
    .registerType("User", { ctor: UserView, fields: VOCABULARY.user })
    .registerType("Client", { ctor: ClientView, fields: VOCABULARY.client })
    .registerType("Tool", { ctor: ToolContextView, fields: VOCABULARY.tool })
    .registerType("Prompt", { ctor: PromptContextView, fields: VOCABULARY.prompt })
    .registerType("Resource", { ctor: ResourceContextView, fields: VOCABULARY.resource })
    .registerType("Request", { ctor: RequestContextView, fields: VOCABULARY.request })
    .registerType("Result", { ctor: ResultView, fields: VOCABULARY.result })
    .registerVariable("user", "User")
    .registerVariable("client", "Client")
    .registerVariable("tool", "Tool")
    .registerVariable("prompt", "Prompt")
    .registerVariable("resource", "Resource")
    .registerVariable("request", "Request")
    .registerVariable("result", "Result")
    .registerVariable("args", "map");
}

/**
 * Declares a function that is ours, not the engine's. Every one says that it is not asynchronous: the engine would otherwise
 * expect promises around it.
 */
function declare(
  engine: Environment,
  receiverType: string | undefined,
  name: string,
  types: readonly string[],
  returnType: string,
  handler: (...values: never[]) => unknown,
): void {
  const params = types.map((type, index) => ({ name: `arg${index}`, type }));
  const receiver = receiverType === undefined ? {} : { receiverType };
  engine.registerFunction({ name: `${SAFE}${name}`, params, returnType, handler, async: false, ...receiver });
}

/** Declares the functions that depend on their arguments alone. */
function declarePure(engine: Environment): Environment {
  const sizes: ReadonlyArray<readonly [type: string, size: (value: never) => number]> = [
    ["string", characterCount],
    ["bytes", (bytes: Uint8Array) => bytes.length],
    ["list", (list: readonly unknown[]) => list.length],
    ["map", (map: object) => (map instanceof Map ? map.size : Object.keys(map).length)],
  ];
  for (const [type, size] of sizes) {
    declare(engine, type, "size", [], "int", (value: never) => BigInt(size(value)));
    declare(engine, undefined, "size", [type], "int", (value: never) => BigInt(size(value)));
  }
  declare(engine, "string", "split", ["string"], "list<string>", (text: string, separator: string) => {
    const parts = text.split(separator, MAX_SPLIT + 1);
    if (parts.length > MAX_SPLIT) throw new LimitExceeded(`split() gives more than ${MAX_SPLIT} parts`);
    return parts;
  });
  declare(
    engine,
    "string",
    "split",
    ["string", "int"],
    "list<string>",
    (text: string, separator: string, limit: bigint) => {
      const parts = text.split(separator, MAX_SPLIT + 1);
      const most = limit < 0n ? MAX_SPLIT : Number(limit);
      if (most === 0) return [];
      if (parts.length <= most && parts.length <= MAX_SPLIT) return parts;
      if (most > MAX_SPLIT || limit < 0n) throw new LimitExceeded(`split() gives more than ${MAX_SPLIT} parts`);
      const first = parts.slice(0, most - 1);
      const taken = first.reduce((length, part) => length + part.length + separator.length, 0);
      return [...first, text.slice(taken)];
    },
  );
  declare(engine, undefined, "timestamp", ["string"], TIMESTAMP, (text: string) => {
    const moment = parseTimestamp(text);
    if (moment === undefined) throw new LimitExceeded("timestamp() was given a text that is not RFC 3339");
    return moment;
  });
  declare(engine, undefined, "timestamp", ["int"], TIMESTAMP, (seconds: bigint) => {
    if (seconds < -62_135_596_800n || seconds > 253_402_300_799n) {
      throw new LimitExceeded("timestamp() was given a time out of range");
    }
    return new Date(Number(seconds) * 1000);
  });
  declare(engine, undefined, "timestamp", [TIMESTAMP], TIMESTAMP, (moment: Date) => moment);
  for (const [name, part] of Object.entries(TIMESTAMP_PARTS)) {
    if (name === "getDayOfYear") declare(engine, TIMESTAMP, name, [], "int", (moment: Date) => BigInt(part(moment)));
  }
  return engine;
}

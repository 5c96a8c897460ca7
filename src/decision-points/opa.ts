import { isObject } from "../core/json.ts";
import type { PoolAnswer } from "../http/outbound-pool.ts";
import { requestFacts } from "../policy/request-facts.ts";
import type { PointAnswer } from "./decision-points.ts";
import { createHttpPoint, type HttpPointOptions, type Point } from "./point.ts";
import { denied, pointError, readObject } from "./read-answer.ts";

export interface OpaOptions extends HttpPointOptions {
  /** The document that decides, without `v1/data/`: `mcp/allow`. */
  readonly path: string;
}

/** Open Policy Agent: asks for one document of its data with the facts of the request as `input`. OPA REST API, "Get a Document (with Input)" */
export function createOpaPoint(options: OpaOptions): Point {
  const path = `/v1/data/${options.path}`;
  return createHttpPoint(options, (input) => ({ path, body: { input: requestFacts(input) } }), readResult);
}

function readResult(answer: PoolAnswer): PointAnswer {
  const read = readObject(answer);
  if ("error" in read) return read.error;
  const { result } = read.object;
  // What no rule defines is left out.
  if (result === undefined) return pointError("Its answer has no result: the document of its path is undefined.");
  if (typeof result === "boolean") return result ? { kind: "allow" } : denied(undefined);
  if (!isObject(result)) return pointError("Its result is neither true nor false, nor an object with allow.");
  const { allow, reason, ...others } = result;
  if (typeof allow !== "boolean") return pointError("The allow of its result is neither true nor false.");
  if (reason !== undefined && typeof reason !== "string") return pointError("The reason of its result is no text.");
  // What it says besides may be a condition of its yes.
  if (Object.keys(others).length > 0) return pointError("Its result has other members than allow and reason.");
  return allow ? { kind: "allow" } : denied(reason);
}

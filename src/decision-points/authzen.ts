import { isObject, type Json, type JsonObject } from "../core/json.ts";
import { clientIdOf, userIdOf } from "../core/policy-names.ts";
import type { PoolAnswer } from "../http/outbound-pool.ts";
import type { PolicyInput } from "../policy/policy-set.ts";
import type { PointAnswer } from "./decision-points.ts";
import { createHttpPoint, type HttpPointOptions, type Point } from "./point.ts";
import { denied, pointError, readObject } from "./read-answer.ts";

const EVALUATION = "/access/v1/evaluation";

/** A decision point of AuthZEN's Authorization API 1.0 §6. */
export function createAuthZenPoint(options: HttpPointOptions): Point {
  const question = (input: PolicyInput) => ({
    path: EVALUATION,
    headers: { "x-request-id": input.request.id },
    body: defaultEvaluation(input),
  });
  return createHttpPoint(options, question, readDecision);
}

/**
 * The default mapping of COAZ-MCP: who is acted for is the subject, their agent stands in the context, and the method is the
 * action. Names of two servers that are alike are two resources: an id has its upstream before it, as in policies.
 */
function defaultEvaluation({ principal, client, subject, request }: PolicyInput): JsonObject {
  const { kind, upstream, name } = subject;
  const own = kind === "resource" ? { uri: name } : { name };
  return {
    subject: { type: "identity", id: userIdOf(principal) },
    action: { name: request.method },
    resource: { type: kind, id: `${upstream}/${name}`, properties: { upstream, ...own } },
    context: { agent: clientIdOf(client, principal) },
  };
}

function readDecision(answer: PoolAnswer): PointAnswer {
  const read = readObject(answer);
  if ("error" in read) return read.error;
  const { decision, context } = read.object;
  if (typeof decision !== "boolean") return pointError("Its decision is neither true nor false.");
  if (context !== undefined && !isObject(context)) return pointError("The context of its decision is no object.");
  if (!decision) return denied(reasonIn(context));
  // A yes under conditions that nobody here fulfils is none. AuthZEN Obligations Profile
  return isEmpty(context?.["obligations"])
    ? { kind: "allow" }
    : pointError("It allows under obligations, which are not fulfilled here.");
}

/** Where the specification's own examples and its implementations have a reason; no name of it is standard. */
function reasonIn(context: JsonObject | undefined): Json | undefined {
  const reasons = ["reason", "reason_admin", "reason_user"].map((name) => context?.[name]);
  const texts = reasons.flatMap((reason) => (isObject(reason) ? Object.values(reason) : [reason]));
  return texts.find((text) => typeof text === "string" && text.trim() !== "");
}

function isEmpty(value: Json | undefined): boolean {
  return value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

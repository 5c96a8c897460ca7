import { type Refusal, refuse } from "../../core/errors.ts";
import { isObject } from "../../core/json.ts";
import { encodeError, encodeResultText } from "../../mcp/encode.ts";
import { declaresTasks, type TaskMethod } from "../../mcp/tasks.ts";
import { callerOf, type Edge, refusalError } from "../edge.ts";
import type { ModernIncoming } from "./incoming.ts";
import { ownResult } from "./render.ts";
import { gotTask } from "./render-task.ts";

/** Serves the methods of the tasks extension. Whose task it is, is asked every time. SEP-2663. @throws StoreError */
export async function serveTask(
  edge: Edge,
  method: TaskMethod,
  { request, meta, context, cancellation, reply }: ModernIncoming,
): Promise<Refusal | undefined> {
  const { id, params } = request;
  const { principal, scope, policyHeaders: headers } = context;
  const fetcher = { ...callerOf(context, meta.clientInfo), headers, scope, cancellation };
  if (!declaresTasks(meta.capabilities)) return refuse("CAPABILITY_REQUIRED");
  const { taskId, inputResponses } = params;
  if (typeof taskId !== "string") return refuse("PARAMS_INVALID", "params.taskId must be a string.");
  // Somebody else's task and one that never was get this same answer.
  const unknown = refusalError(refuse("PARAMS_INVALID", "There is no task with this id."));
  const acknowledge = (known: boolean): void =>
    reply.end(known ? encodeResultText(id, JSON.stringify(ownResult(edge, "complete", {}))) : encodeError(id, unknown));
  switch (method) {
    case "tasks/get": {
      const view = await edge.gateway.task(taskId, fetcher);
      if (view === undefined) {
        reply.end(encodeError(id, unknown));
        return undefined;
      }
      const { message, status, over } = gotTask(edge, id, view);
      reply.end(message, status, over ? () => view.end?.delivered() : undefined);
      return undefined;
    }
    case "tasks/update":
      if (!isObject(inputResponses)) return refuse("PARAMS_INVALID", "params.inputResponses must be an object.");
      // No task here asks for anything, so there is nothing that this could answer: it is ignored, as it has to be.
      acknowledge((await edge.gateway.task(taskId, fetcher)) !== undefined);
      return undefined;
    case "tasks/cancel":
      acknowledge(await edge.gateway.cancelTask(taskId, principal));
      return undefined;
    default:
      return method satisfies never;
  }
}

import { isObject, type JsonObject } from "../core/json.ts";

/** Calls that are answered later: the tasks extension. SEP-2663, a final extension of revision 2026-07-28. */
export const TASKS_EXTENSION = "io.modelcontextprotocol/tasks";

/** The methods that a client follows its tasks with. SEP-2663, "Supported Methods" */
export const TASK_METHODS = ["tasks/get", "tasks/update", "tasks/cancel"] as const;
export type TaskMethod = (typeof TASK_METHODS)[number];

/** `input_required` is missing: nothing here asks the client anything while its task works. */
export type TaskStatus = "working" | "completed" | "failed" | "cancelled";

/** A task as it is told, but for its result or error. SEP-2663, "Tasks" */
export interface Task {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly statusMessage: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  /** From `createdAt` on, in ms. */
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
}

/** `data` of the error that a client gets which follows tasks and does not declare them. SEP-2663, "Capability Negotiation" */
export const TASKS_REQUIRED: JsonObject = { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } };

/** Whether a method is one of the extension's. */
export function isTaskMethod(method: string): method is TaskMethod {
  return (TASK_METHODS as readonly string[]).includes(method);
}

/** Whether a request's client capabilities declare the extension. It counts for that request alone. @throws never */
export function declaresTasks(capabilities: JsonObject): boolean {
  const extensions = capabilities["extensions"];
  return isObject(extensions) && isObject(extensions[TASKS_EXTENSION]);
}

/** The same capabilities without the extension. @throws never */
export function withoutTasks(capabilities: JsonObject): JsonObject {
  if (!declaresTasks(capabilities)) return capabilities;
  const { extensions, ...others } = capabilities;
  const { [TASKS_EXTENSION]: _tasks, ...kept } = isObject(extensions) ? extensions : {};
  return Object.keys(kept).length === 0 ? others : { ...others, extensions: kept };
}

import type { FlowSnapshot, StageRule } from "../../core/approval.ts";
import { isObject, type Json, type JsonObject } from "../../core/json.ts";
import { TRACE_KINDS, type Traces } from "../../core/persons.ts";
import { objectIn } from "../database/stored-json.ts";
import { StoreError } from "../store-error.ts";

/** What tells whether somebody is the same person, from a stored text. @throws StoreError STORE_ROW_MALFORMED */
export function tracesIn(
  text: string | null,
  place: { readonly table: string; readonly column: string },
): Traces | undefined {
  if (text === null) return undefined;
  const { kind: written, vouched, names, actors, mentions, odd } = objectIn(text, place);
  const kind = TRACE_KINDS.find((one) => one === written);
  if (kind === undefined || typeof vouched !== "boolean") throw malformed();
  // Of before it was written down: whether every name was read, and was plain, nobody knows any more.
  const others = { actors: texts(actors ?? []), mentions: texts(mentions ?? []) };
  return { kind, vouched, names: texts(names), ...others, odd: odd !== false || mentions === undefined };
}

const SNAPSHOT = { table: "approval_requests", column: "flow_snapshot" };

/**
 * Who may approve, from a stored text: what does not read exactly as it was written decides nothing.
 * @throws StoreError STORE_ROW_MALFORMED
 */
export function snapshotIn(text: string): FlowSnapshot {
  const { flows, stages, executeTtlMs, requesterMayApprove, reason } = objectIn(text, SNAPSHOT);
  if (!Array.isArray(flows) || !Array.isArray(stages) || stages.length === 0) throw malformed();
  if (typeof executeTtlMs !== "number" || typeof requesterMayApprove !== "boolean") throw malformed();
  if (reason !== "never" && reason !== "on_reject" && reason !== "always") throw malformed();
  return { flows: flows.map(flowIn), stages: stages.map(stageIn), executeTtlMs, requesterMayApprove, reason };
}

function flowIn(value: Json): FlowSnapshot["flows"][number] {
  const { name, digest, notify } = objectOf(value);
  if (typeof name !== "string" || typeof digest !== "string") throw malformed();
  return { name, digest, notify: texts(notify) };
}

function stageIn(value: Json): StageRule {
  const { flow, approvers, required, escalate } = objectOf(value);
  if (typeof flow !== "string" || typeof required !== "number" || !(required >= 1)) throw malformed();
  const rule = { flow, approvers: approversIn(approvers), required };
  if (escalate === undefined) return { ...rule, escalate: undefined };
  const { afterMs, to } = objectOf(escalate);
  if (typeof afterMs !== "number") throw malformed();
  return { ...rule, escalate: { afterMs, to: approversIn(to) } };
}

function approversIn(value: Json | undefined): StageRule["approvers"] {
  const { roles, users } = objectOf(value);
  return { roles: texts(roles), users: texts(users) };
}

function objectOf(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw malformed();
  return value;
}

function texts(value: Json | undefined): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw malformed();
  return value;
}

function malformed(): StoreError {
  return new StoreError("STORE_ROW_MALFORMED", "A row of approval_requests holds no usable flow_snapshot.");
}

import { APPROVAL_STATES, type ApprovalNotice, type Approvers } from "../../core/approval.ts";
import { isObject, type Json } from "../../core/json.ts";
import { DECIDED_METHODS, type DecidedMethod } from "../../core/subject.ts";
import { createReadableRows } from "../database/readable-rows.ts";
import { objectIn } from "../database/stored-json.ts";
import { UNREADABLE } from "../database/stored-texts.ts";
import { StoreError } from "../store-error.ts";
import type { OutboxEntry, OutboxMessage } from "./outbox.ts";
import { outbox as rows } from "./schema.ts";

export type OutboxRow = typeof rows.$inferSelect;

const readableRows = createReadableRows(rows);

/** Lists show also what cannot be read; it is sent to nobody, for its seal does not fit. */
function readable(given: OutboxRow): OutboxRow {
  const row = readableRows.readable(given);
  try {
    noticeIn(row);
    return row;
  } catch (err) {
    if (!(err instanceof StoreError && err.code === "STORE_ROW_MALFORMED")) throw err;
    return { ...row, payload: JSON.stringify(NOTHING) };
  }
}

const NOTHING = {
  ...{
    state: "invalidated",
    flow: UNREADABLE,
    stage: 0,
    stages: 0,
    approvers: { roles: [], users: [] },
    upstream: UNREADABLE,
  },
  ...{ tool: UNREADABLE, requester: UNREADABLE, policies: [], createdAt: 0, pendingUntil: 0, at: 0 },
};

/** A message as lists show it, readable or not. */
export function outboxEntryOf(given: OutboxRow): OutboxEntry {
  const row = readable(given);
  return {
    ...messageOf(row),
    state: row.doneAt !== null ? "done" : row.deadAt !== null ? "dead" : "waiting",
    nextAt: row.nextAt,
    endedAt: row.doneAt ?? row.deadAt ?? undefined,
    lastError: row.lastError ?? undefined,
  };
}

/** A message as it is sent. @throws StoreError where its row holds no usable payload */
export function messageOf(row: OutboxRow): OutboxMessage {
  return {
    id: row.id,
    dedupeKey: row.dedupeKey,
    notifier: row.notifier,
    notice: noticeIn(row),
    attempts: row.attempts,
    createdAt: row.createdAt,
  };
}

function noticeIn({ kind, requestId, payload }: OutboxRow): ApprovalNotice {
  const value = objectIn(payload, { table: "outbox", column: "payload" });
  const state = APPROVAL_STATES.find((known) => known === value["state"]);
  if (state === undefined) throw malformed();
  return {
    kind,
    requestId,
    state,
    flow: text(value["flow"]),
    stage: number(value["stage"]),
    stages: number(value["stages"]),
    approvers: approvers(value["approvers"]),
    method: method(value["method"]),
    upstream: text(value["upstream"]),
    tool: text(value["tool"]),
    requester: text(value["requester"]),
    policies: texts(value["policies"]),
    createdAt: number(value["createdAt"]),
    pendingUntil: number(value["pendingUntil"]),
    executeUntil: value["executeUntil"] === undefined ? undefined : number(value["executeUntil"]),
    at: number(value["at"]),
  };
}

// Of before there were others: a tool's.
function method(value: Json | undefined): DecidedMethod {
  if (value === undefined) return "tools/call";
  if (typeof value !== "string" || !Object.hasOwn(DECIDED_METHODS, value)) throw malformed();
  return value as DecidedMethod;
}

function approvers(value: Json | undefined): Approvers {
  if (!isObject(value)) throw malformed();
  return { roles: texts(value["roles"]), users: texts(value["users"]) };
}

function text(value: Json | undefined): string {
  if (typeof value !== "string") throw malformed();
  return value;
}

function texts(value: Json | undefined): readonly string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) throw malformed();
  return value;
}

function number(value: Json | undefined): number {
  if (typeof value !== "number") throw malformed();
  return value;
}

function malformed(): StoreError {
  return new StoreError("STORE_ROW_MALFORMED", "A row of outbox holds no usable payload. Was it edited by hand?");
}

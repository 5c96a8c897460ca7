import type Database from "better-sqlite3";
import type { Guarded } from "../database/guarded.ts";
import type { RegisteredUpstreamRecord } from "../upstreams/registered-upstreams.ts";

/** A text that is encrypted at rest, and what it belongs to. Who wrote into the file may have put there what is no text. */
export type SealedText =
  | {
      readonly kind: "approval";
      /** The request. */
      readonly id: string;
      readonly part: "arguments" | "requester" | "result";
      readonly text: string;
    }
  | { readonly kind: "upstream"; readonly id: string; readonly record: RegisteredUpstreamRecord };

interface ApprovalTexts {
  readonly place: number;
  readonly id: string;
  readonly arguments: string;
  readonly requester: string;
  readonly result: string | null;
}

/** Rows one by one, since one may hold megabytes. */
const NEXT = {
  approval: `SELECT rowid AS place, request_id AS id, arguments_sealed AS arguments, requester_sealed AS requester,
    result_sealed AS result FROM approval_sealed WHERE rowid > ? ORDER BY rowid LIMIT 1`,
  upstream: `SELECT rowid AS place, name, entry, iss AS issuer, sub AS subject, email, registered_at AS registeredAt
    FROM registered_upstreams WHERE rowid > ? ORDER BY rowid LIMIT 1`,
};

/** All of them. @throws StoreError */
export async function* sealedTexts(db: Database.Database, guarded: Guarded): AsyncGenerator<SealedText> {
  for await (const { id, ...row } of eachRow<ApprovalTexts>(db, guarded, NEXT.approval)) {
    yield { kind: "approval", id, part: "arguments", text: row.arguments };
    yield { kind: "approval", id, part: "requester", text: row.requester };
    if (row.result !== null) yield { kind: "approval", id, part: "result", text: row.result };
  }
  type Row = Omit<RegisteredUpstreamRecord, "email"> & { readonly place: number; readonly email: string | null };
  for await (const { place: _, ...row } of eachRow<Row>(db, guarded, NEXT.upstream)) {
    yield { kind: "upstream", id: row.name, record: { ...row, email: row.email ?? undefined } };
  }
}

async function* eachRow<Row extends { readonly place: number }>(
  db: Database.Database,
  guarded: Guarded,
  query: string,
): AsyncGenerator<Row> {
  const next = db.prepare<[number], Row>(query);
  for (let after = Number.MIN_SAFE_INTEGER; ; ) {
    const row = await guarded(() => next.get(after));
    if (row === undefined) return;
    yield row;
    after = row.place;
  }
}

import type Database from "better-sqlite3";
import { drizzle } from "drizzle-orm/better-sqlite3";
import { approvalSealed } from "../approvals/schema.ts";
import type { Guarded } from "../database/guarded.ts";
import { APPROVAL_SIZES } from "../database/stored-texts.ts";
import { BEFORE_ALL, createRowWalk, type PlacedRow } from "../database/walk-rows.ts";
import { registeredUpstreamOf } from "../upstreams/registered-upstream-rows.ts";
import type { RegisteredUpstreamRecord } from "../upstreams/registered-upstreams.ts";
import { registeredUpstreams } from "../upstreams/schema.ts";

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

/** All of them, row by row. @throws StoreError */
export async function* sealedTexts(connection: Database.Database, guarded: Guarded): AsyncGenerator<SealedText> {
  const db = drizzle({ client: connection });
  for await (const row of eachRow(guarded, createRowWalk(db, approvalSealed, { sizes: APPROVAL_SIZES }))) {
    const id = row.requestId;
    yield { kind: "approval", id, part: "arguments", text: row.arguments };
    yield { kind: "approval", id, part: "requester", text: row.requester };
    if (row.result !== null) yield { kind: "approval", id, part: "result", text: row.result };
  }
  for await (const row of eachRow(guarded, createRowWalk(db, registeredUpstreams))) {
    yield { kind: "upstream", id: row.name, record: registeredUpstreamOf(row) };
  }
}

async function* eachRow<Row>(
  guarded: Guarded,
  next: (after: number) => PlacedRow<Row> | undefined,
): AsyncGenerator<Row> {
  for (let after = BEFORE_ALL; ; ) {
    const found = await guarded(() => next(after));
    if (found === undefined) return;
    yield found.row;
    after = found.place;
  }
}

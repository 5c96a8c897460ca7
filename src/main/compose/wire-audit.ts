import type { Audit } from "../../audit/audit.ts";
import type { Anchor } from "../../audit/checkpoints/anchor.ts";
import { readAnchor } from "../../audit/checkpoints/anchor-file.ts";
import { type Checkpoints, createCheckpoints } from "../../audit/checkpoints/checkpoints.ts";
import { createHeadKeeper, readHead } from "../../audit/checkpoints/head-file.ts";
import { AUDIT_CHECKPOINTS } from "../../audit/checkpoints/statement.ts";
import { createAudit } from "../../audit/create-audit.ts";
import { createRefusals, type RecordedRefusals } from "../../audit/refusals.ts";
import { createRollUp, type RollUp } from "../../audit/roll-up.ts";
import type { Config } from "../../config/schema/schema.ts";
import { ARGUMENTS_DIGEST } from "../../core/digest.ts";
import { randomId } from "../../core/ids.ts";
import { createKeyedHash } from "../../core/keyed-hash.ts";
import type { Log } from "../../core/log.ts";
import { createSeal } from "../../core/seal.ts";
import { createSigningKey, type SigningKey } from "../../core/signing-key.ts";
import { networkOf } from "../../http/attempts.ts";
import type { ChainHead } from "../../store/audit/audit-row.ts";
import { brokenRow } from "../../store/audit/checkpoint-row.ts";
import { headFileOf } from "../../store/database/left-row.ts";
import type { Store } from "../../store/open-store.ts";
import type { WireDeps } from "./deps.ts";

/** The record, what counts it, and what says how long it is. */
export interface WiredAudit {
  readonly audit: Audit;
  readonly refusals: RecordedRefusals;
  readonly rollUp: RollUp;
  readonly checkpoints: Checkpoints;
}

export interface WireAuditDeps extends Pick<WireDeps, "log" | "now" | "timing"> {
  readonly store: Store;
  readonly secret: Uint8Array;
  /** `undefined` where the database is no file. */
  readonly databasePath: string | undefined;
  /** Secrets of before, the newest first: lines of the anchor file may be signed under them. */
  readonly formerSecrets: readonly Uint8Array[];
}

/** Wires the record, and begins it with a checkpoint. @throws StoreError */
export async function wireAudit(
  options: Config["audit"],
  anchors: readonly Anchor[],
  { store, secret, formerSecrets, databasePath, log, now, timing = {} }: WireAuditDeps,
): Promise<WiredAudit> {
  const key = createSigningKey(secret, AUDIT_CHECKPOINTS);
  const former = formerSecrets.map((each) => createSigningKey(each, AUDIT_CHECKPOINTS));
  if (options.anchor?.file !== undefined) await lookBack(options.anchor.file, [key, ...former], store, log);
  const head = databasePath === undefined ? undefined : headFileOf(databasePath);
  if (head !== undefined) await lookBeside(head, [key, ...former], { store, log, now });
  const { markMs } = timing;
  const keeping = { key, log, now, ...(markMs === undefined ? {} : { markMs }) };
  const keeper = databasePath === undefined ? undefined : createHeadKeeper({ databasePath, ...keeping });
  const rows = keeper?.watching(store.audit) ?? store.audit;
  const checkpoints = createCheckpoints({
    rows: { ...rows, head: () => store.audit.head() },
    counts: () => store.witness.counts(),
    anchors: keeper === undefined ? anchors : [...anchors, keeper],
    ...{ key, log, now },
    timing: timing.checkpoints ?? {},
  });
  await checkpoints.start();
  const audit = createAudit({
    rows,
    arguments: options.arguments,
    seal: createSeal(secret, "audit-arguments"),
    digest: createKeyedHash(secret, ARGUMENTS_DIGEST),
    log,
    now,
  });
  return {
    audit,
    refusals: createRefusals({ audit, networkOf, now }),
    rollUp: createRollUp({ store: store.activity, owner: randomId(), now, log, timing: timing.rollUp ?? {} }),
    checkpoints,
  };
}

/** Says, and puts on record, that the database is not the one that a gateway left. @throws StoreError */
async function lookBeside(
  path: string,
  keys: readonly SigningKey[],
  { store, log, now }: Pick<WireAuditDeps, "store" | "log" | "now">,
): Promise<void> {
  let left: ChainHead | undefined;
  try {
    left = readHead(path, keys);
  } catch (err) {
    log.error({ err }, "The head of the audit beside the database cannot be read.");
  }
  if (left === undefined || (await store.audit.hashAt(left.seq)) === left.hash) return;
  // The next checkpoint takes the place of the one that tells.
  await store.audit.append([brokenRow({ kind: "found", fault: "older" }, now())]);
  log.error(
    { left: left.seq },
    "The database is an older copy or another one: it has not the row with which the gateway left it. Run: portcullis audit verify",
  );
}

/** Whoever cut the record while nothing ran should not have to wait for `audit verify` to be found out. */
async function lookBack(path: string, keys: readonly SigningKey[], store: Store, log: Log): Promise<void> {
  let last: ChainHead | undefined;
  try {
    last = (await readAnchor(path, keys)).checkpoints.at(-1);
  } catch (err) {
    log.error({ err }, "The anchor file of the audit cannot be read.");
  }
  if (last === undefined || (await store.audit.hashAt(last.seq)) === last.hash) return;
  log.error(
    { anchored: last.seq },
    "The audit is not the one that was anchored: rows were cut off, or this is an older copy. Run: portcullis audit verify",
  );
}

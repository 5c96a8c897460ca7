import { existsSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { loadConfig } from "../../config/load.ts";
import { grouped } from "../../core/counted.ts";
import { ARGUMENTS_DIGEST } from "../../core/digest.ts";
import { createKeyedHash, type KeyedHash } from "../../core/keyed-hash.ts";
import { createSeal } from "../../core/seal.ts";
import { createAnswers } from "../../policy/answer.ts";
import { compilePolicies } from "../../policy/compile/compile.ts";
import type { PolicySet } from "../../policy/policy-set.ts";
import { replayCall } from "../../policy/replay/replay.ts";
import { AUDIT_CHAIN } from "../../store/audit/audit-row.ts";
import type { StoreReader } from "../../store/open-store.ts";
import { knownSecretKey, previousSecretKeys } from "../../store/secret-key.ts";
import { StoreError } from "../../store/store-error.ts";
import { parseStoreUrl } from "../../store/store-url.ts";
import { DEFAULT_CONFIG } from "../load.ts";
import type { Shell } from "../shell.ts";
import { one, painter, print } from "../terminal/output.ts";
import { createProgress } from "../terminal/progress.ts";
import { parseSince } from "../terminal/since.ts";
import { withStore } from "../with-store.ts";
import { type PlaceOptions, printJson, readPlace, reportErrors, withPolicyPlace } from "./place.ts";
import { ARGUMENTS_REFUSED, type ChainKeys, createRowReader, type RecordKeys } from "./replay-rows.ts";
import { createReplayTally, type ReplaySummary } from "./replay-summary.ts";
import { summaryJson, summaryText } from "./replay-text.ts";

interface ReplayOptions extends PlaceOptions {
  readonly since?: number;
  readonly store?: string;
  readonly limit: number;
  readonly failOnChange?: boolean;
}

/** `portcullis policy replay`: recorded calls decided again, to see what other policies would change. */
export function registerPolicyReplay(policy: Command, shell: Shell): void {
  const since = new Option("--since <when>", "calls from then on: 30m, 12h, 7d, or a date; all without it").argParser(
    (text) => parseSince(text, Date.now()),
  );
  withPolicyPlace(policy.command("replay"))
    .description("decide the recorded calls again under these policies, and tell what would change")
    .addOption(since)
    .option("--store <url>", "store to read instead of the configuration's, like file:./data/portcullis.db")
    .option("--limit <count>", "examples of each change, 0 to 100", parseLimit, 3)
    .option("--fail-on-change", "exit 1 if a call would be decided otherwise")
    .addHelpText("after", HELP)
    .action((options: ReplayOptions) => replay(options, shell));
}

const HELP = `
Examples:
  portcullis policy replay --since 7d
  portcullis policy replay --since 7d --policies ./proposed --fail-on-change

It reads only, also beside a running gateway. Ctrl-C ends it with the summary so far.

Nothing is guessed: a call whose effect depends on what is not on record counts as "cannot be told". audit.arguments
says how much of the arguments is kept; claims and headers are kept in mode sealed only, which needs the gateway's
secrets.key. Counters are not replayed: a call beyond a rate limit counts as allowed, then and now. Results are not on
record, so redact is not replayed.

Exit code: 0 replayed, 1 mistakes in the policies, a store that cannot be read, or a change with --fail-on-change,
2 usage.`;

function parseLimit(text: string): number {
  const value = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= 100) return value;
  throw new InvalidArgumentError("Write a whole number from 0 to 100.");
}

async function replay(options: ReplayOptions, shell: Shell): Promise<void> {
  const place = await readPlace(options, shell);
  if (place === undefined) return;
  const compiled = compilePolicies(place.policies, place);
  if (!compiled.ok) {
    await reportErrors(compiled.errors, place.policies, options, shell);
    return;
  }
  const source = sourceOf(options, shell);
  if (source === undefined) return;
  await withStore(source.url, shell, async (store) => {
    const run = await replayAll(store, { set: compiled.set, source, options, shell });
    await report(run, options, shell);
  });
}

/** Where the record is, and what opens its sealed part. */
interface Source {
  readonly url: string;
  readonly keys: RecordKeys | undefined;
  /** Of the purpose `AUDIT_CHAIN`, under the secrets at hand. */
  readonly chain: readonly KeyedHash[];
}

// The configuration has been checked by then, if there is one: what is wrong with it was told.
function sourceOf({ config, store }: ReplayOptions, shell: Shell): Source | undefined {
  const path = config ?? DEFAULT_CONFIG;
  const loaded = existsSync(path) ? loadConfig(path, shell.env) : undefined;
  const known = loaded?.ok === true ? loaded.config : undefined;
  const url = store ?? known?.store.url;
  if (url === undefined) {
    shell.err(`There is no ${DEFAULT_CONFIG} here that names the store. Name it with -c, or the store with --store.`);
    shell.setExitCode(1);
    return undefined;
  }
  try {
    const place = parseStoreUrl(url);
    const beside = place.kind === "file" ? place.path : undefined;
    const secret = knownSecretKey({ configured: known?.secretKey, beside });
    const secrets = secret === undefined ? [] : [secret, ...previousSecretKeys(known?.previousKeys ?? [])];
    return {
      url,
      chain: secrets.map((each) => createKeyedHash(each, AUDIT_CHAIN)),
      keys: secret && {
        seal: createSeal(secret, "audit-arguments"),
        digest: createKeyedHash(secret, ARGUMENTS_DIGEST),
      },
    };
  } catch (err) {
    if (!(err instanceof StoreError)) throw err;
    // What stands in clear can still be replayed, and the reader says what is wrong with the store.
    shell.err(`warning: ${err.message}`);
    return { url, keys: undefined, chain: [] };
  }
}

interface Run {
  readonly summary: ReplaySummary;
  /** How many calls there are on record. */
  readonly total: number;
  readonly interrupted: boolean;
  /** Calls with a sealed part that stayed shut. */
  readonly shut: number;
  /** Whether rows are as they were written was looked at. */
  readonly checked: boolean;
  /** Rows that are not. */
  readonly altered: number;
}

interface RunOptions {
  readonly set: PolicySet;
  readonly source: Source;
  readonly options: ReplayOptions;
  readonly shell: Shell;
}

async function replayAll({ audit, definitions, witness }: StoreReader, run: RunOptions): Promise<Run> {
  const { set, source, options, shell } = run;
  const { since = Number.NEGATIVE_INFINITY } = options;
  const tally = createReplayTally(set.policies, options.limit);
  const from = options.since === undefined ? 1 : await audit.firstSince(options.since);
  // Everything is older.
  if (from === undefined)
    return { summary: tally.summary(), total: 0, interrupted: false, shut: 0, checked: true, altered: 0 };
  // What comes while this runs is for the next time: it would never end beside a busy gateway.
  const until = await audit.lastSeq();
  const total = await audit.countCalls(from);
  const others = await audit.countOthers(from);
  const chain = await chainOf(witness, source.chain);
  const read = createRowReader(definitions, source.keys, chain);
  const progress = createProgress({ output: process.stderr, total, noun: "calls", now: () => performance.now() });
  let interrupted = false;
  void shell.stopped().then(() => {
    interrupted = true;
  });

  let done = 0;
  let shut = 0;
  let altered = 0;
  const answers = createAnswers();
  for await (const page of audit.calls(from)) {
    const refused = await audit.endedAs(
      page.map(({ callId }) => callId),
      ARGUMENTS_REFUSED,
    );
    for (const row of page) {
      if (row.seq > until) break;
      done++;
      if (row.at < since) continue;
      const found = await read(row, refused.has(row.callId));
      if (found.call === undefined) {
        if (found.why === "changed") altered++;
        tally.lose(found.why);
        continue;
      }
      if (found.isShut) shut++;
      tally.add(found.call, replayCall(set, found.call, answers));
    }
    progress.at(done);
    // A signal is heard between two turns of the event loop only.
    await turn();
    if (interrupted || (page.at(-1)?.seq ?? until) >= until) break;
  }
  progress.end();
  return {
    summary: tally.summary(others),
    total,
    interrupted: interrupted && done < total,
    shut,
    checked: chain !== undefined,
    altered,
  };
}

/** By what rows are checked; `undefined` where the secrets at hand are not those of the record. */
async function chainOf(witness: StoreReader["witness"], keys: readonly KeyedHash[]): Promise<ChainKeys | undefined> {
  const since = keys.length === 0 ? undefined : await witness.keyedSince(keys);
  return since && { keys, lastUnkeyed: since.begun ? since.seq - 1 : since.seq };
}

async function report(run: Run, options: ReplayOptions, shell: Shell): Promise<void> {
  const { summary, total, interrupted, shut, checked, altered } = run;
  // A replay that was ended early has not shown that nothing changes.
  if (options.failOnChange && (summary.changed > 0 || interrupted)) shell.setExitCode(1);
  if (interrupted) shell.err(`Stopped after ${grouped(summary.calls)} of ${grouped(total)} calls.`);
  if (shut > 0) {
    const key = "Set secrets.key, or keep portcullis.key beside the database.";
    shell.err(`warning: ${grouped(shut)} calls are sealed, and the key at hand does not open them. ${key}`);
  }
  if (altered > 0) {
    shell.err(
      `warning: ${grouped(altered)} calls do not fit their hashes: somebody changed them. Run: portcullis audit verify`,
    );
  }
  if (!checked && summary.calls > 0) {
    shell.err(
      "warning: whether calls are as they were written was not checked: the secret at hand is not that of the record.",
    );
  }
  if (options.json) {
    await printJson(
      {
        ok: true,
        complete: !interrupted,
        sealed_shut: shut,
        changed_rows: checked ? altered : null,
        ...summaryJson(summary),
      },
      shell,
    );
    return;
  }
  if (summary.calls === 0) {
    shell.err("There are no calls on record, or none since then.");
    return;
  }
  await print(shell.stdout, one(summaryText(summary, painter(shell.colours))));
}

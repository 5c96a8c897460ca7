import { type Command, InvalidArgumentError } from "commander";
import { type AnchorFile, readAnchor } from "../../audit/checkpoints/anchor-file.ts";
import { readHead } from "../../audit/checkpoints/head-file.ts";
import { AUDIT_CHECKPOINTS } from "../../audit/checkpoints/statement.ts";
import { verifyRecord } from "../../audit/verify/verify-record.ts";
import { createKeyedHash } from "../../core/keyed-hash.ts";
import { createSigningKey, type SigningKey } from "../../core/signing-key.ts";
import { AUDIT_CHAIN, type ChainHead } from "../../store/audit/audit-row.ts";
import type { Shell } from "../shell.ts";
import { isTerminal, one, painter, print } from "../terminal/output.ts";
import { withStore } from "../with-store.ts";
import { type RecordPlace, recordPlace } from "./record-place.ts";
import { recordJson, recordText } from "./verdict.ts";

interface VerifyOptions {
  readonly config?: string;
  readonly store?: string;
  readonly anchor?: ChainHead | string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** Adds `audit verify` and `audit key`. */
export function registerAuditVerify(audit: Command, shell: Shell): void {
  withPlace(audit.command("verify"))
    .description("check that nobody changed the record; exit 1 if somebody did")
    .option(
      "--anchor <file|seq:hash>",
      "what is known outside the database: an anchor file, or a row noted earlier (default: audit.anchor.file)",
      parseAnchor,
    )
    .option("--strict", "exit 1 also where something could not be proven")
    .option("--json", "print the verdict as JSON")
    .addHelpText("after", HELP)
    .action((options: VerifyOptions) => verify(options, shell));

  withPlace(audit.command("key"))
    .description("print the public key with which the gateway's checkpoints can be checked")
    .addHelpText(
      "after",
      "\nExample:\n  portcullis audit key > checkpoints.pem\n\nEd25519, as PEM. A checkpoint's signature is over its canonical JSON without the signature.",
    )
    .action((options: VerifyOptions) => printKey(options, shell));
}

const HELP = `
Examples:
  portcullis audit verify
  portcullis audit verify --strict --anchor /mnt/elsewhere/anchor.jsonl
  portcullis audit verify --anchor 4711:9f2c…e1

It walks the chain under the gateway's secret, compares it with approvals, sign-ins and counts, and holds all of it against
what was written outside the database. What it cannot prove it says; --strict counts that as a failure. It only reads, also
beside a running gateway.

After the secret was replaced the configuration has it and those of before (secrets.previous_keys, the newest first): rows and
anchored checkpoints count under whichever of them they were written, a newer one never followed by an older.`;

function withPlace(command: Command): Command {
  return command
    .option("-c, --config <file>", "config file that names the store (default: portcullis.yaml)")
    .option("--store <url>", "store to read instead, like file:./data/portcullis.db; its key is looked for beside it");
}

function parseAnchor(text: string): ChainHead | string {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  if (!/^\d*(?::[0-9a-f]*)?$/i.test(text)) return text;
  throw new InvalidArgumentError("Name a file, or write the row's number, a colon, and its 64 hexadecimal digits.");
}

async function verify(options: VerifyOptions, shell: Shell): Promise<void> {
  const place = recordPlace(options, shell);
  if (place === undefined) return;
  await withStore(place.url, shell, async (store) => {
    const anchor = await anchorOf(options, place, shell);
    if (anchor === "unreadable") return;
    const { head, file } = anchor;
    const left = leftOf(place, shell);
    if (left === "unreadable") return;
    const terminal = isTerminal(shell.stdout);
    const total = await store.audit.lastSeq();
    const { opensUnder } = await import("./sealed-texts.ts");
    const verdict = await verifyRecord(store, {
      keys: place.secrets.map((secret) => createKeyedHash(secret, AUDIT_CHAIN)),
      now: Date.now(),
      opens: opensUnder(place.secrets),
      ...(head === undefined ? {} : { head }),
      ...(left === undefined ? {} : { left }),
      ...(file === undefined ? {} : { anchor: file.anchor }),
      ...(terminal
        ? {
            onProgress: (rows: number) => shell.stdout.write(`\rChecked ${rows} of ${total} rows`),
            onFile: () => shell.stdout.write("\r\u001b[KChecking the whole file"),
          }
        : {}),
    });
    if (terminal) shell.stdout.write("\r\u001b[K");
    if (verdict.findings.length > 0 || (options.strict && verdict.unproven.length > 0)) shell.setExitCode(1);
    const text = options.json
      ? `${JSON.stringify(recordJson(verdict, file))}\n`
      : recordText(verdict, file, painter(shell.colours));
    await print(shell.stdout, one(text));
  });
}

/** The row with which a gateway left the record, as the file beside the database says. */
function leftOf(place: RecordPlace, shell: Shell): ChainHead | "unreadable" | undefined {
  if (place.headFile === undefined) return undefined;
  try {
    return readHead(place.headFile, keysOf(place));
  } catch (err) {
    shell.err(`The head of the record: ${err instanceof Error ? err.message : "unknown fault"}`);
    shell.setExitCode(1);
    return "unreadable";
  }
}

interface Anchor {
  readonly head?: ChainHead;
  readonly file?: { readonly path: string; readonly anchor: AnchorFile };
}

async function anchorOf(options: VerifyOptions, place: RecordPlace, shell: Shell): Promise<Anchor | "unreadable"> {
  const { anchor } = options;
  const path = typeof anchor === "string" ? anchor : anchor === undefined ? place.anchorFile : undefined;
  if (path === undefined) return typeof anchor === "object" ? { head: anchor } : {};
  const keys = keysOf(place);
  if (keys.length === 0) {
    shell.err(`${path} was not looked at: whether its lines are genuine cannot be told without the gateway's secret.`);
    return {};
  }
  try {
    return { file: { path, anchor: await readAnchor(path, keys) } };
  } catch (err) {
    shell.err(`The anchor file cannot be read: ${err instanceof Error ? err.message : "unknown fault"}`);
    shell.setExitCode(1);
    return "unreadable";
  }
}

function keysOf({ secrets }: RecordPlace): readonly SigningKey[] {
  return secrets.map((secret) => createSigningKey(secret, AUDIT_CHECKPOINTS));
}

async function printKey(options: VerifyOptions, shell: Shell): Promise<void> {
  const place = recordPlace(options, shell);
  if (place === undefined) return;
  const [key] = keysOf(place);
  if (key === undefined) {
    shell.err(
      "The gateway's secret is not at hand. Name its configuration with -c, or put portcullis.key back beside the database.",
    );
    shell.setExitCode(1);
    return;
  }
  await print(shell.stdout, one(key.publicPem));
}

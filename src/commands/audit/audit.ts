import { type Command, Option } from "commander";
import { auditEntryJson } from "../../audit/read/entry-json.ts";
import { listedEntries } from "../../audit/read/listed-entries.ts";
import { DECISION_EFFECTS } from "../../core/decision.ts";
import { writeExact } from "../../core/exact-json.ts";
import { AUDIT_KINDS } from "../../store/audit/audit-row.ts";
import type { AuditEntry, AuditFilter, AuditPage, AuditReader } from "../../store/audit/audit-rows.ts";
import { DEFAULT_CONFIG, loadOrExplain } from "../load.ts";
import type { Shell } from "../shell.ts";
import { one, painter, print } from "../terminal/output.ts";
import { parseSince } from "../terminal/since.ts";
import { wholeNumber } from "../terminal/whole-number.ts";
import { withStore } from "../with-store.ts";
import { auditTable, exportLine } from "./format.ts";
import { registerAuditVerify } from "./verify.ts";

interface Place {
  readonly config: string;
  readonly store?: string;
}

interface ListOptions extends Place {
  readonly user?: string;
  readonly tool?: string;
  readonly method?: string;
  readonly subject?: string;
  readonly upstream?: string;
  readonly decision?: string;
  readonly kind?: AuditEntry["kind"];
  readonly code?: string;
  readonly outcome?: string;
  readonly client?: string;
  readonly policy?: string;
  readonly shadow?: boolean;
  readonly approval?: string;
  readonly call?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit: number;
  readonly cursor?: number;
  readonly json?: boolean;
}

interface ExportOptions extends Place {
  readonly since?: number;
  readonly from?: number;
}

/** Adds `audit list`, `audit export`, `audit verify` and `audit key`. They only read, also beside a running gateway. */
export function registerAuditCommands(program: Command, shell: Shell): void {
  const audit = program.command("audit").description("read the record of every decision");
  const since = new Option("--since <when>", "from then on: 30m, 12h, 7d, or a date").argParser((text) =>
    parseSince(text, Date.now()),
  );

  withPlace(audit.command("list"))
    .description("requests and what became of them, newest last")
    .option("--user <who>", "subject or e-mail")
    .option("--tool <name>", "tool, or upstream/tool")
    .option("--method <name>", "requests of this method, as prompts/get")
    .option("--subject <name>", "own name of a tool or prompt, or URI of a resource as it stands on record")
    .option("--upstream <name>", "upstream")
    .addOption(new Option("--decision <what>", "decision").choices(DECISION_EFFECTS))
    .addOption(
      new Option("--kind <kind>", "requests, decisions of people, acts at the gateway, or refused requests").choices(
        AUDIT_KINDS.filter((kind) => kind !== "closed" && kind !== "checkpoint"),
      ),
    )
    .option("--code <code>", "requests that were refused with this code, as TOKEN_INVALID")
    .option(
      "--outcome <how>",
      "how it ended: a word of the column OUTCOME, failed for all that failed, fault, or malformed",
    )
    .option("--client <name>", "id of the client's credential, or what the program calls itself")
    .option("--policy <id>", "calls on which this policy matched, in shadow too")
    .option("--shadow", "calls on which a policy in shadow mode matched")
    .option("--approval <id>", "the whole story of an approval request: who asked, who decided, what came of it")
    .option("--call <id>", "one call by its id, or all calls of a trace")
    .addOption(since)
    .addOption(new Option("--until <when>", "before then").argParser((text) => parseSince(text, Date.now())))
    .option("--limit <count>", "at most so many, 1 to 1000", wholeNumber(1, 1000), 50)
    .option("--cursor <seq>", "older than this entry; the list says which", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option("--json", "print {items, next_cursor}")
    .addHelpText(
      "after",
      "\nExamples:\n  portcullis audit list --decision deny --since 24h\n  portcullis audit list --outcome failed --since 12h\n  portcullis audit list --user ann@acme.com --tool crm/delete_customer --json\n  portcullis audit list --method prompts/get --subject summary\n  portcullis audit list --kind refused --since 1h\n  portcullis audit list --code TOKEN_INVALID\n  portcullis audit list --shadow --since 7d\n  portcullis audit list --policy large-expenses --limit 20\n  portcullis audit list --approval apr_7Qk1xHcT2mVd0pZsW9LbaE\n\nPOLICIES are those that matched, before the call and on its result. One in shadow mode is marked: it changed nothing.\nRefused requests are listed where --kind, --code, --outcome or --call asks for them.",
    )
    .action((options: ListOptions) => reading(options, shell, (reader) => list(reader, options, shell)));

  withPlace(audit.command("export"))
    .description("raw rows with their hashes, as JSON Lines")
    .addOption(since)
    .option("--from <seq>", "from this row on", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option("--json", "JSON Lines is what it always prints")
    .addHelpText(
      "after",
      "\nExamples:\n  portcullis audit export > audit.jsonl\n  portcullis audit export --since 7d | jq 'select(.decision == \"deny\")'\n\nEach row's hash is HMAC-SHA-256 (hex), under a key of the gateway's secret, of its prev_hash, a line feed, and the JSON list of\nthe values before prev_hash in their order, as many as the row has: definition_digest, facts, approval, challenge, method,\nsubject_kind and subject are left out where they would end it empty. Rows without a scheme are of before there was a key: theirs is SHA-256.\nat is in ms since the epoch, UTC.",
    )
    .action((options: ExportOptions) => reading(options, shell, (reader) => exportRows(reader, options, shell)));

  registerAuditVerify(audit, shell);
}

function withPlace(command: Command): Command {
  return command
    .option("-c, --config <file>", "config file that names the store", DEFAULT_CONFIG)
    .option("--store <url>", "store to read instead, like file:./data/portcullis.db");
}

async function reading(place: Place, shell: Shell, act: (reader: AuditReader) => Promise<void>) {
  const url = place.store ?? loadOrExplain(shell, place.config)?.store.url;
  if (url === undefined) return;
  await withStore(url, shell, (store) => act(store.audit));
}

async function list(reader: AuditReader, options: ListOptions, shell: Shell): Promise<void> {
  const page = await listFully(reader, listedEntries(filterOf(options)));
  if (options.json) {
    const answer = { items: page.entries.map(auditEntryJson), next_cursor: page.nextCursor ?? null };
    await print(shell.stdout, one(`${writeExact(answer, "  ")}\n`));
    return;
  }
  if (page.entries.length === 0) {
    shell.err("Nothing on record that matches.");
    return;
  }
  await print(shell.stdout, one(auditTable(page.entries, painter(shell.colours))));
  if (page.nextCursor !== undefined) shell.err(`There is more: add --cursor ${page.nextCursor}`);
}

/** So many entries as were asked for, however far back they stand. */
async function listFully(reader: AuditReader, filter: AuditFilter): Promise<AuditPage> {
  let entries: readonly AuditEntry[] = [];
  let { cursor } = filter;
  do {
    const limit = filter.limit - entries.length;
    const page = await reader.list({ ...filter, limit, ...(cursor === undefined ? {} : { cursor }) });
    entries = [...page.entries, ...entries];
    cursor = page.nextCursor;
  } while (cursor !== undefined && entries.length < filter.limit);
  return { entries, nextCursor: cursor };
}

function filterOf(options: ListOptions): AuditFilter {
  const {
    user,
    method,
    subject,
    decision,
    kind,
    code,
    outcome,
    client,
    policy,
    shadow,
    approval,
    call,
    since,
    until,
    limit,
    cursor,
  } = options;
  const slash = options.upstream === undefined ? (options.tool?.indexOf("/") ?? -1) : -1;
  const upstream = slash > 0 ? options.tool?.slice(0, slash) : options.upstream;
  const tool = options.tool?.slice(slash + 1);
  return {
    limit,
    ...(user === undefined ? {} : { user }),
    ...(upstream === undefined ? {} : { upstream }),
    ...(tool === undefined ? {} : { tool }),
    ...(method === undefined ? {} : { method }),
    ...(subject === undefined ? {} : { subject }),
    ...(decision === undefined ? {} : { decision }),
    ...(kind === undefined ? {} : { kind }),
    ...(code === undefined ? {} : { code }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(client === undefined ? {} : { client }),
    ...(policy === undefined ? {} : { policy }),
    ...(shadow === undefined ? {} : { shadow }),
    ...(approval === undefined ? {} : { approval }),
    ...(call === undefined ? {} : { call }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

async function exportRows(reader: AuditReader, options: ExportOptions, shell: Shell): Promise<void> {
  const first = options.since === undefined ? 1 : await reader.firstSince(options.since);
  // Everything is older: an empty export, not the whole.
  if (first === undefined) return;
  await print(shell.stdout, lines(reader, Math.max(first, options.from ?? 1)));
}

async function* lines(reader: AuditReader, fromSeq: number): AsyncGenerator<string> {
  for await (const page of reader.pages(fromSeq)) yield page.map(exportLine).join("");
}

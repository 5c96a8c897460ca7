import { readUpstreamEntry } from "../../config/checks/upstream-entry.ts";
import type { Config } from "../../config/schema/schema.ts";
import type { Json } from "../../core/json.ts";
import type { Log } from "../../core/log.ts";
import type { Seal } from "../../core/seal.ts";
import type { RegisteredUpstreamRecord, RegisteredUpstreamStore } from "../../store/upstreams/registered-upstreams.ts";
import { openEntry, type Registration, sealEntry } from "./registration.ts";

/** What of a configuration is taken over while the gateway runs. */
export type LiveConfig = Pick<Config, "upstreams" | "endpoints">;

/** One upstream that runs, of the file or of the store. `confined` are those of the store. */
export interface RegistryEntry {
  readonly upstream: Config["upstreams"][number] & { readonly confined?: true };
  readonly registered: Registration | undefined;
}

/** The upstreams of the configuration together with those that were added at run time. */
export interface UpstreamRegistry {
  /** Those that run: the file's in its order, then the registered, the one added first first. */
  entries(): readonly RegistryEntry[];
  endpoints(): Config["endpoints"];
  /** Whether an upstream or an endpoint has this name already. One that is stored and does not run counts, too. */
  taken(name: string): boolean;
  /** Takes over a file that has changed. A registered upstream whose name it takes rests until it is free again. */
  configure(config: LiveConfig): void;
  /** Stores one, then has it run. @throws StoreError */
  add(name: string, entry: Json, registration: Registration): Promise<"added" | "exists" | "too_many">;
  /** Forgets one of the store, then ends it; whether there was one. @throws StoreError */
  remove(name: string): Promise<boolean>;
  /** Looks no more at what other processes add. */
  close(): Promise<void>;
}

export interface UpstreamRegistryDeps {
  readonly store: RegisteredUpstreamStore;
  /** Of a purpose of its own. */
  readonly seal: Seal;
  readonly config: LiveConfig & Pick<Config, "registration">;
  /** Has exactly these run. Called at once, and whenever they are others. */
  readonly apply: (upstreams: readonly RegistryEntry["upstream"][], endpoints: Config["endpoints"]) => void;
  readonly log: Log;
  /** How often it looks at what other processes on this store added, ms. Default 2,000. */
  readonly pollMs?: number;
}

/** What a row of the store was read as; `undefined` for one that cannot run here. */
interface StoredEntry {
  readonly sealed: string;
  readonly entry: RegistryEntry | undefined;
}

/** So many can be registered. */
const MAX_REGISTERED = 500;

/** Reads what is stored and has everything run. @throws StoreError */
export async function openUpstreamRegistry(deps: UpstreamRegistryDeps): Promise<UpstreamRegistry> {
  const { store, log } = deps;
  let config: LiveConfig = deps.config;
  let stored: ReadonlyMap<string, StoredEntry> = new Map();
  let entries: readonly RegistryEntry[] = [];
  let version: string | undefined;
  let resting: ReadonlySet<string> = new Set();
  let reading: Promise<void> = Promise.resolve();
  let troubled = false;

  const inFile = (name: string): boolean =>
    config.upstreams.some((upstream) => upstream.name === name) ||
    config.endpoints.some((endpoint) => endpoint.name === name);

  const applyAll = (): void => {
    const rests = new Set([...stored.keys()].filter(inFile));
    for (const name of rests) {
      if (resting.has(name)) continue;
      const message =
        "The configuration file has taken the name of a registered upstream, which does not run meanwhile.";
      log.warn({ upstream: name }, message);
    }
    resting = rests;
    const registered = [...stored.values()].flatMap(({ entry }) => (entry === undefined ? [] : [entry]));
    entries = [
      ...config.upstreams.map((upstream) => ({ upstream, registered: undefined })),
      ...registered.filter((entry) => !rests.has(entry.upstream.name)),
    ];
    deps.apply(
      entries.map((entry) => entry.upstream),
      config.endpoints,
    );
  };

  const readNow = async (): Promise<void> => {
    // Before the rows: what changes between the two is another version at the next look.
    const next = await store.version();
    if (next === version) return;
    const rows = await store.all();
    const before = stored;
    stored = new Map(
      rows.map((row) => {
        const known = before.get(row.name);
        // Opened and checked once: one that comes must not cost as much as all that are there.
        return [row.name, known?.sealed === row.entry ? known : { sealed: row.entry, entry: readRow(row, deps) }];
      }),
    );
    version = next;
    applyAll();
  };

  /** One reading after the other, so that an older one never overtakes a newer. */
  const read = (): Promise<void> => {
    const next = reading.then(readNow);
    reading = next.catch(() => {});
    return next;
  };

  const look = async (): Promise<void> => {
    try {
      await read();
      troubled = false;
    } catch (err) {
      if (!troubled) log.warn({ err }, "The registered upstreams could not be looked at; it is tried again.");
      troubled = true;
    }
  };

  await read();
  // One query over a few short rows; an idle process does nothing else.
  const poll = setInterval(() => void look(), deps.pollMs ?? 2_000);
  poll.unref();

  return {
    entries: () => entries,
    endpoints: () => config.endpoints,
    taken: (name) => inFile(name) || stored.has(name),
    configure(next) {
      config = next;
      applyAll();
    },
    async add(name, entry, { at, ...by }) {
      const sealed = sealEntry(deps.seal, name, entry, { at, ...by });
      const added = await store.add({ name, entry: sealed, ...by, registeredAt: at }, MAX_REGISTERED);
      if (added === "added") await read();
      return added;
    },
    async remove(name) {
      const removed = await store.remove(name);
      if (removed) await read();
      return removed;
    },
    async close() {
      clearInterval(poll);
      await reading;
    },
  };
}

/** A stored row as an upstream; `undefined`, and a line in the log, for one that cannot run here. */
function readRow(row: RegisteredUpstreamRecord, deps: UpstreamRegistryDeps): RegistryEntry | undefined {
  const { name, issuer, subject, email, registeredAt: at } = row;
  const rests = (why: string, fields: object = {}): undefined => {
    deps.log.error({ upstream: name, ...fields }, `A registered upstream does not run: ${why}`);
  };
  const entry = openEntry(deps.seal, row);
  if (entry === undefined) {
    return rests(
      "it was changed in the database, or stored under another secret key. Run: portcullis audit verify. Then remove it, and register it again.",
    );
  }
  const read = readUpstreamEntry(name, entry);
  if (!read.ok) return rests("this version cannot use its entry.", { mistakes: read.mistakes });
  if (read.upstream.transport.kind === "stdio" && !deps.config.registration.commands) {
    return rests("it is a program, and registration.commands is off.");
  }
  return { upstream: { ...read.upstream, confined: true }, registered: { issuer, subject, email, at } };
}

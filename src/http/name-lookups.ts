import { promises as dns, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { LRUCache } from "lru-cache";
import { withDeadline } from "../core/deadline.ts";

/** Every address of a name. @throws when the name has none or nobody can tell */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** A name of which nobody said in time where it leads. */
export class NameUnanswered extends Error {
  readonly code = "EAI_AGAIN";

  constructor(hostname: string) {
    super(`No name server said in time where ${hostname} is.`);
  }
}

export interface NameLookupOptions {
  /** The system's resolver: it holds a thread until its name server answers. */
  readonly resolve: Resolve;
  /** Lookups at the same time. */
  readonly slots: number;
  /** ms by a clock that only goes forward. */
  readonly now: () => number;
}

/** Where a name led is used without asking for so long (ms) … */
const FRESH_MS = 5_000;
/** … and while its name server does not answer. */
const STALE_MS = 10 * 60_000;
/** How long whoever has such an answer waits for a newer one, … */
const PATIENCE_MS = 200;
/** … and whoever has none. */
const LATEST_MS = 5_000;
/** A name that does not exist is not looked up again before. */
const ABSENT_MS = 1_000;
/** After an unanswered lookup, doubled by each further one. */
const FIRST_PAUSE_MS = 5_000;
const LAST_PAUSE_MS = 60_000;
const MAX_NAMES = 1_000;

interface KnownName {
  found: { readonly addresses: readonly LookupAddress[]; readonly at: number } | undefined;
  /** The one lookup of it that is under way, shared by all who ask. */
  pending: { readonly answer: Promise<readonly LookupAddress[]>; readonly since: number } | undefined;
  failed: { readonly err: unknown; readonly until: number } | undefined;
  /** Lookups in a row that nobody answered. */
  unanswered: number;
}

/**
 * Looks up names so that one whose name server is silent costs nobody else. The system has few threads for it, and each
 * lookup holds one until it is answered or given up, which takes ten seconds and more. So there is one lookup at a time for a
 * name, names that went unanswered leave a thread to the others, and where a name led before counts while nobody answers.
 */
export class NameLookups {
  readonly #options: NameLookupOptions;
  readonly #names = new LRUCache<string, KnownName>({ max: MAX_NAMES });
  readonly #queue: { readonly silent: boolean; readonly run: () => void }[] = [];
  #running = 0;
  #runningSilent = 0;

  constructor(options: NameLookupOptions) {
    this.#options = options;
  }

  /** All addresses of a name, in five seconds at most. @throws where it has none or nobody can tell */
  async resolve(hostname: string): Promise<readonly LookupAddress[]> {
    const name = this.#nameOf(hostname);
    const now = this.#options.now();
    const age = name.found === undefined ? Number.POSITIVE_INFINITY : now - name.found.at;
    if (name.found !== undefined && age < FRESH_MS) return name.found.addresses;
    const last = age < STALE_MS ? name.found?.addresses : undefined;
    if (name.pending === undefined) {
      if (name.failed !== undefined && now < name.failed.until) return orThrow(last, name.failed.err);
      name.pending = { answer: this.#lookUp(hostname, name), since: now };
    } else if (now - name.pending.since >= LATEST_MS) return orThrow(last, new NameUnanswered(hostname));
    const { answer } = name.pending;
    // What is known counts for as long as nobody says otherwise: that there is no such name is an answer.
    const answered = answer.catch((err: unknown) => orThrow(name.found && last, err));
    const late = () => orThrow(last, new NameUnanswered(hostname));
    return withDeadline(last === undefined ? LATEST_MS : PATIENCE_MS, answered, late);
  }

  /** As `net.connect` asks. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.resolve(hostname).then(
      (addresses) => answerLookup(addresses, options, callback),
      (err: unknown) => callback(err instanceof Error ? err : new NameUnanswered(hostname), ""),
    );
  };

  #nameOf(hostname: string): KnownName {
    const before = this.#names.get(hostname);
    if (before !== undefined) return before;
    const name: KnownName = { found: undefined, pending: undefined, failed: undefined, unanswered: 0 };
    this.#names.set(hostname, name);
    return name;
  }

  async #lookUp(hostname: string, name: KnownName): Promise<readonly LookupAddress[]> {
    const { resolve, now } = this.#options;
    const silent = name.unanswered > 0;
    await this.#turn(silent);
    try {
      const addresses = await resolve(hostname);
      name.found = { addresses, at: now() };
      name.failed = undefined;
      name.unanswered = 0;
      return addresses;
    } catch (err) {
      this.#noteFailure(name, err);
      throw err;
    } finally {
      name.pending = undefined;
      this.#done(silent);
    }
  }

  #noteFailure(name: KnownName, err: unknown): void {
    const isSilence = err instanceof Error && "code" in err && (err.code === "EAI_AGAIN" || err.code === "ETIMEOUT");
    if (!isSilence) name.found = undefined;
    name.unanswered = isSilence ? name.unanswered + 1 : 0;
    const pause = isSilence ? Math.min(FIRST_PAUSE_MS * 2 ** (name.unanswered - 1), LAST_PAUSE_MS) : ABSENT_MS;
    name.failed = { err, until: this.#options.now() + pause };
  }

  #turn(silent: boolean): Promise<void> {
    return new Promise((run) => {
      this.#queue.push({ silent, run });
      this.#next();
    });
  }

  #done(silent: boolean): void {
    this.#running -= 1;
    if (silent) this.#runningSilent -= 1;
    this.#next();
  }

  #next(): void {
    const { slots } = this.#options;
    if (this.#running >= slots) return;
    // One slot at least is left to names that are answered.
    const maySilent = this.#runningSilent < Math.max(1, slots - 1);
    const answering = this.#queue.findIndex(({ silent }) => !silent);
    const index = answering >= 0 ? answering : maySilent ? 0 : -1;
    const [turn] = index < 0 ? [] : this.#queue.splice(index, 1);
    if (turn === undefined) return;
    this.#running += 1;
    if (turn.silent) this.#runningSilent += 1;
    turn.run();
  }
}

function orThrow<T>(value: T | undefined, err: unknown): T {
  if (value === undefined) throw err;
  return value;
}

/** Answers `net.connect` with what a name led to. */
export function answerLookup(
  addresses: readonly LookupAddress[],
  { family, all }: Parameters<LookupFunction>[1],
  callback: Parameters<LookupFunction>[2],
): void {
  const wanted = family === 4 || family === 6 ? addresses.filter((one) => one.family === family) : addresses;
  const [first] = wanted;
  if (first === undefined) callback(new Error("Its name leads to no address of this family."), "");
  else if (all === true) callback(null, [...wanted]);
  else callback(null, first.address, first.family);
}

/** The system gives lookups two of its four threads. */
const SLOTS = 2;

/** Of the whole process, as its threads are: whoever connects to a name looks it up here. */
export const nameLookups = new NameLookups({
  resolve: (hostname) => dns.lookup(hostname, { all: true }),
  slots: SLOTS,
  now: () => performance.now(),
});

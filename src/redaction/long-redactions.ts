import type { Cancellation } from "../core/cancellation.ts";
import { HeavySources } from "./heavy-sources.ts";
import type { RedactedBytes } from "./redact-bytes.ts";
import { mergeRedactions, type Redaction } from "./redaction.ts";
import { SearchThread, type ThreadData } from "./search-thread.ts";
import type { ResultKind } from "./shapes/result-kinds.ts";

/** From so many bytes on a result is searched in a thread of its own. Hostile texts take up to 3 µs for each character. */
export const LONG_BYTES = 16 * 1024;

/** From so many on it waits behind what takes long, too. */
const HEAVY_BYTES = 1024 * 1024;

/** Whose result is searched. */
export interface ResultOwner {
  /** The upstream that gave it. */
  readonly source: string;
  /** `personKey` of the caller. */
  readonly holder: string;
}

/**
 * Searches long results beside the event loop in two threads, each one result at a time and one person's after another's: one
 * thread for servers whose results took much time of late, and for very long ones, the other for everybody else.
 */
export interface LongRedactions {
  /**
   * What `redactBytes` makes of a result. Withheld where it takes too long, where too many of this principal wait
   * already, and once `cancellation` says that nobody wants it any more: it is searched no longer then. @throws never
   */
  redact(
    kind: ResultKind,
    bytes: Uint8Array,
    redactions: readonly Redaction[],
    owner: ResultOwner,
    cancellation?: Cancellation,
  ): Promise<RedactedBytes>;
  close(): Promise<void>;
}

export interface LongRedactionsDeps extends ThreadData {
  /** The longest that one result may take, in ms. */
  readonly maxMs?: number;
  /** ms by a clock that only goes forward. */
  readonly now?: () => number;
}

const MAX_MS = 10_000;

export function createLongRedactions(deps: LongRedactionsDeps): LongRedactions {
  const { secret, purpose, maxMs = MAX_MS, now = () => performance.now() } = deps;
  const heavy = new HeavySources(now);
  const quick = new SearchThread({ secret, purpose }, maxMs);
  const slow = new SearchThread({ secret, purpose }, maxMs);

  return {
    async redact(kind, bytes, redactions, { source, holder }, cancellation) {
      const { detectors, paths, binary } = mergeRedactions(redactions);
      const its = paths.map(({ path, with: how }) => [path.text, how] as const);
      const thread = bytes.length >= HEAVY_BYTES || heavy.has(source) ? slow : quick;
      // With memory of its own, which the thread takes over.
      const job = () => ({ kind, bytes: new Uint8Array(bytes), detectors: [...detectors], paths: its, binary });
      const { answer, tookMs } = await thread.search(job, holder, cancellation);
      heavy.add(source, tookMs);
      return answer;
    },
    async close() {
      await Promise.all([quick.close(), slow.close()]);
    },
  };
}

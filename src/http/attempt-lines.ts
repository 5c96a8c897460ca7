import type { Log } from "../core/log.ts";

/** Networks that get lines of their own within one window; the others are counted together. */
const MAX_NETWORKS = 20;

/** A timer may be a little early. */
const MARGIN_MS = 10;

/** What the log hears of refused credentials: the first of each network, and at the end of the window how many there were. */
export interface AttemptLines {
  /** `at`: where it was tried. */
  refused(network: string, at: string): void;
  /** It was not looked at any more. */
  held(network: string, at: string): void;
}

/** Makes them. A window begins with its first line and is `windowMs` long; so much is kept for one and no more. */
export function createAttemptLines(log: Log, windowMs: number): AttemptLines {
  let counts = new Map<string, Counts>();
  let others = emptyCounts();

  function end(): void {
    for (const [address, { refused, held }] of counts) {
      if (refused + held > 1) log.info({ address, refused, held }, "Credentials from one address that were refused");
    }
    const { refused, held } = others;
    if (refused + held > 0) log.info({ refused, held }, "Credentials from other addresses that were refused");
    counts = new Map();
    others = emptyCounts();
  }

  function countsOf(network: string): Counts | undefined {
    const known = counts.get(network);
    if (known !== undefined) return known;
    if (counts.size === 0) setTimeout(end, windowMs + MARGIN_MS).unref();
    if (counts.size >= MAX_NETWORKS) return undefined;
    const fresh = emptyCounts();
    counts.set(network, fresh);
    return fresh;
  }

  return {
    refused(network, at) {
      const own = countsOf(network);
      if (own?.refused === 0)
        log.info({ address: network, at }, "A credential was refused; more from there are counted");
      (own ?? others).refused += 1;
    },
    held(network, at) {
      const own = countsOf(network);
      if (own?.held === 0) {
        log.info(
          { address: network, at },
          "Too many credentials from there were refused, and others are not looked at",
        );
      }
      (own ?? others).held += 1;
    },
  };
}

interface Counts {
  refused: number;
  held: number;
}

function emptyCounts(): Counts {
  return { refused: 0, held: 0 };
}

import { createHmac, randomBytes } from "node:crypto";
import { retrySeconds } from "../core/duration.ts";
import type { Log } from "../core/log.ts";
import { addressText, networkAddress, readAddress } from "./addresses/address-class.ts";
import { createAttemptLines } from "./attempt-lines.ts";

/** How many credentials may be refused within a time. */
export interface AttemptBounds {
  /** ms. */
  readonly windowMs: number;
  /** Of one credential, which is whatever begins like it, from one network. */
  readonly perCredential: number;
  /** Of whatever credentials from one network. Many people may be behind one address, so it is far more. */
  readonly perNetwork: number;
}

/** A person mistypes a few times, and a program repeats itself; whoever tries more often guesses. */
export const ATTEMPT_BOUNDS: AttemptBounds = { windowMs: 60_000, perCredential: 10, perNetwork: 1_000 };

/** A credential that is about to be checked. */
export interface CredentialAttempt {
  /** From where; see `ClientAddress`. */
  readonly ip: string;
  readonly credential: string;
  /** Where it is tried, for the log: fixed text, and nothing of the request. */
  readonly at: string;
}

/** Whether it may be checked. */
export type AttemptVerdict =
  /** `end` is called once, with whether it was refused. What nobody could tell was not. */
  | { readonly ok: true; readonly end: (refused: boolean) => void }
  /** `retryAfterS`: when the next one may be tried, in whole seconds from now, as `Retry-After` has them. */
  | { readonly ok: false; readonly retryAfterS: number };

/** Counts the credentials that were refused in the last moments, wherever they were tried, in this process. */
export interface Attempts {
  /** Counts it as refused until it ends otherwise, so that many at once are no way around. @throws never */
  begin(attempt: CredentialAttempt): AttemptVerdict;
}

export interface AttemptDeps {
  /** ms since the epoch. */
  readonly now: () => number;
  readonly log: Log;
  readonly bounds?: AttemptBounds;
}

/** Counters of each kind. Two that share one are counted together, which takes more attempts than a network has. */
const SLOTS = 65_536;

/**
 * Counts in windows of fixed length, in tables of fixed size: where somebody stands in them depends on a secret of this
 * process, so that nobody can aim at another's place, and no flood of addresses makes anything grow.
 */
export function createAttempts({ now, log, bounds = ATTEMPT_BOUNDS }: AttemptDeps): Attempts {
  const secret = randomBytes(32);
  const slotOf = (text: string): number => createHmac("sha256", secret).update(text).digest().readUInt16BE(0);
  const credentials = new Uint16Array(SLOTS);
  const networks = new Uint16Array(SLOTS);
  const lines = createAttemptLines(log, bounds.windowMs);
  let since = Number.NEGATIVE_INFINITY;

  function turn(at: number): void {
    // A clock that was set back begins a window, too.
    if (at >= since && at - since < bounds.windowMs) return;
    since = at;
    credentials.fill(0);
    networks.fill(0);
  }

  return {
    begin({ ip, credential, at }) {
      const time = now();
      turn(time);
      const network = networkOf(ip);
      const own = slotOf(`${network}\n${credentialPrefix(credential)}`);
      const shared = slotOf(network);
      if (countOf(credentials, own) >= bounds.perCredential || countOf(networks, shared) >= bounds.perNetwork) {
        lines.held(network, at);
        return { ok: false, retryAfterS: retrySeconds(since + bounds.windowMs - time) };
      }
      credentials[own] = countOf(credentials, own) + 1;
      networks[shared] = countOf(networks, shared) + 1;
      const window = since;
      return {
        ok: true,
        end(refused) {
          if (refused) lines.refused(network, at);
          if (refused || since !== window) return;
          credentials[own] = countOf(credentials, own) - 1;
          networks[shared] = countOf(networks, shared) - 1;
        },
      };
    },
  };
}

function countOf(table: Uint16Array, slot: number): number {
  return table[slot] ?? 0;
}

/** Of keys the first characters; of tokens everything but the signature, since the beginning is the same for all. */
function credentialPrefix(credential: string): string {
  const dot = credential.lastIndexOf(".");
  return credential.slice(0, dot < 0 ? KEY_PREFIX_CHARS : dot);
}

/** Enough that two keys hardly ever begin alike: `pk_` and 48 bits. */
const KEY_PREFIX_CHARS = 11;

/** The address that counts for a client's: one household or server has a whole network of IPv6 addresses. @throws never */
export function networkOf(ip: string): string {
  const address = readAddress(ip);
  if (address === undefined) return ip;
  const text = addressText(address);
  return text.includes(":") ? `${addressText(networkAddress(address, 64))}/64` : text;
}

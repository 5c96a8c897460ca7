import { asEscape, cut, escapeForDisplay } from "../core/display.ts";
import { randomId } from "../core/ids.ts";
import { type CredentialClaim, isRecordedRefusal, type Refusals, type RefusedRequest } from "../core/refusals.ts";
import type { Audit, RefusalAct } from "./audit.ts";
import { REDACTED } from "./secrets/redact.ts";
import { scrubText } from "./secrets/secrets.ts";

/** Refusals that are alike are counted together for so long. */
export const REFUSAL_WINDOW_MS = 60_000;

/** Refusals of one address that are told apart in one window, and of all: the others are counted by their codes alone. */
const MAX_OF_ADDRESS = 50;
const MAX_WINDOWS = 500;

/** Rows that are made without a pause when a window ends. */
const ROWS_AT_ONCE = 50;

/** Characters of a text that whoever is refused has chosen. */
const MAX_TEXT = 128;
/** So many are looked at: what is secret in the part that is kept can be told by what stands behind it. */
const MAX_SEEN = 1_024;

/** The recorder of refusals, with its end. */
export interface RecordedRefusals extends Refusals {
  /** Writes down what was only counted so far. */
  close(): void;
}

/** Refusals that are alike. */
interface Alike {
  /** Its first, as it stands on record. */
  readonly act: Omit<RefusalAct, "count" | "since">;
  count: number;
}

/** What was refused since the first one. */
interface Minute {
  readonly alike: Map<string, Alike>;
  /** How many of them there are by network. */
  readonly networks: Map<string, number>;
  /** The addresses from which they came first. */
  readonly addresses: Set<string>;
  readonly timer: NodeJS.Timeout;
}

/**
 * Makes the recorder. The first of several refusals that are alike is on record at once; how many came after it, in one more row of the
 * same id when the minute is over. So much is kept and written in a minute and no more, whoever asks from wherever: what is beyond is
 * counted by code.
 */
export function createRefusals(deps: {
  readonly audit: Pick<Audit, "record">;
  /** Addresses that count as one. */
  readonly networkOf: (ip: string) => string;
  /** ms since the epoch. */
  readonly now: () => number;
}): RecordedRefusals {
  const { audit, networkOf, now } = deps;
  let minute: Minute | undefined;
  let ended: Alike[] = [];

  function begin(): Minute {
    const timer = setTimeout(end, REFUSAL_WINDOW_MS).unref();
    return { alike: new Map(), networks: new Map(), addresses: new Set(), timer };
  }

  function end(): void {
    if (minute === undefined) return;
    clearTimeout(minute.timer);
    ended.push(...[...minute.alike.values()].filter(({ count }) => count > 1));
    minute = undefined;
    writeSome();
  }

  /** A few rows, then the turn of others. */
  function writeSome(): void {
    for (const each of ended.splice(0, ROWS_AT_ONCE)) write(each);
    if (ended.length > 0) setImmediate(writeSome);
  }

  function write({ act, count }: Alike): void {
    audit.record({ ...act, at: now(), since: act.at, count: count - 1 });
  }

  function alikeOf(request: RefusedRequest): Alike {
    minute ??= begin();
    const { alike, networks, addresses } = minute;
    const full = alike.size >= MAX_WINDOWS;
    // Who is unknown while there is no room is not looked at any further.
    if (full && !addresses.has(request.ip)) return sharedOf(alike, request);
    const network = networkOf(request.ip);
    const of = networks.get(network) ?? 0;
    const claim = request.claim();
    const key = keyOf(network, request, claim);
    const known = alike.get(key);
    if (known !== undefined) return known;
    if (full || of >= MAX_OF_ADDRESS) return sharedOf(alike, request);
    networks.set(network, of + 1);
    addresses.add(request.ip);
    return add(alike, key, actOf(request, claim, { ip: network, endpoint: request.endpoint, at: now() }));
  }

  return {
    refused(request) {
      if (request.at !== "sign_in" && !isRecordedRefusal(request.code)) return;
      const alike = alikeOf(request);
      alike.count += 1;
      // The first says from which address it came; those that are counted, from which network.
      if (alike.count === 1) {
        const { act } = alike;
        audit.record({ ...act, ip: act.ip === undefined ? undefined : request.ip, count: 1, since: undefined });
      }
    },
    close() {
      end();
      for (const each of ended) write(each);
      ended = [];
    },
  };

  function sharedOf(alike: Map<string, Alike>, request: RefusedRequest): Alike {
    const key = `${request.at === "sign_in"} ${request.code}`;
    const known = alike.get(key);
    if (known !== undefined) return known;
    const bare: RefusedRequest = { code: request.code, at: request.at, ip: "", claim: request.claim };
    return add(alike, key, actOf(bare, undefined, { ip: undefined, endpoint: undefined, at: now() }));
  }
}

function add(alike: Map<string, Alike>, key: string, act: Alike["act"]): Alike {
  const fresh = { act, count: 0 };
  alike.set(key, fresh);
  return fresh;
}

function keyOf(network: string, request: RefusedRequest, { kind, issuer = "" }: CredentialClaim): string {
  const { code, at, method = "", endpoint = "", principal } = request;
  const texts = [issuer, method, endpoint].map((text) => text.slice(0, MAX_SEEN));
  return JSON.stringify([network, code, at, kind, ...texts, principal?.issuer, principal?.subject]);
}

function actOf(
  { code, at: where, method, principal }: RefusedRequest,
  claim: CredentialClaim | undefined,
  { ip, endpoint, at }: { ip: string | undefined; endpoint: string | undefined; at: number },
): Alike["act"] {
  return {
    about: "refused",
    id: `ref_${randomId()}`,
    ...{ at, code, where, ip },
    credential: claim?.kind,
    issuer: harmless(claim?.issuer),
    method: harmless(method),
    endpoint: harmless(endpoint),
    actor: principal && { issuer: principal.issuer, subject: principal.subject, email: principal.email },
  };
}

/** A text that a stranger chose: without what looks like a secret, short, and nothing in it hides or speaks to a terminal. */
function harmless(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  return cut(escapeForDisplay(scrubText(text.slice(0, MAX_SEEN), MAX_TEXT, REDACTED), asEscape), 2 * MAX_TEXT);
}

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Audit, AuditOpening } from "../../src/audit/audit.ts";
import { type AuditLimits, createAudit } from "../../src/audit/create-audit.ts";
import { buildView } from "../../src/catalog/view.ts";
import type { ClientPeer, Notification } from "../../src/core/call.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { RawJson } from "../../src/core/raw-json.ts";
import { createSeal } from "../../src/core/seal.ts";
import { ReplayStream } from "../../src/downstream/legacy/replay.ts";
import { ReplayRoom } from "../../src/downstream/legacy/replay-room.ts";
import { DEFAULT_DOWNSTREAM_LIMITS } from "../../src/downstream/options.ts";
import { createRetryTokens } from "../../src/gateway/requests/retry-tokens.ts";
import { createLinks } from "../../src/gateway/steps/links.ts";
import { createOutOfBand } from "../../src/gateway/steps/out-of-band.ts";
import { compileRedaction } from "../../src/redaction/redaction.ts";
import { keepingLog } from "../support/audit.ts";
import { digest } from "../support/audit-key.ts";
import { opening } from "../support/audit-opening.ts";
import { policySet } from "../support/policy-inputs.ts";

/** Something bounded that principals share, made anew for each attack. */
interface Pool {
  /** One thing that somebody hostile does to it, with a number of its own. */
  attack(hostile: string, nth: number): unknown;
  /** Whether somebody who did one thing before the attack still has it, and whether their next thing is done, too. */
  serves(): boolean | Promise<boolean>;
}

const seal = createSeal(Buffer.alloc(32, 7), "audit-arguments");
const PLACES = 12;
const HONEST = "honest";
const guarded = {
  set: policySet("policies: []"),
  redactions: [compileRedaction({ detect: ["email"], paths: [], with: "replace" })],
};

const BOTH = { endpoint: "", upstreams: ["files", "evil"], prefixed: true, shows: () => true };
const SEVERAL = buildView(BOTH, () => undefined);

const POOLS: Readonly<Record<string, () => Pool>> = {
  "proofs of payment": () => {
    const receipts = createRetryTokens(PLACES);
    const paid = { drawn: true, signedIn: undefined };
    const early = receipts.issue(HONEST, paid);
    return {
      attack: (hostile) => receipts.issue(hostile, paid),
      serves: () =>
        receipts.exchange(HONEST, early) === paid && receipts.exchange(HONEST, receipts.issue(HONEST, paid)) === paid,
    };
  },
  "links in results": () => {
    const links = createLinks({ catalog: { view: () => SEVERAL }, max: PLACES });
    const learn = (holder: string, upstream: string, uri: string): void => {
      const result = RawJson.fromValue({ content: [{ type: "resource_link", name: "x", uri }] });
      links.from({ scope: BOTH, holder }, upstream).result(result);
    };
    learn(HONEST, "files", "file:///early");
    return {
      attack(hostile, nth) {
        learn(hostile, "evil", `file:///${nth}`);
        learn(hostile, "evil", "file:///early");
      },
      serves() {
        learn(HONEST, "files", "file:///late");
        return ["early", "late"].every((name) => {
          const found = links.resolve({ scope: BOTH, holder: HONEST }, `file:///${name}`);
          return found.ok && found.upstream === "files";
        });
      },
    };
  },
  "rows that wait to be written": () => {
    const { write, audit } = waitingAudit({ maxRows: PLACES });
    return {
      attack: (hostile, nth) => audit.open(callOf(hostile, `call_${nth}`)),
      async serves() {
        const opened = audit.open(callOf(HONEST, "call_honest"));
        write();
        return opened;
      },
    };
  },
  "arguments that wait to be written": () => {
    const { write, audit } = waitingAudit({ maxChars: PLACES * 1000 });
    const args = { text: "x".repeat(900) };
    return {
      attack: (hostile, nth) => audit.open(callOf(hostile, `call_${nth}`, args)),
      async serves() {
        const opened = audit.open(callOf(HONEST, "call_honest", args));
        write();
        return opened;
      },
    };
  },
  "events that are held for clients that come back": () => {
    const room = new ReplayRoom();
    const limits = { ...DEFAULT_DOWNSTREAM_LIMITS, replayBytesTotal: PLACES * 200 };
    const send = (holder: string, nth: number): ReplayStream => {
      const budgets = [{ bytes: 0 }, room.enter(holder), room.total] as const;
      const stream = new ReplayStream(`p${nth}`, limits, () => 0, budgets);
      stream.event("x".repeat(100));
      return stream;
    };
    const early = send(HONEST, -1);
    return {
      attack: send,
      serves: () => [early, send(HONEST, -2)].every((stream) => stream.event("x") && holdsLast(stream)),
    };
  },
  "what is taken out of talk outside of calls": () => {
    const outside = createOutOfBand(() => "0".repeat(64), PLACES);
    const { peer, heard } = listening(HONEST);
    outside.peerFor(peer, "mail", guarded);
    return {
      attack: (hostile, nth) => outside.peerFor(listening(hostile).peer, `upstream-${nth % PLACES}`, guarded),
      serves() {
        outside.peerFor(peer, "mail").notify(LOUD);
        return heard.length === 1 && !JSON.stringify(heard).includes("ann@acme.com");
      },
    };
  },
};

describe("what principals share", () => {
  it.each(Object.entries(POOLS))("still serves everybody, whatever some do with it: %s", async (_name, open) => {
    const attacks = fc.array(fc.constantFrom("mallory", "mallory", "mallory", "eve"), { maxLength: 5 * PLACES });
    await fc.assert(
      fc.asyncProperty(attacks, async (sequence) => {
        const pool = open();
        sequence.forEach((hostile, nth) => void pool.attack(hostile, nth));
        expect(await pool.serves()).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe("talk outside of calls", () => {
  it("loses what any call of its principal lost, however many sessions they opened since", () => {
    const outside = createOutOfBand(() => "0".repeat(64), PLACES);
    const { peer, heard } = listening("mallory");
    outside.peerFor(peer, "mail", guarded);
    for (let count = 0; count < 5 * PLACES; count++) {
      outside.peerFor(listening("mallory", `session-${count}`).peer, "mail", guarded);
    }
    outside.peerFor(peer, "mail").notify(LOUD);
    expect(JSON.stringify(heard)).not.toContain("ann@acme.com");
  });

  it("goes through one peer for each of a client's, so that its server need not compare them", () => {
    const outside = createOutOfBand(() => "0".repeat(64));
    const { peer } = listening("ann");
    const first = outside.peerFor(peer, "mail", guarded);
    expect(outside.peerFor(peer, "mail", guarded)).toBe(first);
    expect(outside.peerFor(peer, "mail")).toBe(first);
    expect(outside.peerFor(peer, "files")).toBe(peer);
  });
});

const LOUD: Notification = { method: "notifications/message", params: { data: "ann@acme.com" } };

/** An audit whose store writes nothing before `write`. */
function waitingAudit(limits: Partial<AuditLimits>): { readonly write: () => void; readonly audit: Audit } {
  let write = (): void => {};
  const writable = new Promise<void>((resolve) => {
    write = resolve;
  });
  const rows = { append: () => writable.then(() => ({ seq: 1, hash: "0".repeat(64) })) };
  const audit = createAudit({ rows, now: () => 0, log: keepingLog(), arguments: "full", seal, digest, limits });
  return { write: () => write(), audit };
}

/** Whether a client that saw nothing of a stream is told how it ended. */
function holdsLast(stream: ReplayStream): boolean {
  stream.finish();
  return stream.remains(0) === "more";
}

function callOf(subject: string, id: string, args: JsonObject = {}): AuditOpening {
  const made = opening(id, { arguments: args });
  return { ...made, principal: { ...made.principal, subject, email: undefined } };
}

function listening(holder: string, key = holder): { readonly peer: ClientPeer; readonly heard: Notification[] } {
  const heard: Notification[] = [];
  const peer: ClientPeer = {
    key,
    owner: holder,
    holder,
    capabilities: {},
    takesInputRequests: true,
    request: async () => ({ ok: true, result: {} }),
    notify: (notification) => void heard.push(notification),
  };
  return { peer, heard };
}

import type { Approvals } from "../src/approvals/approvals.ts";
import { createCallDigests } from "../src/approvals/call-digest.ts";
import { createApprovals } from "../src/approvals/create-approvals.ts";
import { redact } from "../src/audit/secrets/redact.ts";
import { loadConfig } from "../src/config/load.ts";
import { createKeyedHash } from "../src/core/keyed-hash.ts";
import { createPeople } from "../src/core/people.ts";
import { createPersons } from "../src/core/persons.ts";
import { createSeal } from "../src/core/seal.ts";
import { AUDIT_CHAIN } from "../src/store/audit/audit-row.ts";
import { openStore } from "../src/store/open-store.ts";
import { loadSecretKey } from "../src/store/secret-key.ts";
import { parseStoreUrl } from "../src/store/store-url.ts";
import { ask, DAY, person } from "../test/support/approval-parts.ts";

/** Opens so many requests in a gateway's database, each of another person and with arguments of its own. */
export async function fill(file: string, count: number): Promise<void> {
  await withApprovals(file, Date.now, async (approvals) => {
    for (let n = 0; n < count; n += 1) {
      const asked = await approvals.request(
        ask({
          principal: person(`user-${n}`),
          upstream: "bench",
          tool: "echo",
          arguments: { n, note: "Something that somebody has to look at before it may happen." },
          approvals: [{ policy: "ask", flow: "single", message: `Number ${n}.` }],
        }),
      );
      if (!asked.ok) throw new Error(asked.code);
    }
  });
}

/** What expiry took. */
export interface Expiry {
  readonly count: number;
  readonly ms: number;
  /** What the first look after a start takes, when flows are compared. */
  readonly firstLookMs: number;
  /** The longest time that nothing else got its turn. */
  readonly longestMs: number;
}

/** Lets a day pass, in which everything that is open expires. */
export async function expireAll(file: string): Promise<Expiry> {
  let count = 0;
  let ms = 0;
  let firstLookMs = 0;
  let passed = 0;
  let longestMs = 0;
  await withApprovals(
    file,
    () => Date.now() + passed,
    async (approvals) => {
      approvals.onTransition(({ event }) => {
        if (event.act === "expire") count += 1;
      });
      const start = performance.now();
      await approvals.sweep();
      firstLookMs = performance.now() - start;
      passed = 2 * DAY;
      const begin = performance.now();
      let last = begin;
      const watch = setInterval(() => {
        const now = performance.now();
        longestMs = Math.max(longestMs, now - last);
        last = now;
      }, 1);
      await approvals.sweep();
      clearInterval(watch);
      ms = performance.now() - begin;
    },
  );
  return { count, ms, firstLookMs, longestMs };
}

async function withApprovals(
  file: string,
  now: () => number,
  work: (approvals: Approvals) => Promise<void>,
): Promise<void> {
  const loaded = loadConfig(file, process.env);
  if (!loaded.ok) throw new Error("The configuration of the benchmark does not load.");
  const { config } = loaded;
  const place = parseStoreUrl(config.store.url);
  const beside = place.kind === "file" ? place.path : undefined;
  const log = { debug() {}, info() {}, warn: console.error, error: console.error };
  const secret = loadSecretKey({ configured: config.secretKey, beside });
  const store = openStore({ url: config.store.url, log, auditHash: createKeyedHash(secret, AUDIT_CHAIN) });
  const approvals = createApprovals({
    persons: createPersons({
      people: createPeople(config.auth.people),
      hash: createKeyedHash(secret, "persons"),
    }),
    store: store.approvals,
    outbox: store.outbox,
    flows: config.approvalFlows,
    seal: createSeal(secret, "approvals"),
    digests: createCallDigests(secret),
    redact,
    shown: (_method, name) => name,
    misfits: async () => undefined,
    log,
    now,
  });
  try {
    await work(approvals);
  } finally {
    await approvals.close();
    await store.close();
  }
}

import { createRollUp } from "../src/audit/roll-up.ts";
import { loadConfig } from "../src/config/load.ts";
import { createKeyedHash } from "../src/core/keyed-hash.ts";
import { AUDIT_CHAIN } from "../src/store/audit/audit-row.ts";
import { openStore, type Store } from "../src/store/open-store.ts";
import { loadSecretKey } from "../src/store/secret-key.ts";
import { parseStoreUrl } from "../src/store/store-url.ts";
import { randomAudit } from "../test/support/random-audit.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Writes an audit of random calls into a gateway's database; how many rows there are. */
export function fillAudit(
  file: string,
  span: { readonly count: number; readonly from: number; readonly to: number },
): Promise<number> {
  return withStore(file, async (store) => {
    const rows = randomAudit({ seed: 1, ...span });
    for (let from = 0; from < rows.length; from += 500) await store.audit.append(rows.slice(from, from + 500));
    return rows.length;
  });
}

/** Counts it in the background, as a gateway does. `longestMs`: the longest time that nothing else got its turn. */
export function countAudit(file: string): Promise<{ readonly ms: number; readonly longestMs: number }> {
  return withStore(file, async (store) => {
    const rollUp = createRollUp({ store: store.activity, owner: "bench", now: Date.now, log: silent });
    let longestMs = 0;
    const begin = performance.now();
    let last = begin;
    const done = new Promise<void>((resolve) => {
      const watch = setInterval(() => {
        const now = performance.now();
        longestMs = Math.max(longestMs, now - last);
        last = now;
      }, 1);
      const ask = setInterval(async () => {
        if ((await store.activity.behind()) > 0) return;
        clearInterval(watch);
        clearInterval(ask);
        resolve();
      }, 50);
    });
    rollUp.start();
    await done;
    const ms = performance.now() - begin;
    await rollUp.close();
    return { ms, longestMs };
  });
}

async function withStore<T>(file: string, work: (store: Store) => Promise<T>): Promise<T> {
  const loaded = loadConfig(file, process.env);
  if (!loaded.ok) throw new Error("The configuration of the benchmark cannot be read.");
  const { url } = loaded.config.store;
  const place = parseStoreUrl(url);
  const secret = loadSecretKey({
    configured: loaded.config.secretKey,
    beside: place.kind === "file" ? place.path : undefined,
  });
  const store = openStore({ url, log: silent, auditHash: createKeyedHash(secret, AUDIT_CHAIN) });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

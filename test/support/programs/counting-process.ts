/*
 * Counts the audit of a database until nothing is left to count, beside others that do the same, and prints `done`.
 * Arguments: database, time (ms since the epoch), rows of one slice.
 */
import { createRollUp } from "../../../src/audit/roll-up.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { auditHash } from "../audit-key.ts";

const [path = "", now = "0", sliceRows = "0"] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const store = openStore({ url: `file:${path}`, log: silent, auditHash });
// Each slice as another owner: nobody is left alone, so that processes meet at every one.
let turn = 0;
while ((await store.activity.behind()) > 0) {
  turn += 1;
  const owner = `${process.pid} ${turn}`;
  const timing = { sliceRows: Number(sliceRows) };
  const rollUp = createRollUp({
    store: { ...store.activity, next },
    owner,
    now: () => Number(now),
    log: silent,
    timing,
  });
  await rollUp.catchUp(1);
  await rollUp.close();
}
await store.close();
process.stdout.write("done\n");

function next(owner: string, _now: number, limit: number) {
  return store.activity.next(owner, Number.MAX_SAFE_INTEGER, limit);
}

/*
 * A gateway's approvals in a process of its own. Prints `ready`, begins when a file appears, and prints a line for each
 * step that it took. Arguments: database; the file; what to do (`claim` everything approved, `hold` claims until killed,
 * `approve` or `reject` everything pending, `sweep` what is due); who.
 */
import { existsSync } from "node:fs";
import { createApprovals } from "../../../src/approvals/create-approvals.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { no, person, yes } from "../approval-parts.ts";
import { serviceDeps, WORKER_LEASE_MS } from "../approval-service.ts";
import { auditHash } from "../audit-key.ts";
import { eventually } from "../eventually.ts";

const [path = "", go = "", what = "", who = ""] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn() {}, error: console.error };
const store = openStore({ url: `file:${path}`, log, auditHash });
const approvals = createApprovals(serviceDeps(store, { log, now: Date.now, timing: { leaseMs: WORKER_LEASE_MS } }));
approvals.onTransition(({ event }) => console.log(`${event.act} ${event.requestId}`));
const approver = person(who, { roles: ["finance-lead"] });
// What this process saw before anybody began, so that all of them act on the same.
const { items } = await approvals.list({ limit: 500 });

console.log("ready");
await eventually(async () => (existsSync(go) ? true : undefined));
switch (what) {
  case "claim":
    await Promise.all(items.map((request) => approvals.claim(request.id, request.version)));
    break;
  case "hold":
    for (const request of items) await approvals.claim(request.id, request.version);
    // Its leases are renewed from now on, and something has to keep it alive.
    setInterval(() => {}, 60_000);
    await new Promise(() => {});
    break;
  case "approve":
  case "reject":
    for (const request of items) await approvals.decide((what === "approve" ? yes : no)(request, approver));
    break;
  case "sweep":
    await approvals.sweep();
    break;
  default:
    throw new Error(`What is ${what}?`);
}
await approvals.close();
await store.close();

/*
 * Sends what waits in a store to one webhook, named `ops`, until it is killed. Arguments: database, URL.
 */
import { createNotifiers } from "../../../src/approvals/notify/create-notifiers.ts";
import { createDispatcher } from "../../../src/approvals/notify/dispatcher.ts";
import { openStore } from "../../../src/store/open-store.ts";
import { auditHash } from "../audit-key.ts";

const [path = "", url = ""] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const store = openStore({ url: `file:${path}`, log: silent, auditHash });
const webhook = { url, secret: "the secret of a test", headers: {} };
createDispatcher({
  outbox: store.outbox,
  notifiers: createNotifiers([{ name: "ops", webhook, slack: undefined, email: undefined }], {
    log: silent,
    now: Date.now,
  }),
  log: silent,
  now: Date.now,
  random: Math.random,
  link: (id) => `https://gateway.example/console/approvals/${id}`,
});

/*
 * A gateway in a process of its own, to be killed. Argument: its configuration. Prints `ready` and its port once it is
 * connected to its servers. What is lost with it counts as lost after a moment, and not after half a minute.
 */
import { formatConfigDiagnostic } from "../../../src/config/config-diagnostic.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { startGateway } from "../../../src/main/serve.ts";

const LEASE_MS = 2_000;

const loaded = loadConfig(process.argv[2] ?? "", process.env);
if (!loaded.ok) throw new Error(loaded.errors.map(formatConfigDiagnostic).join("\n"));
const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const timing = { settleMs: 20_000, approvals: { leaseMs: LEASE_MS } };
const started = await startGateway(loaded.config, { log, timing });
if (!started.ok) throw new Error(started.error);
const { gateway } = started;
await gateway.wired.settled;
process.once("SIGTERM", () => void gateway.close());
console.log(`ready ${new URL(gateway.url).port}`);

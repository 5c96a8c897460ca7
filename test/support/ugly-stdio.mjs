/**
 * Run by `node`: a hand-written 2025-era stdio server that does not end as it should. The arguments name its habits: `deaf`
 * ignores the end of its input, `untouched` ignores SIGTERM, `forks` leaves a process behind on SIGTERM, `halts` stops itself
 * after the handshake, `unread` reads nothing after it, `mute` does not answer it, `crashes` ends soon after it,
 * `child` starts another process that holds its pipes, `daemon` one in a session of its own.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const habits = new Set(process.argv.slice(2));
const sleep = (detached) => spawn("sleep", ["1000"], { stdio: "inherit", detached }).unref();

if (habits.has("deaf")) setInterval(() => {}, 1_000);
if (habits.has("untouched")) process.on("SIGTERM", () => {});
if (habits.has("forks")) {
  process.on("SIGTERM", () => {
    sleep(false);
    process.exit(0);
  });
}
if (habits.has("child")) sleep(false);
if (habits.has("daemon")) sleep(true);

const input = createInterface({ input: process.stdin });
input.on("line", (text) => {
  if (habits.has("mute")) return;
  const { id, method } = JSON.parse(text);
  if (id === undefined) return;
  const result =
    method === "initialize"
      ? { protocolVersion: "2025-11-25", capabilities: {}, serverInfo: { name: "ugly", version: "1" } }
      : {};
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
  if (method !== "initialize") return;
  if (habits.has("unread")) input.pause();
  if (habits.has("halts")) setTimeout(() => process.kill(process.pid, "SIGSTOP"), 50);
  if (habits.has("crashes")) setTimeout(() => process.exit(1), 50);
});

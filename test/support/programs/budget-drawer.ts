/*
 * Draws on one budget and on another that is larger, eight draws at once, and prints `+` for each that passed and `-`
 * for each that was refused. Arguments: database, how many draws, limit of the smaller budget.
 */
import { openStore } from "../../../src/store/open-store.ts";

const [path = "", draws = "0", limit = "0"] = process.argv.slice(2);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const store = openStore({ url: `file:${path}`, log: silent, lockWaitMs: 30_000 });
const uses = [
  { counter: "large", limit: 1_000_000, windowMs: 86_400_000, cost: 1 },
  { counter: "small", limit: Number(limit), windowMs: 86_400_000, cost: 1 },
];

for (let left = Number(draws); left > 0; left -= 8) {
  const turn = Array.from({ length: Math.min(8, left) }, () => store.rateLimits.use(uses));
  for (const verdict of await Promise.all(turn)) console.log(verdict.ok ? "+" : "-");
}
await store.close();

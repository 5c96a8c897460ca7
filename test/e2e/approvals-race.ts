/**
 * The race of `approvals-race.test.ts`, as long as you like:
 *
 *   npx tsx test/e2e/approvals-race.ts [--rounds 200] [--seed 1] [--quiet]
 */
import { parseArgs } from "node:util";
import { buildForTests } from "../support/built.ts";
import { runRace } from "../support/race.ts";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    quiet: { type: "boolean", default: false },
  },
});
const print = (line: string): void => void process.stdout.write(`${line}\n`);
await buildForTests();
const begun = performance.now();
const counts = await runRace({
  rounds: Number(options.rounds),
  seed: Number(options.seed),
  ...(options.quiet ? {} : { say: print }),
});
print(JSON.stringify({ seed: Number(options.seed), ...counts }, undefined, 2));
print(`${Math.round((performance.now() - begun) / 1_000)} s`);
const twice = Object.keys(counts.reached).some((calls) => Number(calls) > 1);
if (twice || counts.unapproved > 0) process.exitCode = 1;

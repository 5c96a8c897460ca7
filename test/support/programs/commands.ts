// Runs commands one after the other, each given as a JSON array of its arguments, and writes a line for each of what it printed
// and would have ended with. Then it ends by itself, unless one of them left something open.
import { runCommandHere } from "../command.ts";

for (const args of process.argv.slice(2)) {
  const run = await runCommandHere(process.cwd(), JSON.parse(args));
  process.stdout.write(`${JSON.stringify(run)}\n`);
}

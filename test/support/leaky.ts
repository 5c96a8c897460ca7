import { fileURLToPath } from "node:url";

const args = (era: string): readonly string[] => [
  "--import",
  "tsx",
  fileURLToPath(new URL("./leaky-stdio.ts", import.meta.url)),
  era,
];

/** As `upstreams` of a configuration: servers whose every word holds a card number or an e-mail address. */
export const LEAKY_STDIO = {
  legacy: { command: process.execPath, args: args("legacy") },
  modern: { command: process.execPath, args: args("modern") },
};

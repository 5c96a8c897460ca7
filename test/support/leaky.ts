import { testProgram } from "./built.ts";

/** As `upstreams` of a configuration: servers whose every word holds a card number or an e-mail address. */
export function leakyStdio() {
  const server = (era: string) => ({ command: process.execPath, args: [testProgram("leaky-stdio"), era] });
  return { legacy: server("legacy"), modern: server("modern") };
}

import { setTimeout as pause } from "node:timers/promises";

// Asking without pause would take the core from the program that is asked for.
const STEP_MS = 5;

/**
 * Asks again and again until there is an answer, for what tells nobody when it is done (a server coming back through a
 * real socket). Waits long: a machine may be busy, and only what never comes is a failure. @throws after `withinMs`
 */
export async function eventually<T>(ask: () => Promise<T | undefined>, withinMs = 45_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms`);
    await pause(STEP_MS);
  }
}

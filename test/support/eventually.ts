import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Asks again and again, without pause, until there is an answer, for what tells nobody when it is done (a server coming
 * back through a real socket). @throws after `withinMs`
 */
export async function eventually<T>(ask: () => Promise<T | undefined>, withinMs = 15_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`Not within ${withinMs} ms`);
    await nextTurn();
  }
}

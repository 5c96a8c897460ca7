import { AsyncLocalStorage } from "node:async_hooks";
import type { Configuration, CustomFetch } from "openid-client";
import { isUnborne } from "./failure-of.ts";

/** An answer, read to its end. */
interface Answer {
  readonly body: ArrayBuffer;
  readonly status: number;
  readonly headers: Headers;
}

/** What the token endpoint has answered to one grant. */
interface Tape {
  answer: Answer | undefined;
  /** The answer is read once more, and the provider not asked. */
  replays: boolean;
}

const current = new AsyncLocalStorage<Tape>();

/** A `fetch` of which `withNewerKeys` can read an answer twice. */
export function taped(fetch: CustomFetch): CustomFetch {
  return async (url, options) => {
    const tape = options.method === "POST" ? current.getStore() : undefined;
    if (tape === undefined) return fetch(url, options);
    if (!tape.replays || tape.answer === undefined) {
      tape.answer = await whole(await fetch(url, options));
    }
    const { body, status, headers } = tape.answer;
    return new Response(status === 204 || status === 304 ? null : body, { status, headers });
  };
}

async function whole(response: Response): Promise<Answer> {
  return { body: await response.arrayBuffer(), status: response.status, headers: response.headers };
}

/**
 * Carries out a grant. Where the keys at hand do not bear out what came of it, they are read anew, and the same answer is held
 * against those: codes and refresh tokens are good once. @throws what the grant throws
 */
export async function withNewerKeys<T>(
  provider: { afresh(inHand: Configuration): Promise<Configuration | undefined> },
  configuration: Configuration,
  grant: (configuration: Configuration) => Promise<T>,
): Promise<T> {
  const tape: Tape = { answer: undefined, replays: false };
  return current.run(tape, async () => {
    try {
      return await grant(configuration);
    } catch (err) {
      if (!isUnborne(err) || tape.answer === undefined) throw err;
      const newer = await current.exit(() => provider.afresh(configuration));
      if (newer === undefined) throw err;
      tape.replays = true;
      return await grant(newer);
    }
  });
}

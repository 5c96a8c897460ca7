import { randomUUID } from "node:crypto";
import { countLeft, killAll } from "./run-command.ts";
import { makeWorkFolder } from "./work-folder.ts";

/** Where one attempt happens. */
export interface Scene {
  /** Stands in the environment of everything that is started. */
  readonly tag: string;
  /** The folder in which servers and clients work. */
  readonly work: string;
  readonly timeoutMs: number;
  /** Does what has to be over by then; otherwise all that was started is killed. Installing is not meant. @throws if it is late */
  bounded<T>(act: () => Promise<T>): Promise<T>;
}

/** What came of an attempt. */
export interface Verdict {
  /** What is another thing through the gateway than directly, or failed; empty: nothing. */
  readonly differences: readonly string[];
  readonly seconds: number;
}

/** Makes an attempt, and leaves nothing of it behind; what it left itself is a difference. Never throws. */
export async function attempt(timeoutMs: number, act: (scene: Scene) => Promise<readonly string[]>): Promise<Verdict> {
  const began = Date.now();
  const tag = randomUUID();
  const folder = await makeWorkFolder();
  const differences: string[] = [];
  try {
    const bounded = <T>(part: () => Promise<T>) => boundedBy(tag, timeoutMs, part);
    differences.push(...(await act({ tag, work: folder.dir, timeoutMs, bounded })));
  } catch (error) {
    differences.push(error instanceof Error ? error.message : String(error));
  } finally {
    const left = await countLeft(tag, 10_000);
    if (left > 0) differences.push(`${left} processes were left`);
    await folder.remove();
  }
  return { differences, seconds: Math.round((Date.now() - began) / 1000) };
}

async function boundedBy<T>(tag: string, timeoutMs: number, act: () => Promise<T>): Promise<T> {
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killAll();
    void countLeft(tag, 0);
  }, timeoutMs);
  try {
    return await act();
  } catch (error) {
    throw isLate ? new Error(`It took longer than ${timeoutMs / 1000} s.`) : error;
  } finally {
    clearTimeout(timer);
  }
}

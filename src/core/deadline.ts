/*
 * A deadline ends the waiting, not the work: what is late goes on by itself, and what it comes to then, a value or an error,
 * is nobody's concern here. Whoever has to stop it does so. The timer never outlives the waiting.
 */

/** How long something may take, and the key of the configuration that says so. */
export interface Deadline {
  readonly ms: number;
  readonly setBy: string;
}

/** What `work` comes to, or after `ms` what `late` says. @throws what the work throws before that, and what `late` throws */
export async function withDeadline<T, Late>(ms: number, work: Promise<T>, late: () => Late): Promise<T | Late> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    return await Promise.race([work, deadline.then(late)]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for `work`, but no longer than `ms`; whether it was done by then. @throws what the work throws before that */
export function doneWithin(ms: number, work: Promise<unknown> | undefined): Promise<boolean> {
  return withDeadline(ms, Promise.resolve(work).then(isDone), isLate);
}

const isDone = (): boolean => true;
const isLate = (): boolean => false;

import type { Cancellation } from "../../core/cancellation.ts";

/** Waits for `promise`, but not beyond a cancellation or `ms`; what it came to later is nobody's concern here. */
export function waitFor<T>(
  promise: Promise<T>,
  cancellation: Cancellation,
  ms: number,
): Promise<T | "cancelled" | "late"> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => settle(() => resolve("late")), ms);
    let off: (() => void) | undefined;
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      off?.();
      how();
    };
    off = cancellation.onCancel(() => settle(() => resolve("cancelled")));
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** Where somebody can wait for a turn: see `Shares` and `Turns`. */
interface Queue {
  wait(holder: string, begin: () => void): (() => void) | undefined;
}

/** Waits in a queue for at most `ms`. On `turn`, what was waited for is taken; `full`: the queue of this holder was. */
export function waitForTurn(
  queue: Queue,
  holder: string,
  ms: number,
  cancellation?: Cancellation,
): Promise<"turn" | "full" | "cancelled" | "late"> {
  return new Promise((resolve) => {
    let off: (() => void) | undefined;
    let timer: NodeJS.Timeout | undefined;
    const settle = (how: "turn" | "cancelled" | "late"): void => {
      clearTimeout(timer);
      off?.();
      if (how !== "turn") leave?.();
      resolve(how);
    };
    const leave = queue.wait(holder, () => settle("turn"));
    if (leave === undefined) return resolve("full");
    timer = setTimeout(settle, ms, "late");
    off = cancellation?.onCancel(() => settle("cancelled"));
  });
}

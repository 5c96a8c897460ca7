import type { Cancellation } from "../core/cancellation.ts";

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

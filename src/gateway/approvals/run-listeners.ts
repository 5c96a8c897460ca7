import { type Call, LOG_LEVELS, type LogLevel, type Notification } from "../../core/call.ts";

/** Somebody who waits for a run, and hears what it says on the way. */
export type RunListener = Pick<Call, "wantsProgress" | "logLevel" | "notify">;

/** Those who wait, by the request that they wait for. */
export interface RunListeners {
  /** Passes what the run of this request says to `listener`, until the function returned is called. */
  listen(id: string, listener: RunListener): () => void;
  notify(id: string, notification: Notification): void;
  /** What those who wait now want to hear, together. */
  wishes(id: string): Pick<Call, "wantsProgress" | "logLevel">;
}

export function createRunListeners(): RunListeners {
  const listeners = new Map<string, Set<RunListener>>();
  return {
    listen(id, listener) {
      const all = listeners.get(id) ?? new Set();
      listeners.set(id, all.add(listener));
      return () => {
        all.delete(listener);
        if (all.size === 0 && listeners.get(id) === all) listeners.delete(id);
      };
    },
    notify(id, notification) {
      for (const listener of [...(listeners.get(id) ?? [])]) listener.notify(notification);
    },
    wishes(id) {
      let finest: LogLevel | undefined;
      let wantsProgress = false;
      for (const { logLevel, wantsProgress: wants } of listeners.get(id) ?? []) {
        wantsProgress ||= wants;
        if (logLevel === undefined) continue;
        if (finest === undefined || LOG_LEVELS.indexOf(logLevel) < LOG_LEVELS.indexOf(finest)) finest = logLevel;
      }
      return { wantsProgress, logLevel: finest };
    },
  };
}

import { JSON_LIMITS } from "../../core/limits.ts";
import { scanJson } from "../../core/scan-json.ts";

/** Counts what may come too often or be too much, and says when it is. */
export interface Flood {
  /** Counts one, or so many at once; whether that still is within bounds. What is beyond the burst counts as the burst. */
  take(cost?: number): boolean;
}

/** How much may come at once, and how much more each second. */
export interface FloodLimits {
  readonly burst: number;
  readonly perSecond: number;
}

/** For lines in the log about one connection. */
export const LOGGED: FloodLimits = { burst: 20, perSecond: 0.2 };

/** A full allowance. `now` is in ms. */
export function createFlood(now: () => number, { burst, perSecond }: FloodLimits): Flood {
  let left = burst;
  let at = now();
  return {
    take(cost = 1) {
      const due = Math.min(cost, burst);
      if (left < due) {
        const passed = now() - at;
        at += passed;
        left = Math.min(burst, left + (Math.max(0, passed) * perSecond) / 1000);
        if (left < due) return false;
      }
      left -= due;
      return true;
    },
  };
}

/** What comes over one connection and is of no use. Honest servers print a few lines by mistake. */
const NOISE: FloodLimits = { burst: 2_000, perSecond: 500 };
/** What messages that nobody asked for may weigh: few may be as much work as many. One of any size is taken while little else comes. */
export const WEIGHT: FloodLimits = { burst: 4_194_304, perSecond: 524_288 };
/** What one connection may say whatever the others of its server say: a few hundred small messages, and ten a second. */
export const OWN_WEIGHT: FloodLimits = { burst: 65_536, perSecond: 2_048 };
/** A byte weighs 1; a value or a name so much more, because an object is made of it and walked. */
const VALUE_WEIGHT = 8;
/** And a message, whatever it holds. */
const MESSAGE_WEIGHT = 64;

/** What is said of a connection that went beyond. */
export const FLOOD_DETAIL = `It sent more than ${NOISE.burst} lines or events, or 4 MB, at once that are no messages or answer nothing (a value counts as ${VALUE_WEIGHT} bytes more).`;

/** Counts what comes over one connection and is no notification, no question and no answer to what it was asked. */
export interface Noise {
  /** Counts this one, by number and by weight; whether the connection still is within bounds. */
  take(message: Buffer): boolean;
}

/** A full allowance for one connection. `now` is in ms. */
export function createNoise(now: () => number): Noise {
  const messages = createFlood(now, NOISE);
  const weight = createFlood(now, WEIGHT);
  return { take: (message) => messages.take() && weight.take(weightOf(message)) };
}

/** How much work a message is, in bytes. */
export function weightOf(message: Buffer): number {
  const scan = scanJson(message, JSON_LIMITS);
  // What is no JSON, or beyond the limits, may still be read as far as it goes; at most a value in every two bytes.
  const values = scan.kind === "json" ? scan.count : message.length / 2;
  return MESSAGE_WEIGHT + message.length + VALUE_WEIGHT * values;
}

/** How many sign-ins may fail within a time. */
export interface AttemptBounds {
  /** ms. */
  readonly windowMs: number;
  /** From one address; of IPv6 from one network of 64 bits. */
  readonly perAddress: number;
  readonly inAll: number;
}

/** A person mistypes a few times; whoever tries more often guesses. */
export const ATTEMPT_BOUNDS: AttemptBounds = { windowMs: 60_000, perAddress: 10, inAll: 300 };

/** Failed sign-ins of the last moments, counted in this process. */
export interface AttemptLimits {
  /** Until when this address may not try (ms since the epoch); `undefined`: it may. */
  heldUntil(address: string): number | undefined;
  failed(address: string): void;
}

/**
 * Counts failures in windows of fixed length. It remembers as many addresses as may fail in all within one, and never
 * more.
 */
export function createAttemptLimits(now: () => number, bounds: AttemptBounds = ATTEMPT_BOUNDS): AttemptLimits {
  let since = Number.NEGATIVE_INFINITY;
  let total = 0;
  const failures = new Map<string, number>();

  function turn(): void {
    if (now() - since < bounds.windowMs) return;
    since = now();
    total = 0;
    failures.clear();
  }

  return {
    heldUntil(address) {
      turn();
      const held = total >= bounds.inAll || (failures.get(networkOf(address)) ?? 0) >= bounds.perAddress;
      return held ? since + bounds.windowMs : undefined;
    },
    failed(address) {
      turn();
      const network = networkOf(address);
      total += 1;
      failures.set(network, (failures.get(network) ?? 0) + 1);
    },
  };
}

/** One household or server has a whole network of IPv6 addresses. IPv4 in IPv6 is the IPv4 address. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) return mapped ?? address;
  const [head = "", tail = ""] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === "" ? [] : tail.split(":");
  const zeros = address.includes("::") ? Math.max(0, 8 - before.length - after.length) : 0;
  return [...before, ...Array<string>(zeros).fill("0"), ...after].slice(0, 4).join(":");
}

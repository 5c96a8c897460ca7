import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "../../src/upstream/waiting/circuit-breaker.ts";

/** Its clock, and a breaker that opens at three failures in a row; delays are 100 ms, doubled, without jitter. */
function world() {
  const clock = { ms: 1_000_000 };
  const breaker = new CircuitBreaker({
    timing: { breakerFailures: 3, backoffMs: 100, backoffCapMs: 500 },
    now: () => clock.ms,
    random: () => 1,
  });
  return { breaker, clock };
}

describe("the circuit breaker", () => {
  it("opens at so many failed attempts in a row, with delays that grow up to the cap", () => {
    const { breaker } = world();
    const row = [1, 2, 3, 4, 5].map(() => [breaker.attemptFailed(), breaker.delay()]);
    expect(row).toEqual([
      [false, 100],
      [false, 200],
      [true, 400],
      [true, 500],
      [true, 500],
    ]);
  });

  it("has connections that end soon opened again once, then waits, then opens", () => {
    const { breaker, clock } = world();
    const then = [1, 2, 3].map(() => {
      breaker.connected();
      clock.ms += 100;
      return breaker.lost();
    });
    expect(then).toEqual(["reconnect", "wait", "open"]);
  });

  it("forgets failures when a connection has lasted, not when it was made", () => {
    const { breaker, clock } = world();
    breaker.attemptFailed();
    breaker.attemptFailed();
    breaker.connected();
    expect(breaker.attemptFailed()).toBe(true);
    breaker.connected();
    clock.ms += 10_000;
    expect(breaker.lost()).toBe("reconnect");
    expect(breaker.attemptFailed()).toBe(false);
  });

  it.each(["a failed attempt", "another connection that ends soon"])(
    "forgets failures before a connection that has lasted, though it did not end: %s is the first one",
    (next) => {
      const { breaker, clock } = world();
      breaker.attemptFailed();
      breaker.attemptFailed();
      breaker.connected();
      clock.ms += 3_600_000;
      if (next === "a failed attempt") {
        expect([breaker.attemptFailed(), breaker.delay()]).toEqual([false, 100]);
      } else {
        breaker.connected();
        clock.ms += 100;
        expect(breaker.lost()).toBe("reconnect");
      }
    },
  );

  it("counts time without a connection as none that has lasted", () => {
    const { breaker, clock } = world();
    const failures = [1, 2, 3].map(() => {
      breaker.connected();
      clock.ms += 100;
      const opened = breaker.attemptFailed();
      clock.ms += 60_000;
      return opened;
    });
    expect(failures).toEqual([false, false, true]);
    breaker.connected();
    while (!breaker.faulted());
    clock.ms += 60_000;
    expect(breaker.attemptFailed()).toBe(true);
  });

  it.each(["connectionAccepted", "connected"] as const)("counts refused connections in a row: %s ends it", (ends) => {
    const { breaker } = world();
    expect([breaker.connectionRefused(), breaker.connectionRefused()]).toEqual([false, false]);
    breaker[ends]();
    const again = [breaker.connectionRefused(), breaker.connectionRefused(), breaker.connectionRefused()];
    expect(again).toEqual([false, false, true]);
  });

  it("lets two faults pass in a short time, and one more a minute", () => {
    const { breaker, clock } = world();
    expect([breaker.faulted(), breaker.faulted(), breaker.faulted()]).toEqual([false, false, true]);
    expect(breaker.delay()).toBe(100);
    clock.ms += 60_000;
    expect([breaker.faulted(), breaker.faulted()]).toEqual([false, true]);
    expect(breaker.delay()).toBe(200);
  });

  it("begins with the first delay again when it is told to", () => {
    const { breaker } = world();
    for (let i = 0; i < 4; i++) breaker.attemptFailed();
    breaker.restart();
    expect([breaker.delay(), breaker.attemptFailed()]).toEqual([100, false]);
  });
});

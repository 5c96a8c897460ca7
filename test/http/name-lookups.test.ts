import type { LookupAddress } from "node:dns";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { NameLookups } from "../../src/http/name-lookups.ts";

const HERE: LookupAddress = { address: "203.0.113.1", family: 4 };
const THERE: LookupAddress = { address: "203.0.113.2", family: 4 };

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A resolver that answers when it is told to, and counts what is under way. */
class Resolver {
  readonly asked: string[] = [];
  readonly #under: { readonly name: string; readonly end: (answer: LookupAddress | Error) => void }[] = [];
  most = 0;

  readonly resolve = (name: string): Promise<readonly LookupAddress[]> => {
    this.asked.push(name);
    return new Promise((resolve, reject) => {
      const end = (answer: LookupAddress | Error): void =>
        answer instanceof Error ? reject(answer) : resolve([answer]);
      this.#under.push({ name, end });
      this.most = Math.max(this.most, this.#under.length);
    });
  };

  get under(): readonly string[] {
    return this.#under.map(({ name }) => name);
  }

  async end(name: string, answer: LookupAddress | Error): Promise<void> {
    const index = this.#under.findIndex((one) => one.name === name);
    if (index < 0) throw new Error(`Nobody looks up ${name}.`);
    this.#under.splice(index, 1)[0]?.end(answer);
    await vi.advanceTimersByTimeAsync(0);
  }
}

function world(slots = 2) {
  const resolver = new Resolver();
  const names = new NameLookups({ resolve: resolver.resolve, slots, now: () => performance.now() });
  /** What is given, or the code of the error, once it is there. */
  const ask = (name: string): { value: unknown } => {
    const asked = { value: "waits" as unknown };
    names.resolve(name).then(
      (addresses) => {
        asked.value = addresses[0];
      },
      (err: { code?: string }) => {
        asked.value = err.code;
      },
    );
    return asked;
  };
  return { resolver, ask };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("looking up names", () => {
  it("looks a name up once for all who ask, and again once that is old", async () => {
    const { resolver, ask } = world();
    const both = [ask("a"), ask("a")];
    await pass(0);
    expect(resolver.asked).toEqual(["a"]);
    await resolver.end("a", HERE);
    expect(both).toEqual([{ value: HERE }, { value: HERE }]);
    await pass(4_000);
    const soon = ask("a");
    await pass(0);
    expect(soon).toEqual({ value: HERE });
    expect(resolver.asked).toEqual(["a"]);
    await pass(2_000);
    const later = ask("a");
    await pass(0);
    await resolver.end("a", THERE);
    expect(later).toEqual({ value: THERE });
  });

  it("uses where it led before while its name server is silent, for a time", async () => {
    const { resolver, ask } = world();
    ask("a");
    await pass(0);
    await resolver.end("a", HERE);
    await pass(10_000);
    const waits = ask("a");
    await pass(100);
    expect(waits).toEqual({ value: "waits" });
    await pass(200);
    expect(waits).toEqual({ value: HERE });
    await resolver.end("a", failure("EAI_AGAIN"));
    const paused = ask("a");
    await pass(0);
    expect(paused).toEqual({ value: HERE });
    expect(resolver.under).toEqual([]);
    await pass(11 * 60_000);
    const tooOld = ask("a");
    await pass(6_000);
    expect(tooOld).toEqual({ value: "EAI_AGAIN" });
  });

  it("believes that there is no such name", async () => {
    const { resolver, ask } = world();
    ask("a");
    await pass(0);
    await resolver.end("a", HERE);
    await pass(10_000);
    const gone = ask("a");
    await pass(0);
    await resolver.end("a", failure("ENOTFOUND"));
    expect(gone).toEqual({ value: "ENOTFOUND" });
    const again = ask("a");
    await pass(0);
    expect(again).toEqual({ value: "ENOTFOUND" });
    expect(resolver.asked).toHaveLength(2);
  });

  it("asks about a silent name more and more seldom, and tells those who ask at once", async () => {
    const { resolver, ask } = world();
    for (const pause of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      ask("dead");
      await pass(0);
      await resolver.end("dead", failure("EAI_AGAIN"));
      await pass(pause - 10);
      const told = ask("dead");
      await pass(0);
      expect(told).toEqual({ value: "EAI_AGAIN" });
      expect(resolver.under).toEqual([]);
      await pass(20);
    }
  });

  it("leaves a thread to names that are answered, however many are silent", async () => {
    const { resolver, ask } = world(2);
    const dead = Array.from({ length: 20 }, (_, index) => `dead${index}`);
    for (const name of dead) {
      ask(name);
      await pass(0);
      await resolver.end(name, failure("EAI_AGAIN"));
    }
    await pass(5_000);
    for (const name of dead) for (let times = 0; times < 5; times++) ask(name);
    await pass(0);
    expect(resolver.under).toEqual(["dead0"]);
    const good = ask("good");
    await pass(0);
    await resolver.end("good", HERE);
    expect(good).toEqual({ value: HERE });
  });

  it("tells whoever waits for a turn in five seconds", async () => {
    const { resolver, ask } = world(1);
    ask("dead");
    const other = ask("other");
    await pass(5_000);
    expect(other).toEqual({ value: "EAI_AGAIN" });
    const more = ask("other");
    await pass(0);
    expect(more).toEqual({ value: "EAI_AGAIN" });
    await resolver.end("dead", failure("EAI_AGAIN"));
    expect(resolver.under).toEqual(["other"]);
  });

  it("never looks up more at a time than there are threads, nor a name twice, and answers everybody", async () => {
    const step = fc.record({
      name: fc.constantFrom("a", "b", "c", "d", "e"),
      ms: fc.constantFrom(0, 50, 1_000, 6_000, 70_000),
      answer: fc.constantFrom<LookupAddress | Error>(HERE, failure("EAI_AGAIN"), failure("ENOTFOUND")),
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), fc.array(step, { maxLength: 30 }), async (slots, steps) => {
        const { resolver, ask } = world(slots);
        const asked: { value: unknown }[] = [];
        for (const { name, ms, answer } of steps) {
          asked.push(ask(name));
          await pass(ms);
          expect(new Set(resolver.under).size).toBe(resolver.under.length);
          const [first] = resolver.under;
          if (first !== undefined && ms !== 50) await resolver.end(first, answer);
        }
        expect(resolver.most).toBeLessThanOrEqual(slots);
        await pass(5_000);
        expect(asked.filter(({ value }) => value === "waits")).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

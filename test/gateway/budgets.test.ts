import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { Allowed, RateLimit } from "../../src/core/decision.ts";
import { sha256 } from "../../src/core/digest.ts";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { createRateLimitGuard } from "../../src/gateway/steps/rate-limit-guard.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";

describe("a call that draws on budgets", () => {
  const limit = (policy: string, cost: number): RateLimit => ({
    policy,
    counter: policy,
    limit: 10,
    windowMs: 60_000,
    cost,
    message: `${policy} is used up.`,
  });
  const hash = createKeyedHash(new Uint8Array(32), "test");
  const decision: Allowed = { effect: "allow", matched: [], set: "0", inspectsResult: true };

  it("goes on as decided while there is room, and is refused by the first budget that has none", async () => {
    const log = keepingLog();
    const { rateLimits } = openTestStore(`${temporaryDir()}/portcullis.db`);
    const budgets = createRateLimitGuard({ rateLimits, log, hash });
    expect(await budgets.draw(decision, [limit("wide", 1), limit("narrow", 6)])).toBe(decision);
    const refused = await budgets.draw(decision, [limit("wide", 1), limit("narrow", 6)]);
    expect(refused).toEqual({
      effect: "rate_limit",
      policy: "narrow",
      message: expect.stringMatching(/^narrow is used up\. Try again in (1 min|\d+ s)\.$/),
      retryAfterMs: expect.any(Number),
      matched: [],
      set: "0",
    });
    // What was refused has cost nothing.
    expect(await budgets.draw(decision, [limit("wide", 9)])).toBe(decision);
  });

  it("is counted under a name that nobody finds by trying what was counted", async () => {
    const path = `${temporaryDir()}/portcullis.db`;
    const { rateLimits } = openTestStore(path);
    const counted = limit(JSON.stringify(["pins", "ann", "4821"]), 1);
    await createRateLimitGuard({ rateLimits, log: keepingLog(), hash }).draw(decision, [counted]);
    const database = new Database(path);
    const [key] = database.prepare("SELECT key FROM rate_limits").pluck().all();
    database.close();
    const { counter, limit: most, windowMs } = counted;
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(key).not.toBe(sha256(JSON.stringify([counter, most, windowMs])));
  });

  it("is not let through when nothing can be counted", async () => {
    const log = keepingLog();
    const path = `${temporaryDir()}/portcullis.db`;
    const { rateLimits } = openTestStore(path);
    const database = new Database(path);
    database.exec("DROP TABLE rate_limits");
    database.close();
    const budgets = createRateLimitGuard({ rateLimits, log, hash });
    expect(await budgets.draw(decision, [limit("wide", 1)])).toBeUndefined();
    expect(log.lines).toMatchObject([{ level: "error" }]);
  });
});

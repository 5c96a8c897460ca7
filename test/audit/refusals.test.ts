import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Act, RefusalAct } from "../../src/audit/audit.ts";
import { createRefusals, REFUSAL_WINDOW_MS } from "../../src/audit/refusals.ts";
import type { RefusedRequest } from "../../src/core/refusals.ts";
import { networkOf } from "../../src/http/attempts.ts";
import { opening } from "../support/audit-opening.ts";

beforeEach(() => {
  vi.useFakeTimers({ now: 1_790_000_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

const REQUEST: RefusedRequest = {
  code: "TOKEN_INVALID",
  at: "mcp",
  ip: "192.0.2.7",
  claim: () => ({ kind: "bearer", issuer: "https://idp.example" }),
  endpoint: "",
};

function setUp() {
  const rows: RefusalAct[] = [];
  const record = (act: Act): void => {
    if (act.about === "refused") rows.push(act);
  };
  return { rows, refusals: createRefusals({ audit: { record }, networkOf, now: Date.now }) };
}

describe("refusals that are alike", () => {
  it("are on record at once, and as one number when the minute is over", () => {
    const { rows, refusals } = setUp();
    for (let i = 0; i < 42; i++) refusals.refused(REQUEST);
    expect(rows).toMatchObject([{ ip: "192.0.2.7", count: 1, since: undefined, credential: "bearer" }]);
    vi.advanceTimersByTime(REFUSAL_WINDOW_MS);
    const since = 1_790_000_000_000;
    expect(rows[1]).toMatchObject({ id: rows[0]?.id, count: 41, since, at: since + REFUSAL_WINDOW_MS });
    expect(rows).toHaveLength(2);
  });

  it("have no second row where there is no second one, and begin anew in the next minute", () => {
    const { rows, refusals } = setUp();
    refusals.refused(REQUEST);
    vi.advanceTimersByTime(REFUSAL_WINDOW_MS);
    expect(rows).toHaveLength(1);
    refusals.refused(REQUEST);
    expect(rows).toHaveLength(2);
    expect(rows[1]?.id).not.toBe(rows[0]?.id);
  });

  it("are written down at the end of the gateway", () => {
    const { rows, refusals } = setUp();
    for (let i = 0; i < 3; i++) refusals.refused(REQUEST);
    refusals.close();
    expect(rows.map(({ count }) => count)).toEqual([1, 2]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each<[string, Partial<RefusedRequest>]>([
    ["code", { code: "TOKEN_EXPIRED" }],
    ["address", { ip: "192.0.2.8" }],
    ["method", { method: "prompts/get" }],
    ["face", { at: "api" }],
    ["endpoint", { endpoint: "crm" }],
    ["kind of credential", { claim: () => ({ kind: "none" }) }],
    ["issuer", { claim: () => ({ kind: "bearer", issuer: "https://other.example" }) }],
    ["principal", { principal: opening("call_1").principal }],
  ])("are not those of another %s", (_, other) => {
    const { rows, refusals } = setUp();
    refusals.refused(REQUEST);
    refusals.refused({ ...REQUEST, ...other });
    expect(rows).toHaveLength(2);
  });

  it("are those of a whole network of IPv6 addresses, of which the first is named", () => {
    const { rows, refusals } = setUp();
    for (let i = 1; i < 4; i++) refusals.refused({ ...REQUEST, ip: `2001:db8::${i}` });
    refusals.close();
    expect(rows.map(({ ip, count }) => [ip, count])).toEqual([
      ["2001:db8::1", 1],
      ["2001:db8::/64", 2],
    ]);
  });
});

describe("what is no refusal of whoever asks", () => {
  it.each(["INTERNAL", "TOO_MANY_OPEN", "STOPPING", "STORE_UNAVAILABLE", "ISSUER_UNREACHABLE", "DENIED"])(
    "%s is not on record as one",
    (code) => {
      const { rows, refusals } = setUp();
      refusals.refused({ ...REQUEST, code });
      expect(rows).toEqual([]);
    },
  );
});

describe("a flood", () => {
  it("from 100,000 addresses makes a bounded number of rows, and nothing of most requests is looked at", () => {
    const { rows, refusals } = setUp();
    let read = 0;
    const claim = (): ReturnType<RefusedRequest["claim"]> => {
      read += 1;
      return { kind: "bearer", issuer: "https://idp.example" };
    };
    for (let i = 0; i < 100_000; i++) {
      refusals.refused({ ...REQUEST, ip: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, claim });
    }
    expect(rows.length).toBe(501);
    expect(read).toBe(500);
    refusals.close();
    expect(rows.length).toBe(502);
    expect(rows.at(-1)).toMatchObject({ ip: undefined, credential: undefined, code: "TOKEN_INVALID", count: 99_499 });
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(100_000);
  });

  it("of one address that is always another one has fifty rows, and its number", () => {
    const { rows, refusals } = setUp();
    for (let i = 0; i < 1_000; i++) refusals.refused({ ...REQUEST, code: "METHOD_UNKNOWN", method: `x/${i}` });
    refusals.close();
    expect(rows.filter(({ ip, count }) => ip === "192.0.2.7" && count === 1)).toHaveLength(50);
    expect(rows.at(-1)).toMatchObject({ ip: undefined, method: undefined, count: 949 });
  });

  it("writes its numbers a few at a time, between which others have their turn", () => {
    const { rows, refusals } = setUp();
    for (let i = 0; i < 400; i++)
      for (const _ of [1, 2]) refusals.refused({ ...REQUEST, ip: `10.0.${i >> 8}.${i & 255}` });
    expect(rows).toHaveLength(400);
    vi.advanceTimersByTime(REFUSAL_WINDOW_MS);
    const first = rows.length;
    expect(first).toBeLessThan(500);
    vi.runAllTimers();
    expect(rows).toHaveLength(800);
  });

  it("loses no number that is being written when the gateway stops", () => {
    const { rows, refusals } = setUp();
    for (let i = 0; i < 400; i++)
      for (const _ of [1, 2]) refusals.refused({ ...REQUEST, ip: `10.0.${i >> 8}.${i & 255}` });
    vi.advanceTimersByTime(REFUSAL_WINDOW_MS);
    refusals.close();
    vi.runAllTimers();
    expect(rows).toHaveLength(800);
  });
});

describe("what strangers write", () => {
  const TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";

  it.each<[string, string]>([
    ["a token", TOKEN],
    ["a key", "sk_live_51H8xYzAbCdEfGhIjKlMnOpQrStUv"],
    ["a password in a URL", "https://ann:hunter2-and-more@idp.example"],
    ["a very long text", "x".repeat(1_000_000)],
    ["text that turns round", "https://idp.example/\u202e\u001b[31m"],
    ["line feeds", "a\nb\r\nc"],
  ])("is short, shows all that is in it, and holds no secret: %s", (_, text) => {
    const { rows, refusals } = setUp();
    const claim = (): ReturnType<RefusedRequest["claim"]> => ({ kind: "bearer", issuer: text });
    refusals.refused({ ...REQUEST, claim, method: text, endpoint: text });
    for (const kept of [rows[0]?.issuer, rows[0]?.method, rows[0]?.endpoint]) {
      expect(kept?.length).toBeLessThanOrEqual(257);
      expect(kept).not.toMatch(/eyJ|sk_live|hunter2|\p{C}/u);
    }
  });
});

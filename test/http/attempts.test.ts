import { describe, expect, it } from "vitest";
import { ATTEMPT_BOUNDS, type AttemptBounds, createAttempts } from "../../src/http/attempts.ts";
import { eventually } from "../support/eventually.ts";
import { recordingLog } from "../support/recording-log.ts";

const ADDRESS = "203.0.113.9";
const KEY = "pk_aaaaaaaaaaaa";

function counting(bounds: Partial<AttemptBounds> = {}) {
  let at = 1_000_000;
  const log = recordingLog();
  const attempts = createAttempts({ now: () => at, log, bounds: { ...ATTEMPT_BOUNDS, ...bounds } });
  const begin = (ip: string, credential: string) => attempts.begin({ ip, credential, at: "/mcp" });
  /** Tries and is refused; `false` where it was not even looked at. */
  const fail = (ip = ADDRESS, credential = KEY): boolean => {
    const verdict = begin(ip, credential);
    if (verdict.ok) verdict.end(true);
    return verdict.ok;
  };
  const times = (count: number, ip = ADDRESS, credential = KEY) => {
    for (let i = 0; i < count; i++) fail(ip, credential);
  };
  return {
    ...{ log, begin, fail, times },
    pass(ms: number) {
      at += ms;
    },
  };
}

/** As an identity provider makes them: all begin alike. */
function token(subject: string, signature: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "RS256", typ: "at+jwt" })}.${part({ iss: "https://idp.example", sub: subject })}.${signature}`;
}

describe("credentials that are refused again and again", () => {
  it("are looked at ten times within a minute, and again in the next", () => {
    const { begin, fail, times, pass } = counting();
    times(10);
    pass(59_000);
    expect(begin(ADDRESS, KEY)).toEqual({ ok: false, retryAfterS: 1 });
    pass(1_000);
    expect(fail()).toBe(true);
  });

  it.each<[string, string, string, boolean]>([
    ["the same", ADDRESS, KEY, false],
    ["one that begins alike", ADDRESS, `${KEY.slice(0, 11)}zzzz`, false],
    ["another one from there", ADDRESS, "pk_bbbbbbbbbbbb", true],
    ["the same from elsewhere", "203.0.113.10", KEY, true],
    ["the same from there in another spelling", "::ffff:203.0.113.9", KEY, false],
  ])("hold back %s or not", (_, ip, credential, looked) => {
    const { fail, times } = counting();
    times(10);
    expect(fail(ip, credential)).toBe(looked);
  });

  it.each([
    ["2001:db8:1:2::7", false],
    ["2001:db8:1:2:ffff::1", false],
    ["2001:db8:1:3::7", true],
  ])("count for a whole network of IPv6: %s", (ip, looked) => {
    const { fail, times } = counting();
    times(10, "2001:db8:1:2:3:4:5:6");
    expect(fail(ip)).toBe(looked);
  });

  it("are told apart where they are tokens, which all begin alike", () => {
    const { fail, times } = counting();
    times(10, ADDRESS, token("eve", "AAAA"));
    expect(fail(ADDRESS, token("eve", "BBBB"))).toBe(false);
    expect(fail(ADDRESS, token("ann", "CCCC"))).toBe(true);
  });

  it("of a whole network are bounded too, far above what people behind one address do", () => {
    const { fail } = counting();
    for (let i = 0; i < 1_000; i++) expect(fail(ADDRESS, `pk_${i}`)).toBe(true);
    expect(fail(ADDRESS, "pk_ann")).toBe(false);
    expect(fail("203.0.113.10", "pk_ann")).toBe(true);
  });

  it("are no more when they come at once", () => {
    const { begin } = counting();
    const verdicts = Array.from({ length: 20 }, () => begin(ADDRESS, KEY));
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(10);
  });
});

describe("a credential that is good, or that nobody could check", () => {
  it("costs nothing", () => {
    const { begin, fail } = counting({ perNetwork: 20 });
    for (let i = 0; i < 100; i++) {
      const verdict = begin(ADDRESS, KEY);
      if (verdict.ok) verdict.end(false);
      expect(verdict.ok).toBe(true);
    }
    expect(fail()).toBe(true);
  });

  it("that ends in a later window takes nothing off that one", () => {
    const { begin, times, pass } = counting();
    const slow = begin(ADDRESS, KEY);
    pass(60_000);
    times(10);
    if (slow.ok) slow.end(false);
    expect(begin(ADDRESS, KEY).ok).toBe(false);
  });
});

describe("the log", () => {
  it("hears of the first of a network, of the first that is held back, and how many there were", async () => {
    const { log, times } = counting({ windowMs: 50 });
    times(14);
    times(1, "2001:db8::1");
    const told = () => log.lines.map(({ level, fields }) => [level, fields]);
    expect(told()).toEqual([
      ["info", { address: ADDRESS, at: "/mcp" }],
      ["info", { address: ADDRESS, at: "/mcp" }],
      ["info", { address: "2001:db8::/64", at: "/mcp" }],
    ]);
    await eventually(async () => (log.lines.length > 3 ? true : undefined));
    expect(told().slice(3)).toEqual([["info", { address: ADDRESS, refused: 10, held: 4 }]]);
  });

  it("is not flooded from many networks", async () => {
    const { log, times } = counting({ windowMs: 50 });
    for (let i = 0; i < 500; i++) times(2, `198.51.${i % 100}.${i}`);
    expect(log.lines).toHaveLength(20);
    await eventually(async () => (log.lines.length === 41 ? true : undefined));
  });

  it("never has a credential", () => {
    const { log, times } = counting();
    times(20);
    expect(JSON.stringify(log.lines)).not.toContain("aaaa");
  });
});

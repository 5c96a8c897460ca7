import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createIdentity } from "../../src/identity/create-identity.ts";
import type { Identified } from "../../src/identity/identity.ts";
import { KEY_TIMES, type KeyTimes } from "../../src/identity/options.ts";
import { type Claims, type IssuerBehaviour, type Minting, startIssuer, type TestIssuer } from "../support/issuer.ts";
import { recordingLog } from "../support/recording-log.ts";
import { AUDIENCE, bearer, identityOptions, issuerOptions } from "./helpers.ts";

let issuer: TestIssuer;
let now = Date.UTC(2026, 10, 21);
beforeAll(async () => {
  issuer = await startIssuer();
});
afterAll(() => issuer.close());
beforeEach(() => {
  issuer.behave("well");
  issuer.move("/jwks");
  now += 3_600_000;
});

let jti = 0;
const seconds = () => Math.floor(now / 1000);
const mint = (more: Claims = {}, minting: Minting = {}) =>
  issuer.mint(
    { sub: "ann", aud: AUDIENCE, iat: seconds(), exp: seconds() + 3600, jti: String(jti++), ...more },
    minting,
  );

function started() {
  const log = recordingLog();
  const options = identityOptions({ jwt: [issuerOptions(issuer.issuer)] });
  const keyTimes: KeyTimes = {
    ...KEY_TIMES,
    get timeoutMs() {
      return issuer.behaviour() === "silent" ? 50 : 10_000;
    },
  };
  const identity = createIdentity(options, { now: () => now, log, keyTimes });
  const came = issuer.asked.length;
  return {
    log,
    identify: async (token: string) => identity.identify(bearer(token)),
    try: async (token: string) => codeOf(await identity.identify(bearer(token))),
    /** How often keys, or their place, were asked for. */
    fetches: () => issuer.asked.slice(came).filter((path) => path === "/.well-known/openid-configuration").length,
  };
}

function codeOf(identified: Identified): string {
  return identified.ok ? "good" : identified.refusal.code;
}

function forged(token: string): string {
  const [head = "", body = ""] = token.split(".");
  return `${head}.${body}.${"A".repeat(86)}`;
}

/** All that an issuer can be besides well. */
const ILL = ["gone", "silent", "failing", "garbage", "other", "keyless", "unreadable"] as const satisfies Exclude<
  IssuerBehaviour,
  "well"
>[];

const NOBODYS = "with a key of nobody's";

/** Whether an issuer that is so has said that it has no other keys. */
const hasSaid = (how: IssuerBehaviour): boolean => how === "unreadable";

/** Tokens, what is said of them while nothing is known of their issuer, and what is said of them at last. */
const TOKENS: Readonly<Record<string, { make(): Promise<string>; unknown: string; known: string }>> = {
  good: { make: () => mint(), unknown: "ISSUER_UNREACHABLE", known: "good" },
  "with a signature of nobody's": {
    make: async () => forged(await mint()),
    unknown: "ISSUER_UNREACHABLE",
    known: "TOKEN_INVALID",
  },
  [NOBODYS]: {
    make: () => mint({}, { header: { kid: "nobody" } }),
    unknown: "ISSUER_UNREACHABLE",
    known: "TOKEN_INVALID",
  },
  expired: { make: () => mint({ exp: seconds() - 60 }), unknown: "TOKEN_EXPIRED", known: "TOKEN_EXPIRED" },
  "for somebody else": {
    make: () => mint({ aud: "https://elsewhere.example" }),
    unknown: "TOKEN_INVALID",
    known: "TOKEN_INVALID",
  },
  "issued in a time to come": {
    make: () => mint({ iat: seconds() + 600 }),
    unknown: "TOKEN_INVALID",
    known: "TOKEN_INVALID",
  },
};

describe.each(ILL)("while an issuer is %s from the start", (how) => {
  it.each(Object.entries(TOKENS))("a token %s is answered by what is known", async (name, { make, unknown, known }) => {
    issuer.behave(how);
    const { try: attempt } = started();
    const token = await make();
    expect(await attempt(token)).toBe(name === NOBODYS && hasSaid(how) ? known : unknown);
    issuer.behave("well");
    now += KEY_TIMES.retryAtMostMs;
    expect(await attempt(token)).toBe(known);
  });

  it("the answer is 503 with a time to come again at, and no challenge, which would cost the client its token", async () => {
    issuer.behave(how);
    const { identify, log } = started();
    const answer = await identify(await mint());
    expect(answer).toMatchObject({ ok: false, headers: { "Retry-After": expect.stringMatching(/^[1-9]\d?$/) } });
    expect(answer).not.toHaveProperty("headers.WWW-Authenticate");
    // One that can be read, and holds a key that cannot, was reached.
    expect(log.lines.filter(({ level }) => level === "warn")).toHaveLength(how === "unreadable" ? 0 : 1);
  });
});

describe.each(ILL)("when an issuer gets %s later", (how) => {
  it("its tokens are good as long as its keys may serve, and then nobody knows", async () => {
    const { try: attempt } = started();
    expect(await attempt(await mint())).toBe("good");
    issuer.behave(how);
    now += KEY_TIMES.maxAgeMs - 1;
    expect(await attempt(await mint())).toBe("good");
    now += KEY_TIMES.retryAtMostMs;
    expect(await attempt(await mint())).toBe("ISSUER_UNREACHABLE");
    issuer.behave("well");
    now += KEY_TIMES.retryAtMostMs;
    expect(await attempt(await mint())).toBe("good");
  });

  it.each(Object.entries(TOKENS))("a token %s is answered by what is known", async (name, { make, unknown, known }) => {
    const { try: attempt } = started();
    expect(await attempt(await mint())).toBe("good");
    issuer.behave(how);
    now += 1_000;
    // Its own keys are at hand; and what a token says itself can be enough to refuse it by.
    const decided = name === "good" || unknown === known || (name === NOBODYS && hasSaid(how));
    expect(await attempt(await make())).toBe(decided ? known : unknown);
  });
});

describe.each(["new", "same"] as const)("a key that takes the place of another under a %s kid", (kid) => {
  it("is found at once, shortly after a fetch", async () => {
    const { try: attempt } = started();
    expect(await attempt(await mint())).toBe("good");
    now += 1_000;
    await issuer.rotate(kid);
    expect(await attempt(await mint())).toBe("good");
    expect(await attempt(await mint({}, { withFormerKey: true }))).toBe("TOKEN_INVALID");
  });

  it("is found within seconds while strangers send whatever they like, and nobody is told that its tokens are bad", async () => {
    const { try: attempt, fetches } = started();
    expect(await attempt(await mint())).toBe("good");
    const flood = async () => {
      await attempt(forged(await mint()));
      await attempt(await mint({}, { header: { kid: `nobody-${jti}` } }));
      await attempt(await mint({}, { header: { kid: `key-${Number(issuer.publicKey().kid?.slice(4)) + 1}` } }));
    };
    const begun = now;
    for (; now < begun + 60_000; now += 2_000) await flood();
    const { everyMs, atOnce } = KEY_TIMES;
    expect(fetches()).toBeLessThanOrEqual(60_000 / everyMs + atOnce);
    await issuer.rotate(kid);
    const token = await mint();
    const said = new Set<string>();
    for (let second = 0; second <= everyMs / 1000; second++, now += 1_000) {
      await flood();
      said.add(await attempt(token));
    }
    said.delete("ISSUER_UNREACHABLE");
    expect([...said]).toEqual(["good"]);
  });
});

describe("an issuer is asked", () => {
  it("once for a key that it does not have, until it might have it", async () => {
    const { try: attempt, fetches } = started();
    await attempt(await mint());
    now += 10_000;
    const issued = seconds() - 60;
    const lost = () => mint({ iat: issued }, { header: { kid: "lost" } });
    for (let i = 0; i < 5; i++) expect(await attempt(await lost())).toBe("TOKEN_INVALID");
    expect(fetches()).toBe(2);
    now += KEY_TIMES.settledMs;
    expect(await attempt(await lost())).toBe("TOKEN_INVALID");
    expect(fetches()).toBe(3);
  });

  it("less and less often while it fails, and again soon", async () => {
    issuer.behave("gone");
    const { try: attempt, fetches } = started();
    const begun = now;
    const times: number[] = [];
    for (; now < begun + 120_000; now += 500) {
      const before = fetches();
      await attempt(await mint());
      if (fetches() > before) times.push(now - begun);
    }
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    expect(waits.slice(0, 3)).toEqual([1_000, 2_000, 4_000]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(KEY_TIMES.retryAtMostMs);
    expect(Math.min(...waits.slice(5))).toBe(KEY_TIMES.retryAtMostMs);
  });

  it("where its keys are when one is missing: they may have moved", async () => {
    const { try: attempt } = started();
    expect(await attempt(await mint())).toBe("good");
    now += 1_000;
    issuer.move("/elsewhere");
    await issuer.rotate();
    expect(await attempt(await mint())).toBe("good");
  });

  it("once for many tokens that wait for the same answer", async () => {
    const { try: attempt, fetches } = started();
    const tokens = await Promise.all(Array.from({ length: 20 }, () => mint({}, { header: { kid: `nobody-${jti}` } })));
    await Promise.all(tokens.map(attempt));
    expect(fetches()).toBe(1);
  });
});

import { expect, it } from "vitest";
import type { PeerSession } from "../../src/upstream/sessions/peer-session.ts";
import type { SessionOwner } from "../../src/upstream/sessions/session-owner.ts";
import { SessionPool } from "../../src/upstream/sessions/session-pool.ts";
import { testPeer } from "../support/upstream-options.ts";

/** A pool of sessions that are never opened. */
function poolOf(maxPeers: number, now: () => number = ticking()): SessionPool {
  const owner = { now, intake: { own() {} }, freed() {} };
  const limits = { idleMs: 100, maxSessions: 9, maxPeers, maxWaiting: 9, waitMs: 9 };
  return new SessionPool({ owner: Object.assign(Object.create(null) as SessionOwner<PeerSession>, owner), ...limits });
}

function ticking(): () => number {
  let time = 0;
  return () => ++time;
}

it("a session is unused from when its client last called or listened", () => {
  let time = 1_000;
  let listening = true;
  const pool = poolOf(4, () => time);
  pool.get(testPeer("calls"));
  pool.get(testPeer("listens", { listening: () => listening }));
  const left = (): number => {
    pool.reap(time);
    return pool.load().peers ?? 0;
  };
  time += 99;
  expect(left()).toBe(2);
  time += 1;
  expect(left()).toBe(1);
  time += 10_000;
  expect(left()).toBe(1);
  // Its stream broke: it is opened again soon, as a rule.
  listening = false;
  time += 99;
  expect(left()).toBe(1);
  time += 1;
  expect(left()).toBe(0);
});

it("a session whose client listens makes room like any other", () => {
  const pool = poolOf(2);
  const session = pool.get(testPeer("first", { listening: () => true }));
  for (const key of ["second", "third"]) pool.get(testPeer(key));
  expect(pool.get(testPeer("first"))).not.toBe(session);
});

it("a client whose next token makes it somebody else's share counts for them alone", () => {
  const pool = poolOf(4);
  const session = pool.get(testPeer("client", { holder: "subject" }));
  expect(pool.get(testPeer("client", { holder: "person" }))).toBe(session);
  for (const key of ["one", "two", "three"]) pool.get(testPeer(key, { holder: "subject" }));
  // The subject's own idlest left, and not the one that is no longer theirs.
  expect(pool.get(testPeer("client", { holder: "person" }))).toBe(session);
  expect(pool.load().peers).toBe(3);
});

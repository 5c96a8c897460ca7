import { expect, it } from "vitest";
import type { PeerSession } from "../../src/upstream/sessions/peer-session.ts";
import type { SessionOwner } from "../../src/upstream/sessions/session-owner.ts";
import { SessionPool } from "../../src/upstream/sessions/session-pool.ts";
import { testPeer } from "../support/upstream-options.ts";

/** A pool of sessions that are never opened. */
function poolOf(maxPeers: number): SessionPool {
  let time = 0;
  const owner = { now: () => ++time, intake: { own() {} }, freed() {} };
  const limits = { idleMs: 1, maxSessions: 9, maxPeers, maxWaiting: 9, waitMs: 9 };
  return new SessionPool({ owner: Object.assign(Object.create(null) as SessionOwner<PeerSession>, owner), ...limits });
}

it("a client whose next token makes it somebody else's share counts for them alone", () => {
  const pool = poolOf(4);
  const session = pool.get(testPeer("client", { holder: "subject" }));
  expect(pool.get(testPeer("client", { holder: "person" }))).toBe(session);
  for (const key of ["one", "two", "three"]) pool.get(testPeer(key, { holder: "subject" }));
  // The subject's own idlest left, and not the one that is no longer theirs.
  expect(pool.get(testPeer("client", { holder: "person" }))).toBe(session);
  expect(pool.load().peers).toBe(3);
});

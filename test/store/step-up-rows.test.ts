import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { ChallengeRecord, ElevationRecord } from "../../src/store/step-up/step-up.ts";
import { openTestStore, temporaryDir } from "../support/audit.ts";

const NOW = 1_000_000;

function challenge(change: Partial<ChallengeRecord> = {}): ChallengeRecord {
  return {
    id: "c-1",
    key: "k-1",
    issuer: "https://idp.example",
    subject: "u-1",
    clientId: "agent",
    expected: "u-1",
    clientName: "an agent",
    tool: "bank/pay",
    per: "session",
    target: "t-1",
    acr: [["mfa", "hwk"], ["hwk"]],
    amr: [],
    maxAgeMs: undefined,
    ttlMs: 60_000,
    state: "open",
    failures: 0,
    createdAt: NOW,
    expiresAt: NOW + 600_000,
    ...change,
  };
}

function elevation(change: Partial<ElevationRecord> = {}): ElevationRecord {
  const { issuer, subject, clientId, per, target } = challenge();
  return {
    ...{ id: "e-1", challengeId: "c-1", issuer, subject, clientId, per, target },
    ...{ acr: "hwk", amr: ["pin"], authTime: NOW, createdAt: NOW + 1, expiresAt: NOW + 60_001 },
    ...change,
  };
}

const path = () => join(temporaryDir(), "portcullis.db");

describe("challenges", () => {
  it("are found again after a restart, with everything that they had", async () => {
    const file = path();
    const whole = challenge({ maxAgeMs: 5_000, clientId: undefined, amr: [["pin"]] });
    await openTestStore(file).stepUp.open(whole, 10);
    expect(await openTestStore(file).stepUp.find("c-1")).toEqual(whole);
  });

  it("are joined while one of the same key is open, and opened anew once its time is over", async () => {
    const { stepUp } = openTestStore(path());
    expect(await stepUp.open(challenge(), 10)).toEqual({ kind: "opened", challenge: challenge() });
    expect(await stepUp.open(challenge({ id: "c-2" }), 10)).toEqual({ kind: "joined", challenge: challenge() });
    const later = challenge({ id: "c-3", createdAt: NOW + 600_000, expiresAt: NOW + 1_200_000 });
    expect(await stepUp.open(later, 10)).toEqual({ kind: "opened", challenge: later });
  });

  it("are bounded per person, failed ones included until their time is over", async () => {
    const { stepUp } = openTestStore(path());
    for (const id of ["a", "b"]) await stepUp.open(challenge({ id, key: id }), 2);
    await stepUp.fail("a", 1);
    const third = challenge({ id: "c", key: "c" });
    expect(await stepUp.open(third, 2)).toEqual({ kind: "too_many" });
    expect(await stepUp.open({ ...third, subject: "u-2" }, 2)).toMatchObject({ kind: "opened" });
    const late = { ...third, id: "d", key: "d", createdAt: NOW + 600_000, expiresAt: NOW + 1_200_000 };
    expect(await stepUp.open(late, 2)).toMatchObject({ kind: "opened" });
  });

  it("take an attempt once, and only the last one begun", async () => {
    const { stepUp } = openTestStore(path());
    await stepUp.open(challenge(), 10);
    expect(await stepUp.begin("c-1", "first", NOW)).toBe(true);
    expect(await stepUp.begin("c-1", "second", NOW)).toBe(true);
    expect(await stepUp.take("c-1", "first", NOW)).toBe(false);
    expect(await stepUp.take("c-1", "second", NOW)).toBe(true);
    expect(await stepUp.take("c-1", "second", NOW)).toBe(false);
  });

  it.each([
    ["unknown", "c-0", NOW],
    ["past its time", "c-1", NOW + 600_000],
  ])("begin nothing when %s", async (_what, id, at) => {
    const { stepUp } = openTestStore(path());
    await stepUp.open(challenge(), 10);
    expect(await stepUp.begin(id, "hash", at)).toBe(false);
    expect(await stepUp.take(id, "hash", at)).toBe(false);
  });

  it("have failed after so many refusals, and take no more attempts", async () => {
    const { stepUp } = openTestStore(path());
    await stepUp.open(challenge(), 10);
    await stepUp.fail("c-1", 2);
    expect(await stepUp.states(["c-1", "c-0"])).toEqual(new Map([["c-1", "open"]]));
    await stepUp.fail("c-1", 2);
    expect(await stepUp.find("c-1")).toMatchObject({ state: "failed", failures: 2 });
    expect(await stepUp.begin("c-1", "hash", NOW)).toBe(false);
    expect(await stepUp.meet(elevation())).toBe(false);
  });

  it("leave an hour after their time, a bounded number at once", async () => {
    const file = path();
    const { stepUp } = openTestStore(file);
    for (let i = 0; i < 130; i++) await stepUp.open(challenge({ id: `c-${i}`, key: `k-${i}` }), 1_000);
    const at = NOW + 600_000 + 3_600_000;
    for (const id of ["x", "y"]) {
      await stepUp.open(challenge({ id, key: id, createdAt: at, expiresAt: at + 1 }), 1_000);
      const left = new Database(file).prepare("SELECT count(*) FROM step_up_challenges").pluck().get();
      expect(left).toBe(id === "x" ? 31 : 2);
    }
  });
});

describe("elevations", () => {
  it("come with their challenge being met, once", async () => {
    const { stepUp } = openTestStore(path());
    await stepUp.open(challenge(), 10);
    expect(await stepUp.meet(elevation())).toBe(true);
    expect(await stepUp.meet(elevation({ id: "e-2" }))).toBe(false);
    expect(await stepUp.find("c-1")).toMatchObject({ state: "met" });
    expect(await stepUp.elevations(challenge(), NOW + 2)).toEqual([elevation()]);
    expect(await stepUp.open(challenge({ id: "c-2" }), 10)).toMatchObject({ kind: "opened" });
  });

  it.each([
    ["another issuer", { issuer: "https://other.example" }],
    ["another person", { subject: "u-2" }],
    ["another client", { clientId: "other" }],
    ["no client", { clientId: undefined }],
    ["another call, tool or session", { target: "t-2" }],
    ["something narrower", { per: "call" as const }],
  ])("serve nobody and nothing else: %s", async (_what, change) => {
    const { stepUp } = openTestStore(path());
    await stepUp.open(challenge(), 10);
    await stepUp.meet(elevation());
    expect(await stepUp.elevations({ ...challenge(), ...change }, NOW + 2)).toEqual([]);
  });

  it("end with their time", async () => {
    const { stepUp } = openTestStore(path());
    await stepUp.open(challenge(), 10);
    await stepUp.meet(elevation());
    expect(await stepUp.elevations(challenge(), NOW + 60_000)).toHaveLength(1);
    expect(await stepUp.elevations(challenge(), NOW + 60_001)).toEqual([]);
  });

  it("for one call are spent once; others are not spent at all", async () => {
    const { stepUp } = openTestStore(path());
    const once = challenge({ per: "call" });
    await stepUp.open(once, 10);
    await stepUp.meet(elevation({ per: "call" }));
    const both = await Promise.all([stepUp.spend("e-1", NOW + 2), stepUp.spend("e-1", NOW + 2)]);
    expect(both.sort()).toEqual([false, true]);
    expect(await stepUp.elevations(once, NOW + 2)).toEqual([]);
    await stepUp.open(challenge({ id: "c-2", key: "k-2" }), 10);
    await stepUp.meet(elevation({ id: "e-2", challengeId: "c-2" }));
    expect(await stepUp.spend("e-2", NOW + 2)).toBe(false);
  });
});

it.each([
  "UPDATE step_up_challenges SET sub = 'u-2'",
  "UPDATE step_up_challenges SET expires_at = 9e15",
  "UPDATE step_up_challenges SET acr = '[]'",
  "UPDATE elevations SET sub = 'u-2'",
  "UPDATE elevations SET expires_at = 9e15",
  "UPDATE elevations SET acr = 'other'",
])("the database itself refuses %s", async (statement) => {
  const file = path();
  const { stepUp } = openTestStore(file);
  await stepUp.open(challenge(), 10);
  await stepUp.meet(elevation());
  await stepUp.open(challenge({ id: "c-2" }), 10);
  expect(() => new Database(file).exec(statement)).toThrow(/never changes|only be spent/);
});

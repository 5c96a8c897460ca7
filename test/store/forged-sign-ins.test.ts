import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, it } from "vitest";
import type { StepUpPer } from "../../src/core/decision.ts";
import type { Store } from "../../src/store/open-store.ts";
import type { ChallengeRecord, ElevationRecord, StepUpBinding } from "../../src/store/step-up/step-up.ts";
import { keepingLog, openTestStore, temporaryDir } from "../support/audit.ts";
import { anotherValue, columnsOf, forge } from "../support/forging.ts";

/*
 * Somebody has the database and not the gateway's secret. Whatever they write into a sign-in, or a challenge to one, counts
 * as not there: it lets nobody pass, and is said in the log and on record.
 */

const NOW = 1_000_000;
const LATER = NOW + 1_000;

const challenge: ChallengeRecord = {
  ...{ id: "c-1", key: "k-1", issuer: "https://idp.example", subject: "u-1", clientId: "agent", expected: "u-1" },
  ...{ clientName: "an agent", tool: "bank/pay", per: "call", target: "t-1", acr: [["hwk"]], amr: [["pin"]] },
  ...{ maxAgeMs: 60_000, ttlMs: 60_000, state: "open", failures: 1, createdAt: NOW, expiresAt: NOW + 600_000 },
};

const { issuer, subject, clientId, per, target } = challenge;
const elevation: ElevationRecord = {
  ...{ id: "e-1", challengeId: "c-1", issuer, subject, clientId, per, target },
  ...{ acr: "hwk", amr: ["pin"], authTime: NOW, createdAt: NOW + 1, expiresAt: NOW + 60_001 },
};

interface World {
  readonly path: string;
  readonly store: Store;
  readonly log: ReturnType<typeof keepingLog>;
}

function world(): World {
  const path = join(temporaryDir(), "portcullis.db");
  const log = keepingLog();
  return { path, store: openTestStore(path, { log }), log };
}

/** Has somebody challenged, and on their way to the provider. */
async function challenged({ store }: World, id: string): Promise<void> {
  await store.stepUp.open({ ...challenge, id, key: `key-${id}` }, 1_000);
  await store.stepUp.begin(id, "hash", NOW);
}

/** Has somebody sign in for a call of theirs. */
async function signedIn(at: World, id: string): Promise<StepUpBinding> {
  await challenged(at, id);
  await at.store.stepUp.meet({ ...elevation, id, challengeId: id, target: id });
  return { ...elevation, target: id };
}

const errors = ({ log }: World) => log.lines.filter(({ level }) => level === "error").length;

/** What a row is found by: whoever forges has it say what they look for. */
function bindingIn(path: string, place: number): StepUpBinding {
  const db = new Database(path, { readonly: true });
  const row = db
    .prepare<[number], { iss: string; sub: string; client_id: string; per: StepUpPer; target: string }>(
      "SELECT * FROM elevations WHERE rowid = ?",
    )
    .get(place);
  db.close();
  if (row === undefined) throw new Error("There is no sign-in.");
  return { issuer: row.iss, subject: row.sub, clientId: row.client_id, per: row.per, target: row.target };
}

const OTHERS: Readonly<Record<string, string>> = {
  per: "'tool'",
  state: "'met'",
  acr: `'["other"]'`,
  amr: `'[]'`,
};

const otherOf = (column: string) => OTHERS[column] ?? anotherValue(column);

describe("a sign-in that somebody wrote into the database", () => {
  it("lets nobody pass, whichever column it is", async () => {
    const at = world();
    const columns = columnsOf(at.path, "elevations").filter((name) => name !== "spent_at");
    for (const [index, column] of columns.entries()) {
      await signedIn(at, column);
      forge(at.path, `UPDATE elevations SET ${column} = ${otherOf(column)} WHERE rowid = ${index + 1}`);
      const found = await at.store.stepUp.elevations(bindingIn(at.path, index + 1), LATER);
      const spent = await at.store.stepUp.spend(column, LATER);
      expect({ column, found, spent, errors: errors(at) }).toEqual({
        ...{ column, found: [], spent: false, errors: index + 1 },
      });
    }
  });

  it("lets nobody pass that was never made, nor once more that was spent", async () => {
    const at = world();
    const mine = await signedIn(at, "e-1");
    const columns = columnsOf(at.path, "elevations");
    const copied = columns.map((name) => (name === "sub" ? "'eve'" : /id$/.test(name) ? `${name} || 'x'` : name));
    forge(at.path, `INSERT INTO elevations (${columns.join()}) SELECT ${copied.join()} FROM elevations`);
    expect(await at.store.stepUp.elevations({ ...mine, subject: "eve", clientId: "agentx" }, LATER)).toEqual([]);
    expect(await at.store.stepUp.elevations(mine, LATER)).toMatchObject([{ id: "e-1" }]);
    expect(await at.store.stepUp.spend("e-1", LATER)).toBe(true);
    forge(at.path, "UPDATE elevations SET spent_at = NULL");
    expect(await at.store.stepUp.elevations(mine, LATER)).toEqual([]);
    expect(await at.store.stepUp.spend("e-1", LATER)).toBe(false);
  });

  it("is on record, once, however often it is met", async () => {
    const at = world();
    const mine = await signedIn(at, "e-1");
    forge(at.path, "UPDATE elevations SET auth_time = auth_time + 1");
    for (let look = 0; look < 3; look += 1) await at.store.stepUp.elevations(mine, LATER);
    await at.store.close();
    expect(errors(at)).toBe(1);
    const db = new Database(at.path, { readonly: true });
    expect(db.prepare("SELECT kind, outcome, facts FROM audit").all()).toEqual([
      { kind: "checkpoint", outcome: "broken", facts: `{"forged_table":"elevations","forged_id":"e-1"}` },
    ]);
    db.close();
  });
});

describe("a challenge that somebody wrote into the database", () => {
  it("is no challenge, whichever column it is", async () => {
    const at = world();
    const { stepUp } = at.store;
    for (const column of columnsOf(at.path, "step_up_challenges").filter((name) => name !== "id")) {
      await challenged(at, column);
      const before = errors(at);
      forge(at.path, `UPDATE step_up_challenges SET ${column} = ${otherOf(column)} WHERE id = '${column}'`);
      expect({ column, found: await stepUp.find(column), errors: errors(at) }).toEqual({
        ...{ column, found: undefined, errors: before + 1 },
      });
      expect(await stepUp.begin(column, "other", LATER)).toBe(false);
      expect(await stepUp.take(column, "hash", LATER)).toBe(false);
      expect(await stepUp.meet({ ...elevation, id: column, challengeId: column })).toBe(false);
      const again = { ...challenge, id: `again-${column}`, key: `key-${column}` };
      expect(await stepUp.open(again, 1_000)).toMatchObject({ kind: "opened", challenge: { id: again.id } });
    }
  });

  it("that nobody changed keeps its seal through all that happens to it", async () => {
    const at = world();
    const { stepUp } = at.store;
    await stepUp.open({ ...challenge, id: "c-2", clientName: "\ud800 \u0000 é \u{1f600}" }, 10);
    await stepUp.fail("c-2", 5);
    expect(await stepUp.find("c-2")).toMatchObject({ failures: 2, state: "open" });
    await stepUp.fail("c-2", 3);
    expect(await stepUp.find("c-2")).toMatchObject({ failures: 3, state: "failed" });
    await signedIn(at, "c-1");
    expect(await stepUp.find("c-1")).toMatchObject({ state: "met" });
    expect(errors(at)).toBe(0);
  });
});

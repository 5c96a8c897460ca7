import { getTableColumns, getTableName } from "drizzle-orm";
import { expect, it } from "vitest";
import { createKeyedHash } from "../../src/core/keyed-hash.ts";
import { outboxSeals } from "../../src/store/approvals/outbox-rows.ts";
import { outbox } from "../../src/store/approvals/schema.ts";
import { createRowSeals, type RowSeals } from "../../src/store/database/row-seals.ts";
import { elevations, stepUpChallenges } from "../../src/store/step-up/schema.ts";
import { auditHash } from "../support/audit-key.ts";

/* A seal goes over each column of a row, but for those that only say what is still to be done with it. */

const OTHER = createKeyedHash(Buffer.alloc(32, 8), "another");

const forged: string[] = [];
const options = {
  keys: [auditHash] as const,
  onForged: (table: string, id: string) => forged.push(`${table} ${id}`),
  id: ({ id }: { readonly id: unknown }) => `${id}`,
};

/** A row with some value in each column. */
function filled(table: typeof elevations | typeof stepUpChallenges | typeof outbox): Record<string, string | number> {
  const columns = Object.entries(getTableColumns(table));
  return Object.fromEntries(columns.map(([name, { dataType }]) => [name, dataType === "number" ? 1 : "text"]));
}

const tables = [
  { table: elevations, seals: createRowSeals(elevations, options), free: [] },
  { table: stepUpChallenges, seals: createRowSeals(stepUpChallenges, options), free: [] },
  {
    table: outbox,
    seals: outboxSeals(options),
    free: ["id", "attempts", "nextAt", "doneAt", "deadAt", "lastError"],
  },
].map(({ table, seals, free }) => ({
  ...{ name: getTableName(table), table, seals: seals as unknown as RowSeals<Record<string, unknown>> },
  free: free as readonly string[],
}));

it.each(tables)("does not hold, whichever column of $name is another one, or is gone", ({ table, seals, free }) => {
  const row = seals.sealed(filled(table));
  expect(seals.holds(row)).toBe(true);
  const passing = Object.keys(row).filter(
    (name) =>
      seals.holds({ ...row, [name]: typeof row[name] === "number" ? 2 : "other" }) ||
      seals.holds({ ...row, [name]: null }),
  );
  expect(passing).toEqual(Object.keys(row).filter((name) => free.includes(name)));
});

it("holds no row of another table, and none that another secret sealed", () => {
  const [one, other] = [createRowSeals(elevations, options), createRowSeals(stepUpChallenges, options)];
  const row = one.sealed({ ...elevationRow(), spentAt: null });
  expect(other.holds(row as never)).toBe(false);
  const foreign = createRowSeals(elevations, { ...options, keys: [OTHER] }).sealed(elevationRow());
  forged.length = 0;
  expect(one.holds(foreign)).toBe(false);
  expect(forged).toEqual([`${getTableName(elevations)} e-1`]);
});

it("holds none of before the secret was replaced, and calls it no forgery", () => {
  const before = createRowSeals(elevations, { ...options, keys: [OTHER] }).sealed(elevationRow());
  forged.length = 0;
  expect(createRowSeals(elevations, { ...options, keys: [auditHash, OTHER] }).holds(before)).toBe(false);
  expect(forged).toEqual([]);
});

function elevationRow(): typeof elevations.$inferSelect {
  return {
    ...{ id: "e-1", challengeId: "c-1", iss: "i", sub: "s", clientId: null, per: "call", target: "t", acr: null },
    ...{ amr: "[]", authTime: 1, createdAt: 1, expiresAt: 2, spentAt: null, mac: null },
  };
}

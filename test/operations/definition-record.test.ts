import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Audit } from "../../src/audit/audit.ts";
import { createDefinitionRecord } from "../../src/operations/upstreams/definition-record.ts";
import type { DefinitionChange } from "../../src/store/definitions/definitions.ts";

const LOG = { debug() {}, info() {}, warn() {}, error() {} };
const HOUR = 3_600_000;

const gone = (count: number): readonly DefinitionChange[] =>
  Array.from({ length: count }, (_, n) => ({ tool: `t${n}`, kind: "gone", digest: "d" }));

function recording() {
  const acts: Parameters<Audit["record"]>[0][] = [];
  const told: [string, number][] = [];
  const record = createDefinitionRecord({
    audit: { record: (act) => void acts.push(act) },
    notify: (upstream, tools) => void told.push([upstream, tools]),
    log: LOG,
    now: Date.now,
  });
  return { acts, told, record };
}

describe("a server that changes its tools all the time", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("gets a hundred rows in an hour, and then one with the number of the others", () => {
    const { acts, told, record } = recording();
    for (let n = 0; n < 50; n += 1) record.changed("odd", gone(40));
    expect(acts).toHaveLength(100);
    expect(told).toHaveLength(50);
    // It costs no other server its rows.
    record.changed("good", gone(2));
    expect(acts).toHaveLength(102);
    vi.advanceTimersByTime(HOUR);
    expect(acts).toHaveLength(103);
    expect(acts.at(-1)).toMatchObject({
      about: "definition",
      upstream: "odd",
      outcome: "definitions_changing",
      difference: { gone: 1_900, changed: 0, new: 0 },
    });
    record.changed("odd", gone(1));
    expect(acts.at(-1)).toMatchObject({ tool: "t0", outcome: "definition_gone" });
  });

  it("loses no number at the end of the process", () => {
    const { acts, record } = recording();
    record.changed("odd", gone(150));
    record.close();
    expect(acts.at(-1)).toMatchObject({ outcome: "definitions_changing", difference: { gone: 50 } });
    vi.advanceTimersByTime(HOUR);
    expect(acts).toHaveLength(101);
  });

  it("has only those changes compared that get a row", () => {
    const { acts, record } = recording();
    let compared = 0;
    const after = {
      name: "t",
      get description() {
        compared++;
        return "new";
      },
    };
    const changes = Array.from({ length: 9_900 }, (_, n): DefinitionChange => {
      return { tool: `t${n}`, kind: "changed", digest: "d", before: { name: "t", description: "old" }, after };
    });
    record.changed("odd", changes.slice(0, 100));
    const forRows = compared;
    expect(forRows).toBeGreaterThan(0);
    record.changed("odd", changes.slice(100));
    expect(compared).toBe(forRows);
    record.close();
    expect(acts.at(-1)).toMatchObject({ difference: { changed: 9_800 } });
  });
});

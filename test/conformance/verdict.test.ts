import { describe, expect, it } from "vitest";
import type { ScenarioResult } from "./suite.ts";
import { judge, renderTable } from "./verdict.ts";

const pass: ScenarioResult = { passed: true, failures: [], warnings: [], successes: ["check-0"] };
const fail: ScenarioResult = { passed: false, failures: ["check-1: it broke"], warnings: [], successes: [] };

function verdictOf(direct: ScenarioResult | undefined, through: ScenarioResult | undefined, reason?: string) {
  const [row] = judge({
    required: ["ping"],
    direct: new Map(direct && [["ping", direct]]),
    through: new Map(through && [["ping", through]]),
    expected: new Map(reason === undefined ? [] : [["ping", reason]]),
  });
  return row;
}

describe("the verdict on a required scenario", () => {
  it.each([
    ["passes when it passes both ways", pass, pass, undefined, "passed"],
    ["fails when only the fixture passes", pass, fail, undefined, "failed"],
    ["fails when the suite left no result through the gateway", pass, undefined, undefined, "failed"],
    ["fails when the fixture itself is broken", fail, fail, undefined, "failed"],
    ["is expected when its failure is listed with a reason", pass, fail, "not bridged yet", "expected"],
    ["is expected when it is listed and left no result", pass, undefined, "not bridged yet", "expected"],
    ["fails when it is listed and passes, so that the list gets shorter", pass, pass, "not bridged yet", "failed"],
  ])("%s", (_case, direct, through, reason, verdict) => {
    expect(verdictOf(direct, through, reason)?.verdict).toBe(verdict);
  });

  it("names a recommendation that only the gateway does not follow", () => {
    expect(verdictOf(pass, { ...pass, warnings: ["check-2: SHOULD"] })?.note).toContain("check-2: SHOULD");
    expect(verdictOf({ ...pass, warnings: ["check-2"] }, { ...pass, warnings: ["check-2"] })?.note).toBe("");
  });

  it("names a check that succeeds directly and does not apply through the gateway", () => {
    expect(verdictOf(pass, { ...pass, successes: [] })?.note).toContain("check-0");
  });
});

describe("a run against the fixture only", () => {
  it("judges the fixture, whatever is expected of the gateway", () => {
    const direct = new Map([["ping", fail]]);
    const rows = judge({ required: ["ping"], direct, through: undefined, expected: new Map([["ping", "known"]]) });
    expect(rows).toMatchObject([{ verdict: "failed" }]);
  });
});

describe("scenarios that are not required", () => {
  it("are shown and never decide", () => {
    const both = new Map([["extra", fail]]);
    const rows = judge({ required: [], direct: both, through: both, expected: new Map() });
    expect(rows).toMatchObject([{ scenario: "extra", verdict: "info" }]);
    expect(renderTable(rows)).toContain("it broke");
  });
});

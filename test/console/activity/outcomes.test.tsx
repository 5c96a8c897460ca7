import { describe, expect, it } from "vitest";
import { CallList } from "../../../src/console/activity/call-list.tsx";
import { exportUrl, readSearch, searchUrl } from "../../../src/console/activity/read-search.ts";
import { SearchForm } from "../../../src/console/activity/search-form.tsx";
import { outcomeWords } from "../../../src/console/outcome-words.ts";
import { Latency } from "../../../src/console/upstreams/latency.tsx";
import { RecentCalls } from "../../../src/console/upstreams/recent-calls.tsx";
import { CALL_OUTCOMES, OUTCOME_GROUPS } from "../../../src/core/call-outcome.ts";
import { auditEntry } from "../../support/audit-entry.ts";

const NOW = Date.parse("2026-11-29T12:30:00Z");

/** The tones of the badges of a call that was allowed and ended so, in each list of calls. */
function tones(outcome: string | null): readonly (readonly string[])[] {
  const entries = [auditEntry({ outcome })];
  return [
    <CallList entries={entries} now={NOW} />,
    <RecentCalls calls={{ entries, reachedStart: true }} now={NOW} />,
  ].map((list) => [...String(list).matchAll(/class="badge (\w+)"/g)].map(([, tone]) => tone ?? ""));
}

describe("how a call ended", () => {
  it.each(OUTCOME_GROUPS.failed)("is red where an allowed call failed: %s", (outcome) => {
    for (const list of tones(outcome)) {
      expect(list).toContain("bad");
      expect(list).not.toContain("good");
    }
  });

  it.each(CALL_OUTCOMES)("is said in words, and not by the word on record: %s", (outcome) => {
    expect(outcomeWords(outcome).text).not.toContain(outcome === "ok" ? "ended with" : outcome);
  });

  it.each(["of_another_version", "constructor"])("is shown as it stands where nobody knows the word: %s", (outcome) => {
    expect(outcomeWords(outcome)).toEqual({ text: `It ended with ${outcome}.`, tone: "calm" });
    expect(String(<CallList entries={[auditEntry({ outcome })]} now={NOW} />)).toContain(outcome);
  });

  it("is offered in the form by words that calls on record have", () => {
    const form = String(<SearchForm search={readSearch(() => undefined)} />);
    const [, options = ""] = /<select[^>]*name="outcome"[^>]*>(.*?)<\/select>/s.exec(form) ?? [];
    const offered = [...options.matchAll(/value="(\w+)"/g)].map(([, value]) => value);
    const known: readonly string[] = [...CALL_OUTCOMES, ...Object.keys(OUTCOME_GROUPS)];
    expect(offered.length).toBeGreaterThan(5);
    expect(offered.filter((value) => !known.includes(value ?? ""))).toEqual([]);
  });

  it("is green where it went well, and nothing is where it has not ended", () => {
    for (const list of tones("ok")) expect(list).toContain("good");
    for (const list of tones(null)) expect(list).not.toContain("good");
  });

  it("can be asked for, with the client, and the address and the export ask for the same", () => {
    const query: Readonly<Record<string, string>> = { outcome: "failed", client: "cursor", upstream: "bank" };
    const search = readSearch((name) => query[name]);
    expect(search.narrow).toBe(true);
    expect(search.filter).toEqual({ outcome: "failed", client: "cursor", upstream: "bank" });
    expect(searchUrl(search)).toBe("/console/activity?tool=bank%2F&outcome=failed&client=cursor");
    expect(exportUrl(search, "csv")).toContain("outcome=failed&client=cursor");
  });

  it("stays chosen in the form, whichever word a link asked for", () => {
    for (const outcome of ["failed", "UPSTREAM_TIMEOUT"]) {
      const form = String(<SearchForm search={readSearch((name) => (name === "outcome" ? outcome : undefined))} />);
      expect(form).toContain(`<option value="${outcome}" selected`);
    }
  });
});

it("a count of faults leads to the calls that it counts", () => {
  const latency = { calls: 9, faults: 4, p50Ms: 1, p95Ms: 2 };
  const html = String(<Latency upstream="billing-eu" latency={latency} now={NOW} />);
  expect(html).toContain('href="/console/activity?upstream=billing-eu&amp;outcome=fault&amp;from=2026-11-28T12%3A30"');
  expect(html).toContain("4 faults");
});

import { describe, expect, it } from "vitest";
import { CallList } from "../../../src/console/activity/call-list.tsx";
import { LatencyFigure } from "../../../src/console/activity/figures.tsx";
import { exportUrl, readSearch, searchUrl } from "../../../src/console/activity/read-search.ts";
import { SearchForm } from "../../../src/console/activity/search-form.tsx";
import { outcomeWords } from "../../../src/console/outcome-words.ts";
import { Latency } from "../../../src/console/upstreams/latency.tsx";
import { RecentCalls } from "../../../src/console/upstreams/recent-calls.tsx";
import {
  CALL_OUTCOMES,
  GATEWAY_LOST,
  hasFailed,
  OUTCOME_GROUPS,
  outcomesOf,
  SERVER_PARTS,
} from "../../../src/core/call-outcome.ts";
import type { ActivityOverview, UpstreamLatency } from "../../../src/operations/activity/activity.ts";
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
    const known: readonly string[] = [...CALL_OUTCOMES, GATEWAY_LOST, ...Object.keys(OUTCOME_GROUPS)];
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

it.each(OUTCOME_GROUPS.malformed)(
  "a refusal for the form is one of the form's malformed calls, and failed: %s",
  (outcome) => {
    expect(outcomesOf("malformed")).toContain(outcome);
    expect(outcomesOf("failed")).toContain(outcome);
    expect(hasFailed(outcome)).toBe(true);
    expect(String(<SearchForm search={readSearch(() => undefined)} />)).toContain(">malformed call</option>");
  },
);

it("of a server that answered nothing there is no answer time, in the list and in the figures", () => {
  const down = { calls: 3, faults: 3, unanswered: 0, unended: 0, p50Ms: undefined, p95Ms: undefined };
  const html = String(<Latency upstream="gone" latency={down} now={NOW} />);
  expect(html).toContain("3 calls");
  expect(html).toContain("3 faults");
  expect(html).not.toContain("within");
  const waiting = { decided: 0, p50Ms: undefined, p95Ms: undefined };
  const figures = (upstreams: ActivityOverview["upstreams"]) => {
    const points = [{ at: NOW, decisions: {}, others: { prompt: {}, resource: {} }, upstreams, waiting }];
    const overview = { since: NOW, until: NOW + 1, stepMs: 1, points, upstreams, waiting, behind: 0 };
    return String(<LatencyFigure overview={overview} span="today" />);
  };
  const alone = figures(new Map([["gone", down]]));
  expect(alone).toContain("Of the calls to gone today it answered none. 3 ended in a fault.");
  expect(alone).toContain('<th scope="row">gone</th><td>3</td><td>3</td><td>0</td><td>0</td><td>–</td><td>–</td>');
  expect(alone).not.toContain("p95");
  const both = figures(
    new Map<string, UpstreamLatency>([
      ["gone", down],
      ["up", { calls: 6, faults: 1, unanswered: 3, unended: 1, p50Ms: 4, p95Ms: 8 }],
    ]),
  );
  expect(both).toContain(
    "it answered 1: half within 4.0 ms, 95% within 8.0 ms. 1 ended in a fault. 3 were cancelled or cut off. 1 has no end on record.",
  );
  expect(both).toContain("up p95");
  expect(both).not.toContain("gone p95");
});

it("a count of calls that were not answered leads to the calls that it counts", () => {
  const latency = { calls: 12, faults: 4, unanswered: 2, unended: 1, p50Ms: 1, p95Ms: 2 };
  const html = String(<Latency upstream="billing-eu" latency={latency} now={NOW} />);
  expect(html).toContain('href="/console/activity?upstream=billing-eu&amp;outcome=fault&amp;from=2026-11-28T12%3A30"');
  expect(html).toContain("4 faults");
  expect(html).toContain('outcome=unanswered&amp;from=2026-11-28T12%3A30">2 cancelled or cut off</a>');
  expect(html).toContain("1 without an end");
});

it("the ends of calls that are counted as one are those that are found as one", () => {
  const endsThat = (part: string) => CALL_OUTCOMES.filter((outcome) => SERVER_PARTS[outcome] === part).sort();
  expect(endsThat("fault")).toEqual([...outcomesOf("fault")].sort());
  expect([...endsThat("unanswered"), GATEWAY_LOST].sort()).toEqual([...outcomesOf("unanswered")].sort());
});

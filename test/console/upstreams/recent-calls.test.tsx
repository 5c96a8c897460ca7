import { expect, it } from "vitest";
import { CallList } from "../../../src/console/activity/call-list.tsx";
import { TimelinePage } from "../../../src/console/activity/timeline-page.tsx";
import { decisionWords } from "../../../src/console/call-words.ts";
import { RecentCalls } from "../../../src/console/upstreams/recent-calls.tsx";
import { DECISION_EFFECTS } from "../../../src/core/decision.ts";
import type { AuditEntry } from "../../../src/store/audit/audit-rows.ts";
import { auditEntry } from "../../support/audit-entry.ts";

const NOW = 1_790_000_100_000;
const NOTHING = { decision: null, policies: null, policySet: null, argumentsDigest: null, argumentsRedacted: null };
const unlisted = (changes: Partial<AuditEntry> = {}) =>
  auditEntry({ ...NOTHING, tool: "refund", upstream: "down", outcome: "UPSTREAM_UNAVAILABLE", ...changes });
const leftOut = auditEntry({
  ...{ ...NOTHING, kind: "admin", seq: 2, callId: "down", upstream: "down", tool: null, outcome: "calls_left_out" },
  facts: '{"calls":4711,"since":"2026-11-29T12:00:00.000Z"}',
});

it("lists say of a call that its tool was unknown, and of those that were only counted that they were", () => {
  const entries = [unlisted(), leftOut];
  for (const list of [
    <CallList entries={entries} now={NOW} />,
    <RecentCalls calls={{ entries, reachedStart: true }} now={NOW} />,
  ]) {
    const html = String(list);
    expect(html).toContain("unknown tool");
    expect(html).toContain("only counted");
    expect(html).toContain("ann@acme.com");
    expect(html).not.toContain("administration");
  }
});

/** A call in Activity, on the page of its upstream, and on its own. */
function pagesOf(entry: AuditEntry): readonly string[] {
  const timeline = { entries: [entry], cut: false, approval: undefined };
  return [
    <CallList entries={[entry]} now={NOW} />,
    <RecentCalls calls={{ entries: [entry], reachedStart: true }} now={NOW} />,
    <TimelinePage timeline={timeline} id={entry.callId} now={NOW} />,
  ].map(String);
}

it.each(DECISION_EFFECTS)("all pages have one word for one decision: %s", (decision) => {
  const { label } = decisionWords(decision);
  expect(label).not.toBe(decision);
  for (const html of pagesOf(auditEntry({ decision }))) expect(html).toContain(`>${label}</span>`);
});

it("say of a call that was refused for its form that it was", () => {
  const entry = unlisted({ outcome: "JSON_UNSAFE_NUMBER", tool: "" });
  for (const html of pagesOf(entry)) {
    expect(html).toContain("malformed call");
    expect(html).not.toContain("unknown tool");
  }
});

it("a tool of no server is told from whatever else has such a name", () => {
  const html = String(<CallList entries={[unlisted({ upstream: null, outcome: "TOOL_UNKNOWN" })]} now={NOW} />);
  expect(html).toContain(">-/refund</a>");
});

it("the timeline says that nobody knew the tool, and how many calls were only counted", () => {
  const timeline = (entry: AuditEntry) => {
    const html = (
      <TimelinePage timeline={{ entries: [entry], cut: false, approval: undefined }} id={entry.callId} now={NOW} />
    );
    return String(html).replaceAll(/<[^>]*>/g, "");
  };
  expect(timeline(unlisted())).toContain("called unknown tool");
  expect(timeline(unlisted())).not.toContain("Only their digest is kept");
  expect(timeline(leftOut)).toContain(
    "asked for what nobody knew, or in a form that was refused, 4,711 more times: that was only counted.",
  );
});

it("nobody is said to have called a server's tools only where the whole record was looked through", () => {
  const text = (reachedStart: boolean) => String(<RecentCalls calls={{ entries: [], reachedStart }} now={NOW} />);
  expect(text(true)).toContain("Nobody has called it yet.");
  expect(text(false)).not.toContain("Nobody");
});

import { describe, expect, it } from "vitest";
import { CallList } from "../../../src/console/activity/call-list.tsx";
import { TimelinePage } from "../../../src/console/activity/timeline-page.tsx";
import { RecentCalls } from "../../../src/console/upstreams/recent-calls.tsx";
import { auditEntry } from "../../support/audit-entry.ts";

const NOW = 1_790_000_100_000;

const REQUESTS = [
  { method: "prompts/get", subjectKind: "prompt", title: "Prompt", words: "prompt crm/same" },
  { method: "resources/read", subjectKind: "resource", title: "Resource", words: "resource crm/same" },
  { method: "completion/complete", subjectKind: "prompt", title: "Prompt", words: "completion of prompt crm/same" },
  {
    ...{ method: "resources/subscribe", subjectKind: "resource", title: "Resource" },
    words: "subscription to resource crm/same",
  },
];

describe.each(REQUESTS)("pages about $words", ({ method, subjectKind, title, words }) => {
  const entry = auditEntry({ method, subjectKind, subject: "same", tool: null, upstream: "crm" });
  const timelineOf = (one: typeof entry) => (
    <TimelinePage timeline={{ entries: [one], cut: false, approval: undefined }} id={one.callId} now={NOW} />
  );

  it("say so in the list, and in that of its server", () => {
    expect(String(<CallList entries={[entry]} now={NOW} />)).toContain(`>${words}</a>`);
    const recent = String(<RecentCalls calls={{ entries: [entry], reachedStart: true }} now={NOW} />);
    expect(recent).toContain(`${subjectKind} </span>`);
  });

  it("say so on its own, with a way to the others that leads to no tool", () => {
    const html = String(timelineOf(entry));
    expect(html).toContain("asked for");
    expect(html).toContain(words);
    expect(html).toContain(`<dt>${title}</dt>`);
    expect(html).not.toContain("?tool=");
    expect(html).toContain(`method=${encodeURIComponent(method)}&amp;subject=same`);
  });

  it("say of what nobody has what it was asked for as", () => {
    const html = String(timelineOf({ ...entry, decision: null, outcome: "PROMPT_UNKNOWN" }));
    expect(html).toContain(`unknown ${subjectKind}`);
    expect(html).toContain(`there is no such ${subjectKind}`);
    expect(html).not.toContain("no tool");
  });
});

it("the page about a call of a tool is as it was", () => {
  const entry = auditEntry({ upstream: "crm", tool: "same" });
  const html = String(
    <TimelinePage timeline={{ entries: [entry], cut: false, approval: undefined }} id={entry.callId} now={NOW} />,
  );
  expect(html).toContain("called ");
  expect(html).toContain("?tool=crm%2Fsame");
});

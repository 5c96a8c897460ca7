import { expect, it } from "vitest";
import { TimelinePage } from "../../../src/console/activity/timeline-page.tsx";
import { auditEntry } from "../../support/audit-entry.ts";

const pageOf = (endFacts: string | null) => {
  const entry = auditEntry({ durationMs: 5_010, endFacts });
  const page = <TimelinePage timeline={{ entries: [entry], cut: false, approval: undefined }} id="call_1" now={0} />;
  return String(page)
    .replace(/<[^>]*>/g, "")
    .replace(/\s+/g, " ");
};

it("the page of a call says for how long its server waited for the client", () => {
  expect(pageOf('{"asked_ms":4000}')).toContain("It was over after 5.0 s, of which its server waited 4.0 s for");
});

it.each([null, "[", '{"asked_ms":"x"}', '{"asked_ms":-5}'])("and nothing where it did not: %s", (facts) => {
  expect(pageOf(facts)).toContain("It was over after 5.0 s.");
});

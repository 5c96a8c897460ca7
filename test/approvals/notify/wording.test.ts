import { describe, expect, it } from "vitest";
import { facts, headline } from "../../../src/approvals/notify/wording.ts";
import type { ApprovalState, NoticeKind } from "../../../src/core/approval.ts";
import { notice } from "../../support/notices.ts";

describe("the words of a notification", () => {
  it.each<[NoticeKind, ApprovalState, number, string]>([
    ["approval.requested", "pending", 0, "Approval requested"],
    ["approval.requested", "pending", 1, "Approval requested: next stage"],
    ["approval.escalated", "pending", 0, "Approval requested: nobody has decided yet"],
    ["approval.reminder", "pending", 0, "Still waiting for approval"],
    ["approval.decided", "approved", 1, "Request approved"],
    ["approval.decided", "rejected", 0, "Request rejected"],
    ["approval.withdrawn", "cancelled", 0, "Request cancelled"],
    ["approval.withdrawn", "invalidated", 0, "Request no longer valid"],
    ["approval.expired", "expired", 0, "Request expired"],
    ["approval.executed", "succeeded", 0, "Approved call was run"],
    ["approval.executed", "failed", 0, "Approved call was run and failed"],
    ["approval.indeterminate", "indeterminate", 0, "Approved call may or may not have run"],
  ])("of %s, %s at stage %i are: %s", (kind, state, stage, words) => {
    expect(headline(notice({ kind, state, stage }))).toBe(words);
  });

  it("name the time by which something must happen, and none once nothing must", () => {
    const executeUntil = Date.UTC(2026, 2, 1, 10, 30);
    const last = (state: ApprovalState) => facts(notice({ state, executeUntil })).at(-1);
    expect(last("pending")).toEqual({ label: "To be decided until", value: "2026-03-02 09:30 UTC" });
    expect(last("approved")).toEqual({ label: "To be run until", value: "2026-03-01 10:30 UTC" });
    expect(last("rejected")).toEqual({ label: "Requested at", value: "2026-03-01 09:30 UTC" });
  });
});

import { describe, expect, it } from "vitest";
import { exportUrl, readSearch, searchUrl } from "../../../src/console/activity/read-search.ts";

/** The search in an address. */
function search(query: string) {
  const fields = new URLSearchParams(query);
  return readSearch((name) => fields.get(name) ?? undefined);
}

describe("the search in an address", () => {
  it.each([
    ["", {}],
    ["user=ann%40acme.com", { user: "ann@acme.com" }],
    ["user=+ann+", { user: "ann" }],
    ["tool=pay", { tool: "pay" }],
    ["tool=shop%2Fpay", { upstream: "shop", tool: "pay" }],
    ["tool=shop%2Fa%2Fb", { upstream: "shop", tool: "a/b" }],
    ["upstream=shop", { upstream: "shop" }],
    ["upstream=shop&tool=a%2Fb", { upstream: "shop", tool: "a/b" }],
    ["mode=shadow", { shadow: true }],
    ["mode=other", {}],
    ["call=call_1", { call: "call_1" }],
    ["call=apr_1", { approval: "apr_1" }],
    ["from=2026-11-22T10:00&to=2026-11-23", { since: Date.UTC(2026, 10, 22, 10), until: Date.UTC(2026, 10, 23) }],
    ["decision=deny&policy=p", { decision: "deny", policy: "p" }],
  ])("%j filters by %j", (query, filter) => {
    expect(search(query).filter).toEqual(filter);
  });

  it.each(["from=yesterday", "to=2026-13-01T00:00", "from=2026-11-22T10:00&to=2026-11-22T10:00"])(
    "is refused in part, and says which: %s",
    (query) => {
      expect(search(query).mistakes.size).toBe(1);
    },
  );

  it("cuts what nothing on record could be equal to", () => {
    expect(search(`user=${"x".repeat(10_000)}`).fields.user).toHaveLength(512);
  });

  it("comes back from its own address, and goes on to the file of it all", () => {
    const query = "user=a%26b&tool=shop%2Fpay&mode=shadow&from=2026-11-22T10%3A00";
    expect(searchUrl(search(query))).toBe(`/console/activity?${query}`);
    expect(search(searchUrl(search(query)).split("?")[1] ?? "")).toEqual(search(query));
    expect(exportUrl(search(query), "csv")).toBe(
      "/api/v1/audit/export?format=csv&user=a%26b&upstream=shop&tool=pay&shadow=true&since=2026-11-22T10%3A00%3A00.000Z",
    );
  });
});

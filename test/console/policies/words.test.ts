import { describe, expect, it } from "vitest";
import { targetWords } from "../../../src/console/policy-words/words.ts";

describe("a target in words", () => {
  it.each<[target: Parameters<typeof targetWords>[0], words: string]>([
    [undefined, "Every call"],
    [{ tools: ["crm/*"] }, "crm/*"],
    [{ tools: ["crm/*", "!crm/get_*"], roles: ["!admin"] }, "crm/* but not crm/get_*, by any role but not admin"],
    [{ upstreams: ["crm", "bank"] }, "Any tool of crm or bank"],
    [{ annotations: { readOnlyHint: false, title: "Pay" } }, "Any tool, that may write and titled “Pay”"],
    [{ users: ["*@acme.com"], groups: ["a", "b", "c"] }, "Any tool, by *@acme.com, by group a, b or c"],
    [{ clients: ["claude-*"], endpoints: ["", "finance"] }, "Any tool, from client claude-*, at /mcp or /mcp/finance"],
    [{ endpoints: ["!finance"] }, "Any tool, at any endpoint but not /mcp/finance"],
    [{ tools: Array.from({ length: 1_000 }, (_, index) => `t/${index}`) }, "t/0, t/1, t/2, t/3, t/4, t/5 or 994 more"],
  ])("%j", (target, words) => {
    expect(targetWords(target)).toBe(words);
  });
});

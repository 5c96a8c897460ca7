import { describe, expect, it } from "vitest";
import { aboutWords } from "../../../src/console/policy-words/words.ts";
import { scopeOf } from "../../../src/policy/decide/scope.ts";

type Target = Parameters<typeof aboutWords>[0]["target"];

describe("what a policy is about, in words", () => {
  it.each<[target: Target, words: string, reads?: string]>([
    [undefined, "Anything"],
    [undefined, "Any tool", "args"],
    [undefined, "Any prompt", "prompt.name"],
    [{ tools: ["crm/*"] }, "crm/*"],
    [{ tools: ["crm/*", "!crm/get_*"], roles: ["!admin"] }, "crm/* but not crm/get_*, by any role but not admin"],
    [{ prompts: ["crm/sum"], resources: ["docs/file:///*"] }, "prompt crm/sum or resource docs/file:///*"],
    [{ upstreams: ["crm", "bank"] }, "Anything of crm or bank"],
    [{ upstreams: ["crm"] }, "Any tool of crm", "tool.name"],
    [{ upstreams: ["crm"], methods: ["tools/call"] }, "Any tool of crm, for tools/call"],
    [{ methods: ["resources/subscribe"] }, "Any resource, for resources/subscribe"],
    [{ annotations: { readOnlyHint: false, title: "Pay" } }, "Any tool, that may write and titled “Pay”"],
    [{ users: ["*@acme.com"], groups: ["a", "b", "c"] }, "Anything, by *@acme.com, by group a, b or c"],
    [{ clients: ["claude-*"], endpoints: ["", "finance"] }, "Anything, from client claude-*, at /mcp or /mcp/finance"],
    [{ endpoints: ["!finance"] }, "Anything, at any endpoint but not /mcp/finance"],
    [{ tools: Array.from({ length: 1_000 }, (_, index) => `t/${index}`) }, "t/0, t/1, t/2, t/3, t/4, t/5 or 994 more"],
  ])("%j", (target, words, reads) => {
    const scope = scopeOf(target, new Set(reads === undefined ? [] : [reads]));
    expect(aboutWords({ target, scope })).toBe(words);
  });
});

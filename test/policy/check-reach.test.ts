import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkAgainstTools } from "../../src/policy/check/tools.ts";
import { scopeOf } from "../../src/policy/decide/scope.ts";
import { compileTarget } from "../../src/policy/decide/target.ts";
import type { PolicyEntry } from "../../src/policy/file/schema.ts";
import type { KnownTool } from "../../src/policy/known-tool.ts";

const tool = (upstream: string, name: string, annotations = {}): KnownTool => ({
  upstream,
  name,
  definition: { name, annotations },
});
const TODAY = [tool("pay", "refund"), tool("pay", "look", { readOnlyHint: true }), tool("crm", "look")];
const NAMES = ["refund", "look", "send", "a/look", "look2"];
const TOMORROW = ["pay", "crm", "pay2", "p"].flatMap((upstream) =>
  NAMES.flatMap((name) => [{}, { readOnlyHint: true }, { title: "x" }].map((it) => tool(upstream, name, it))),
);

type Target = NonNullable<PolicyEntry["target"]>;

/** Whether a policy about `narrow` is told of as idle beside a denial of `wide`. */
function isIdle(wide: Target, narrow: Target): boolean {
  const text = `policies:
- { id: all, target: ${JSON.stringify(wide)}, then: { deny: {} } }
- { id: p, target: ${JSON.stringify(narrow)}, then: { step_up: { max_age: 5m } } }
`;
  const files = [{ name: "p.yaml", text }];
  const { warnings } = checkAgainstTools(files, TODAY);
  return warnings.some(({ message }) => message.includes("never takes effect"));
}

const NOTHING: ReadonlySet<string> = new Set();

describe("a policy that is told of as idle", () => {
  it.each<[string, Target, Target, boolean]>([
    ["rests on annotations", { annotations: { readOnlyHint: false } }, { tools: ["pay/refund"] }, false],
    [
      "rests on annotations, too",
      { upstreams: ["pay"], annotations: { readOnlyHint: false } },
      { tools: ["pay/refund"] },
      false,
    ],
    ["names the tools of today", { tools: ["pay/refund", "pay/look"] }, { upstreams: ["pay"] }, false],
    ["names the tools of today", { tools: ["pay/refund", "pay/look"] }, { tools: ["pay/*"] }, false],
    ["names the upstreams of today", { upstreams: ["pay", "crm"] }, { tools: ["*/look"] }, false],
    ["excludes no tool of today", { tools: ["*", "!pay/send"] }, { upstreams: ["pay"] }, false],
    ["is about the upstream of the other", { upstreams: ["pay"] }, { tools: ["pay/refund", "pay/look"] }, true],
    [
      "is about every tool of the upstream",
      { tools: ["pay/*"] },
      { upstreams: ["pay"], methods: ["tools/call"] },
      true,
    ],
    ["is about no prompt of the upstream", { tools: ["pay/*"] }, { upstreams: ["pay"] }, false],
    ["is about everything", {}, { upstreams: ["pay"] }, true],
    ["is about every tool", {}, { tools: ["pay/refund"], annotations: { readOnlyHint: false } }, true],
    ["excludes what the other does", { tools: ["pay/*", "!pay/send"] }, { tools: ["pay/*", "!pay/send"] }, true],
  ])("is one only by the targets themselves: the other one %s (%j, %j)", (_what, wide, narrow, idle) => {
    expect(isIdle(wide, narrow)).toBe(idle);
  });

  it("is about no tool, of today or tomorrow, that the other one is not about", () => {
    const some = (...entries: readonly string[]) =>
      fc.uniqueArray(fc.constantFrom(...entries), { minLength: 1, maxLength: 2 });
    const paths = ["pay/*", "*/look", "*look", "pay*", "p?y/*", "?ay/look", "*y/*", "!*/look", "!pay/send", "!crm/*"];
    const annotations = fc.constantFrom({ readOnlyHint: false }, { destructiveHint: true });
    const denied = fc.oneof(
      fc.record({ tools: some(...paths) }),
      fc.record({ upstreams: some("pay", "*", "p*", "*y", "?ay", "!crm") }),
      fc.record({ tools: some("*", ...paths), upstreams: some("pay", "*", "p*", "!crm") }),
      fc.record({ tools: some("*", ...paths), annotations }),
    );
    const about = fc.record(
      {
        tools: some("pay/refund", "pay/look", ...paths),
        upstreams: some("pay", "p*", "*y", "!crm", "!p*"),
        annotations,
      },
      { requiredKeys: [] },
    );
    let idle = 0;
    fc.assert(
      fc.property(denied, about, (wide: Target, narrow: Target) => {
        if (!isIdle(wide, narrow)) return;
        idle += 1;
        const [outer, inner] = [
          compileTarget(wide, scopeOf(wide, NOTHING), false),
          compileTarget(narrow, scopeOf(narrow, NOTHING), false),
        ];
        const left = TOMORROW.filter((it) => {
          const at = `${it.upstream}/${it.name}`;
          const subject = { kind: "tool", ...it } as const;
          return inner.matchesSubject(subject, at) && !outer.matchesSubject(subject, at);
        });
        expect(left).toEqual([]);
      }),
      { numRuns: 400 },
    );
    expect(idle).toBeGreaterThan(10);
  });
});

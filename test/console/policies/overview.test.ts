import { describe, expect, it } from "vitest";
import { overviewOf, readOverviewQuery } from "../../../src/console/policy-words/overview.ts";
import type { PolicyView } from "../../../src/operations/policies/policies.ts";
import { policySet } from "../../support/policy-inputs.ts";

const text = (index: number): string =>
  `  - { id: p-${index}, target: { tools: ["bank/t${index}"] }, description: Number ${index}., mode: ${index % 2 === 0 ? "shadow" : "enforce"}, enabled: ${index % 5 !== 0}, then: { deny: {} } }`;
const POLICIES: readonly PolicyView[] = policySet(
  `policies:\n${Array.from({ length: 250 }, (_, index) => text(index)).join("\n")}`,
).policies.map((policy, index) => ({
  ...policy,
  file: index < 150 ? "a.yaml" : "b.yaml",
  matches: { applied: index === 1 ? 3 : 0, shadow: 0 },
}));

function list(query: Readonly<Record<string, string>>) {
  return overviewOf(
    POLICIES,
    readOverviewQuery((name) => query[name]),
  );
}

describe("the list of policies", () => {
  it("comes in pages, by file, in the order of the files", () => {
    const { files, found, page, pages } = list({ page: "2" });
    expect({ found, page, pages }).toEqual({ found: 250, page: 2, pages: 3 });
    expect(files.map(({ file, policies }) => [file, policies.length, policies[0]?.id])).toEqual([
      ["a.yaml", 50, "p-100"],
      ["b.yaml", 50, "p-150"],
    ]);
    expect(list({ page: "900" })).toMatchObject({ page: 3, files: [{ policies: { length: 50 } }] });
  });

  it.each<[query: Readonly<Record<string, string>>, found: number]>([
    [{ show: "active" }, 100],
    [{ show: "shadow" }, 100],
    [{ show: "disabled" }, 50],
    [{ show: "unmatched" }, 199],
    [{ q: "bank/t24" }, 11],
    [{ q: "NUMBER  7. b.yaml" }, 10],
    [{ q: "number b.yaml", show: "disabled" }, 20],
    [{ q: "", show: "x", page: "-1" }, 250],
  ])("%j finds %i", (query, found) => {
    expect(list(query).found).toBe(found);
  });
});

/** Policies that look at the benchmark's own tool. All others target tools of other servers, as in a real set. */
const MATCHING = 10;

/** `count` policies as a policy file. Those that match the call have conditions, and none of them holds. */
export function policyFile(count: number, matching = MATCHING): string {
  return fileOf(count, (i) =>
    i < matching ? '{ tools: ["bench/echo"] }' : `{ tools: ["service-${i % 97}/tool_${i}_*"] }`,
  );
}

/** The same, about every tool and about those who have one of many roles; the caller has the first. */
export function roleFile(count: number, matching = MATCHING): string {
  return fileOf(count, (i) => `{ roles: [${i < matching ? "employee" : `role-${i % 97}`}] }`);
}

/** The same without targets: every policy is evaluated for every call. */
export function untargetedFile(count: number): string {
  return fileOf(count, () => "{}");
}

function fileOf(count: number, targetOf: (index: number) => string): string {
  const lines = ["policies:"];
  for (let i = 0; i < count; i++) {
    lines.push(
      `  - id: policy-${i}`,
      `    target: ${targetOf(i)}`,
      `    when: args.amount > ${1000 + i}.0 && !("cfo" in user.roles)`,
      `    then: { deny: { message: "Above the limit: {{ args.amount }}." } }`,
    );
  }
  return `${lines.join("\n")}\n`;
}

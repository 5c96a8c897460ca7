/** Policies that look at the benchmark's own tool. All others target tools of other servers, as in a real set. */
const MATCHING = 10;

/** `count` policies as a policy file. Those that match the call have conditions, and none of them holds. */
export function policyFile(count: number, matching = MATCHING): string {
  const lines = ["policies:"];
  for (let i = 0; i < count; i++) {
    const target = i < matching ? "bench/echo" : `service-${i % 97}/tool_${i}_*`;
    lines.push(
      `  - id: policy-${i}`,
      `    target: { tools: ["${target}"] }`,
      `    when: args.amount > ${1000 + i}.0 && !("cfo" in user.roles)`,
      `    then: { deny: { message: "Above the limit: {{ args.amount }}." } }`,
    );
  }
  return `${lines.join("\n")}\n`;
}

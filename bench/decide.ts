/**
 * How long one decision takes: over 1,000 policies that target other tools, over the same with ten that match, by tool
 * or by role, and, as the worst case, over 5,000 without a target, which are all evaluated.
 *
 *   npx tsx bench/decide.ts [--seconds 1]
 */
import { parseArgs } from "node:util";
import { AT_HOME } from "../src/core/principal.ts";
import { compilePolicies } from "../src/policy/compile/compile.ts";
import type { PolicyInput, PolicySet } from "../src/policy/policy-set.ts";
import { ECHO_TEXT, ECHO_TOOL } from "./echo-call.ts";
import { policyFile, roleFile, untargetedFile } from "./policies.ts";
import { table } from "./report.ts";

const { values: options } = parseArgs({ options: { seconds: { type: "string", default: "1" } } });
const seconds = Number(options.seconds);

const input: PolicyInput = {
  principal: {
    issuer: "https://idp.example.com",
    subject: "ann",
    kind: "person",
    clientId: "bench",
    email: "ann@example.com",
    name: "Ann",
    roles: ["employee"],
    groups: [],
    scopes: [],
    claims: { iss: "https://idp.example.com", sub: "ann", roles: ["employee"] },
    acr: undefined,
    amr: [],
    authTime: undefined,
    ...AT_HOME,
  },
  client: { id: "bench", name: "bench", version: "1.0.0", ip: "127.0.0.1", userAgent: "bench" },
  subject: { kind: "tool", name: ECHO_TOOL.name, upstream: "bench", definition: ECHO_TOOL },
  arguments: { text: ECHO_TEXT, amount: 12.5 },
  request: {
    id: "call_1",
    method: "tools/call",
    time: 1_800_000_000_000,
    session: undefined,
    endpoint: "",
    headers: {},
  },
};

function compile(text: string): { readonly set: PolicySet; readonly ms: number } {
  const begin = performance.now();
  const compiled = compilePolicies([{ name: "bench.yaml", text }], { default: "allow", flows: [] });
  const ms = performance.now() - begin;
  if (!compiled.ok) throw new Error(compiled.errors.map((error) => error.message).join("\n"));
  return { set: compiled.set, ms };
}

/** Mean microseconds of a decision, after warming up. */
function time(set: PolicySet, subject: PolicyInput): number {
  const run = (until: number) => {
    const begin = performance.now();
    let decisions = 0;
    let now = begin;
    while (now < until) {
      for (let i = 0; i < 20; i++) set.decide(subject);
      decisions += 20;
      now = performance.now();
    }
    return ((now - begin) * 1000) / decisions;
  };
  run(performance.now() + seconds * 300);
  return run(performance.now() + seconds * 1000);
}

// The first file compiled in a process pays for warming up; a running gateway's reload does not.
compile(policyFile(1_000, 10));
const byTool = compile(policyFile(1_000, 10));
const byRole = compile(roleFile(1_000, 10));
const untargeted = compile(untargetedFile(5_000));
const elsewhere: PolicyInput = { ...input, subject: { ...input.subject, name: "untargeted" } };
const row = (name: string, { set, ms }: typeof byTool, subject: PolicyInput) => [
  name,
  `${time(set, subject).toFixed(2)} µs`,
  `${ms.toFixed(0)} ms`,
];

process.stdout.write(
  `${table([
    ["one decision over", "mean", "compiling"],
    row("1,000 policies, none matches", byTool, elsewhere),
    row("1,000 policies, 10 match by tool", byTool, input),
    row("1,000 policies, 10 match by role", byRole, input),
    row("5,000 policies without a target", untargeted, input),
  ])}\n`,
);

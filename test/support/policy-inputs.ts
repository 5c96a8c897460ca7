import type { Decision } from "../../src/core/decision.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { AT_HOME } from "../../src/core/principal.ts";
import { compilePolicies } from "../../src/policy/compile/compile.ts";
import { formatPolicyError } from "../../src/policy/file/format-error.ts";
import type { PolicyInput, PolicySet } from "../../src/policy/policy-set.ts";

/** What a test says of a call; the rest is an employee calling `expenses/create_expense`. */
export interface InputSketch {
  readonly tool?: string;
  readonly definition?: JsonObject;
  readonly arguments?: JsonObject;
  readonly principal?: Partial<PolicyInput["principal"]>;
  readonly client?: Partial<PolicyInput["client"]>;
  readonly request?: Partial<PolicyInput["request"]>;
}

/** Completes a sketch to the input of a decision. `tool` is `upstream/tool`. */
export function policyInput(sketch: InputSketch = {}): PolicyInput {
  const [upstream = "", ...name] = (sketch.tool ?? "expenses/create_expense").split("/");
  return {
    principal: {
      issuer: "https://idp.example",
      subject: "u-1",
      kind: "person",
      clientId: "agent",
      email: "ann@example.com",
      name: "Ann",
      roles: ["employee"],
      groups: ["sales"],
      scopes: ["mcp"],
      claims: { department: "sales" },
      acr: undefined,
      amr: [],
      authTime: undefined,
      ...AT_HOME,
      ...sketch.principal,
    },
    client: {
      id: "agent",
      name: "claude-code",
      version: "1.0.0",
      ip: "10.0.0.7",
      userAgent: "test",
      ...sketch.client,
    },
    subject: {
      kind: "tool",
      upstream,
      name: name.join("/"),
      definition: sketch.definition ?? { name: name.join("/") },
    },
    arguments: sketch.arguments ?? {},
    request: {
      id: "call_1",
      method: "tools/call",
      time: Date.parse("2026-03-02T09:30:00Z"),
      session: undefined,
      endpoint: "",
      headers: {},
      ...sketch.request,
    },
  };
}

/** Compiles one file's text, or fails the test with the mistakes as an author would see them. */
export function policySet(text: string, fallback: "allow" | "deny" = "allow"): PolicySet {
  const compiled = compilePolicies([{ name: "p.yaml", text }], { default: fallback, flows: ["finance"] });
  if (!compiled.ok) throw new Error(compiled.errors.map((error) => formatPolicyError(error, text)).join("\n"));
  return compiled.set;
}

/** A set whose one policy `p` denies where `condition` holds. */
export function denyWhen(condition: string): PolicySet {
  return policySet(`policies: [{ id: p, when: ${JSON.stringify(condition)}, then: { deny: { message: No. } } }]`);
}

/** What a condition came to: `true`, `false`, or why it has no value. */
export function evaluate(condition: string, sketch: InputSketch = {}): boolean | string {
  const [match] = denyWhen(condition).decide(policyInput(sketch)).matched;
  return match === undefined ? false : (match.error ?? true);
}

/** The mistakes of one file's text, each as `line:column message`. */
export function mistakes(text: string): readonly string[] {
  const compiled = compilePolicies([{ name: "p.yaml", text }], { default: "allow", flows: ["finance"] });
  return compiled.ok ? [] : compiled.errors.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

/** The message of a refusal, `undefined` for an allowed call. */
export function refusalOf(decision: Decision): string | undefined {
  return decision.effect === "allow" ? undefined : decision.message;
}

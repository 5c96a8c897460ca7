import { createRowEncoder } from "../../src/audit/encode-row.ts";
import type { ApprovalOutcome, CallOutcome } from "../../src/core/call-outcome.ts";
import type { Effect, Match } from "../../src/core/decision.ts";
import { createSeal } from "../../src/core/seal.ts";
import type { AuditRow } from "../../src/store/audit/audit-row.ts";
import { digest } from "./audit-key.ts";
import { opening } from "./audit-opening.ts";

/** Makes numbers from 0 to 1 that look random and are the same for the same seed. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const USERS = ["ann", "bob", "cat", "dan"];
const TOOLS = [
  ["expenses", "create_expense"],
  ["expenses", "list_expenses"],
  ["crm", "delete_customer"],
  ["payments", "pay"],
] as const;
const POLICIES = ["large-expenses", "eu-only", "no-deletes", "watch-payments"];
const ENDS: readonly CallOutcome[] = [
  ...(["ok", "ok", "ok", "tool_error"] as const),
  ...(["rpc_error", "UPSTREAM_TIMEOUT", "UPSTREAM_CLOSED", "CALL_CANCELLED"] as const),
  ...(["input_required", "abandoned", "GATEWAY_STOPPED"] as const),
];

/**
 * Rows of an audit as a busy gateway writes them, oldest first: calls that end at once, late or never, approvals that are
 * asked for, joined, decided and run, sign-ins, acts of administrators. `count` rows or a few more.
 */
export function randomAudit(options: {
  readonly seed: number;
  readonly count: number;
  /** When the first row is written, and the last, ms since the epoch. */
  readonly from: number;
  readonly to: number;
}): readonly AuditRow[] {
  const random = randomFrom(options.seed);
  const pick = <T>(items: readonly [T, ...T[]] | readonly T[], fallback: T): T =>
    items[Math.floor(random() * items.length)] ?? fallback;
  const encoder = createRowEncoder({
    arguments: "redacted",
    seal: createSeal(Buffer.alloc(32, 7), "audit-arguments"),
    digest,
  });
  const rows: AuditRow[] = [];
  const open: { row: AuditRow; due: number }[] = [];
  const requests: { id: string; upstream: string; tool: string }[] = [];
  const at = (): number => Math.floor(options.from + ((options.to - options.from) * rows.length) / options.count);

  function matches(): readonly Match[] {
    return POLICIES.filter(() => random() < 0.2).map((policy) => ({
      policy,
      effect: pick<Effect>(["deny", "allow", "redact", "request_approval"], "deny"),
      because: random() < 0.2 ? "error" : "condition",
      ...(random() < 0.3 ? { mode: "shadow" } : {}),
    }));
  }

  function call(n: number): void {
    const [upstream, tool] = pick(TOOLS, TOOLS[0]);
    const user = pick(USERS, "ann");
    const id = `call_${options.seed}_${n}`;
    const run = requests.length > 0 && random() < 0.05 ? pick(requests, requests[0]) : undefined;
    const asks = run === undefined && random() < 0.1;
    const signs = !asks && run === undefined && random() < 0.05;
    const denied = !asks && !signs && run === undefined && random() < 0.2;
    const effect = asks ? "request_approval" : signs ? "step_up" : denied ? "deny" : "allow";
    const principal = { ...opening(id).principal, subject: user, email: `${user}@acme.com` };
    const given = opening(id, { at: at(), principal, upstream, subject: tool });
    const encoded = encoder.opening({ ...given, ...(run === undefined ? {} : { approval: run.id }) });
    rows.push({
      ...encoded,
      decision: effect,
      policies: JSON.stringify(matches()),
      traceId: random() < 0.5 ? `trace_${n % 97}` : null,
    });
    if (random() < 0.03) return;
    const joined = asks && requests.length > 0 && random() < 0.3 ? pick(requests, requests[0]) : undefined;
    const request = asks ? (joined ?? { id: `apr_${options.seed}_${n}`, upstream, tool }) : undefined;
    if (request !== undefined && joined === undefined) requests.push(request);
    const asked = joined === undefined ? "approval_pending" : "approval_joined";
    const outcome = asks ? asked : signs ? "step_up_pending" : denied ? "denied" : pick(ENDS, "ok");
    const durationMs = random() ** 4 * 10_000;
    const row = encoder.closing({
      callId: id,
      at: at(),
      outcome,
      durationMs,
      askedMs: random() < 0.1 ? Math.floor(durationMs / 2) : 0,
      policies: random() < 0.1 ? matches() : [],
      ...(request === undefined ? {} : { approval: request.id }),
      ...(signs ? { challenge: `challenge_${n}` } : {}),
    });
    open.push({ row, due: rows.length + (random() < 0.8 ? 0 : Math.floor(random() * 50)) });
  }

  function decide(): void {
    const request = pick(requests, requests[0]);
    if (request === undefined) return;
    const actor = { issuer: "https://idp.example", subject: "fin", email: "fin@acme.com" };
    const outcome = pick<ApprovalOutcome>(["approve", "reject", "expired", "delivered"], "approve");
    const { id, upstream, tool } = request;
    rows.push(
      encoder.act({
        about: "approval",
        id,
        at: at(),
        actor,
        upstream,
        subject: tool,
        policies: ["large-expenses"],
        outcome,
      }),
    );
  }

  for (let n = 0; rows.length + open.length < options.count; n += 1) {
    for (const { row } of open.splice(0).filter((ending) => ending.due <= rows.length || !open.push(ending))) {
      rows.push({ ...row, at: at() });
    }
    if (random() < 0.05) decide();
    else call(n);
  }
  return [...rows, ...open.map(({ row }) => ({ ...row, at: options.to }))];
}

import type { ApprovalState } from "./approval.ts";
import { CALL_ENDERS, type CallEnder } from "./cancellation.ts";
import type { ErrorCode } from "./errors.ts";
import type { UpstreamFault } from "./round.ts";
import type { StepUpFailure } from "./step-up.ts";

/** Outcomes on record that are a server's fault: it could not be reached, or gave no answer that anybody could use. */
export const SERVER_FAULTS = [
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_REFUSED",
  "UPSTREAM_BUSY",
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_CLOSED",
  "UPSTREAM_INVALID",
  "UPSTREAM_TOO_LARGE",
] as const satisfies readonly Exclude<UpstreamFault["code"], CallEnder>[];

/** Codes by which a call is refused for how it is written, whatever it is about. */
const FORM_REFUSALS = [
  "JSON_MALFORMED",
  "JSON_TOO_DEEP",
  "JSON_TOO_MANY",
  "JSON_UNSAFE_NUMBER",
  "JSON_FORBIDDEN_KEY",
  "NOT_A_MESSAGE",
  "HEADER_MISMATCH",
  "KEYS_AMBIGUOUS",
  "PARAMS_INVALID",
] as const satisfies readonly ErrorCode[];

export type FormRefusal = (typeof FORM_REFUSALS)[number];

/** Whether a code, or the outcome of a call about which nothing was decided, is one of those. */
export function isFormRefusal(code: string | null): code is FormRefusal {
  return (FORM_REFUSALS as readonly (string | null)[]).includes(code);
}

/** Refusals that a call which is on record can end with. */
const REFUSALS = [
  ...FORM_REFUSALS,
  "TOOL_UNKNOWN",
  "RESOURCE_UNKNOWN",
  "RESULT_WITHHELD",
  ...CALL_ENDERS,
  "FLOW_UNKNOWN",
  "APPROVALS_TOO_MANY",
  "APPROVALS_TAKEN_BACK",
  "APPROVALS_UNAVAILABLE",
  "STEP_UP_TOO_MANY",
  "STEP_UP_IMPOSSIBLE",
  "STEP_UP_UNAVAILABLE",
  "INTERNAL",
] as const satisfies readonly ErrorCode[];

/** Every way in which a call on record ends. Records of other versions may hold further words. */
export const CALL_OUTCOMES = [
  "ok",
  /** The tool's own error: `isError: true`. */
  "tool_error",
  /** The server's JSON-RPC error. */
  "rpc_error",
  "denied",
  /** A modern client was sent away with what the server asks: its retry is a call of its own. */
  "input_required",
  /** The server asked something, and nobody could answer it. */
  "abandoned",
  "approval_pending",
  "approval_joined",
  "approval_taken",
  "step_up_pending",
  "step_up_joined",
  "step_up_declined",
  "step_up_taken",
  "PROMPT_UNKNOWN",
  ...REFUSALS,
  ...SERVER_FAULTS,
] as const;

export type CallOutcome = (typeof CALL_OUTCOMES)[number];

/** Ends of calls that a server may have got and did not answer, by no fault of its own. */
const UNANSWERED = ["abandoned", "INTERNAL", ...CALL_ENDERS] as const satisfies readonly CallOutcome[];

/**
 * What an end says of the server that was called: it `answered`, be it with an error or a question; it failed (`fault`); it gave no
 * answer, by no fault of its own (`unanswered`). `none`: the call was never passed to it.
 */
export const SERVER_PARTS = {
  ok: "answered",
  tool_error: "answered",
  rpc_error: "answered",
  input_required: "answered",
  RESULT_WITHHELD: "answered",
  abandoned: "unanswered",
  CALL_CANCELLED: "unanswered",
  SESSION_ENDED: "unanswered",
  GATEWAY_STOPPED: "unanswered",
  UPSTREAM_CHANGED: "unanswered",
  INTERNAL: "unanswered",
  UPSTREAM_UNAVAILABLE: "fault",
  UPSTREAM_REFUSED: "fault",
  UPSTREAM_BUSY: "fault",
  UPSTREAM_TIMEOUT: "fault",
  UPSTREAM_CLOSED: "fault",
  UPSTREAM_INVALID: "fault",
  UPSTREAM_TOO_LARGE: "fault",
  denied: "none",
  approval_pending: "none",
  approval_joined: "none",
  approval_taken: "none",
  step_up_pending: "none",
  step_up_joined: "none",
  step_up_declined: "none",
  step_up_taken: "none",
  JSON_MALFORMED: "none",
  JSON_TOO_DEEP: "none",
  JSON_TOO_MANY: "none",
  JSON_UNSAFE_NUMBER: "none",
  JSON_FORBIDDEN_KEY: "none",
  NOT_A_MESSAGE: "none",
  HEADER_MISMATCH: "none",
  KEYS_AMBIGUOUS: "none",
  PARAMS_INVALID: "none",
  TOOL_UNKNOWN: "none",
  PROMPT_UNKNOWN: "none",
  RESOURCE_UNKNOWN: "none",
  FLOW_UNKNOWN: "none",
  APPROVALS_TOO_MANY: "none",
  APPROVALS_TAKEN_BACK: "none",
  APPROVALS_UNAVAILABLE: "none",
  STEP_UP_TOO_MANY: "none",
  STEP_UP_IMPOSSIBLE: "none",
  STEP_UP_UNAVAILABLE: "none",
} as const satisfies Record<CallOutcome, "answered" | "fault" | "unanswered" | "none">;

/** The same of an outcome on record; `none` of a word of another version, which this one cannot count. */
export function serverPartOf(outcome: string): (typeof SERVER_PARTS)[CallOutcome] {
  return isCallOutcome(outcome) ? SERVER_PARTS[outcome] : "none";
}

function isCallOutcome(outcome: string): outcome is CallOutcome {
  return Object.hasOwn(SERVER_PARTS, outcome);
}

/** What became of a request for approval: a vote, its state after that, or that its end was told. */
export type ApprovalOutcome = "approve" | "reject" | "delivered" | ApprovalState;

/** What came of a sign-in. */
export type SignInOutcome = "signed_in" | "refused" | StepUpFailure;

/** What was done at the gateway itself: by people who sign in to it, and by whoever writes its files. */
export type AdminOutcome =
  | "session_ended"
  | "console_session_ended"
  | "console_signed_in"
  | "console_sign_in_refused"
  | "console_signed_out"
  | "upstream_registered"
  | "upstream_removed"
  | "upstream_tested"
  /** By the configuration: it was added, changed or taken out there. */
  | "upstream_configured"
  | "configuration_changed"
  | "configuration_refused"
  | "policies_changed"
  | "policies_refused";

/** What a server did to its own tools. */
export const DEFINITION_OUTCOMES = [
  "definition_new",
  "definition_changed",
  "definition_gone",
  "definitions_changing",
] as const;

export type DefinitionOutcome = (typeof DEFINITION_OUTCOMES)[number];

/** The outcome of a row that stands for many calls. */
export const CALLS_LEFT_OUT = "calls_left_out";

/** What a row says that is no call's. */
export type ActOutcome = ApprovalOutcome | SignInOutcome | AdminOutcome | DefinitionOutcome | typeof CALLS_LEFT_OUT;

/**
 * How a call stands on record that was opened and never closed, though a gateway has started on this record since. No row says
 * so: it is seen when the record is read.
 */
export const GATEWAY_LOST = "gateway_lost";

/** Ends of calls whose caller waited, and neither a server nor a policy ended them: people at the gateway did, or its own end. */
const CUT_OFF = ["SESSION_ENDED", "GATEWAY_STOPPED", "UPSTREAM_CHANGED", GATEWAY_LOST] as const satisfies readonly (
  | CallEnder
  | typeof GATEWAY_LOST
)[];

/**
 * Words that stand for several outcomes on record. `failed`: no policy refused the call, and the caller did not get what it asked
 * the tool for. `unanswered`: its server did not answer, by no fault of its own.
 */
export const OUTCOME_GROUPS = {
  failed: ["tool_error", "rpc_error", "abandoned", ...CUT_OFF, ...FORM_REFUSALS, ...SERVER_FAULTS],
  cut_off: CUT_OFF,
  fault: SERVER_FAULTS,
  unanswered: [...UNANSWERED, GATEWAY_LOST],
  malformed: FORM_REFUSALS,
} as const satisfies Readonly<Record<string, readonly (CallOutcome | typeof GATEWAY_LOST)[]>>;

/** The outcomes that a word asks for: those of a group, or itself. */
export function outcomesOf(word: string): readonly string[] {
  return isGroup(word) ? OUTCOME_GROUPS[word] : [word];
}

function isGroup(word: string): word is keyof typeof OUTCOME_GROUPS {
  return Object.hasOwn(OUTCOME_GROUPS, word);
}

const FAILED: ReadonlySet<string> = new Set(OUTCOME_GROUPS.failed);

/** Whether a call that ended so failed. `null`: it has not ended, or its end was never recorded. */
export function hasFailed(outcome: string | null): boolean {
  return outcome !== null && FAILED.has(outcome);
}

import type { ActOutcome, CallOutcome, GATEWAY_LOST } from "../core/call-outcome.ts";
import { refusalWords } from "../core/refusals.ts";
import type { UNREADABLE_OUTCOME } from "../store/audit/audit-entry.ts";
import type { BadgeTone } from "./components/badge.tsx";

interface OutcomeWords {
  readonly text: string;
  readonly tone: BadgeTone;
}

const CALLS = {
  ok: { text: "The server answered.", tone: "good" },
  tool_error: { text: "The tool reported an error.", tone: "bad" },
  rpc_error: { text: "The server refused the call.", tone: "bad" },
  denied: { text: "The call was refused and not made.", tone: "bad" },
  input_required: { text: "The server asked the client for more, and it called again with that.", tone: "calm" },
  abandoned: {
    text: "The server asked something in the middle of the call, which ended there: its client could not be asked, or gave no answer.",
    tone: "bad",
  },
  approval_pending: { text: "The call waits for approval: a request was opened.", tone: "wait" },
  approval_joined: { text: "The call joined a request for approval that was there already.", tone: "wait" },
  approval_taken: { text: "Another process ran the approved call.", tone: "calm" },
  step_up_pending: { text: "The caller was sent to sign in.", tone: "wait" },
  step_up_joined: { text: "The caller was sent to a sign-in that was open already.", tone: "wait" },
  step_up_declined: { text: "The caller would not sign in.", tone: "bad" },
  step_up_taken: { text: "The sign-in had served another call.", tone: "warn" },
  JSON_MALFORMED: { text: "The call was refused: it was not valid JSON.", tone: "bad" },
  JSON_TOO_DEEP: { text: "The call was refused: it was nested too deeply.", tone: "bad" },
  JSON_TOO_MANY: { text: "The call was refused: it held too many values.", tone: "bad" },
  JSON_UNSAFE_NUMBER: { text: "The call was refused: readers would round a number in it differently.", tone: "bad" },
  JSON_FORBIDDEN_KEY: { text: "The call was refused: it held a key that is refused everywhere.", tone: "bad" },
  NOT_A_MESSAGE: { text: "The call was refused: it was not a message of JSON-RPC.", tone: "bad" },
  HEADER_MISMATCH: { text: "The call was refused: its headers said something else than its body.", tone: "bad" },
  KEYS_AMBIGUOUS: { text: "The arguments were refused: a key in them reads like another.", tone: "bad" },
  PARAMS_INVALID: { text: "What the client sent was refused: it was not valid for this call.", tone: "bad" },
  TOOL_UNKNOWN: { text: "No tool of this name was known.", tone: "warn" },
  PROMPT_UNKNOWN: { text: "No prompt of this name was known.", tone: "warn" },
  RESOURCE_UNKNOWN: { text: "No resource of this URI was known.", tone: "warn" },
  RESULT_WITHHELD: { text: "The call was made, and its result withheld.", tone: "warn" },
  CALL_CANCELLED: { text: "The client cancelled the call.", tone: "calm" },
  SESSION_ENDED: {
    text: "The session was ended at the gateway while the call ran. It may have happened.",
    tone: "bad",
  },
  GATEWAY_STOPPED: { text: "The gateway stopped while the call ran. It may have happened.", tone: "bad" },
  UPSTREAM_CHANGED: {
    text: "The server was changed or removed at the gateway before the call was over. It may have happened.",
    tone: "bad",
  },
  FLOW_UNKNOWN: { text: "The call was not made: the flow of its approval is not configured.", tone: "bad" },
  APPROVALS_TOO_MANY: { text: "The call was not made: too many of this caller wait for approval.", tone: "warn" },
  APPROVALS_TAKEN_BACK: {
    text: "The call was not made: this caller has asked for approval and taken it back too often.",
    tone: "warn",
  },
  APPROVALS_UNAVAILABLE: { text: "The call was not made: its approval could not be looked up or kept.", tone: "bad" },
  STEP_UP_TOO_MANY: { text: "The call was not made: too many sign-ins wait for this caller.", tone: "warn" },
  STEP_UP_IMPOSSIBLE: { text: "The call was not made: no sign-in satisfies all policies about it.", tone: "bad" },
  STEP_UP_UNAVAILABLE: { text: "The call was not made: sign-ins could not be looked up.", tone: "bad" },
  INTERNAL: { text: "The gateway failed while the call ran: nobody knows whether it happened.", tone: "bad" },
  UPSTREAM_UNAVAILABLE: { text: "The server could not be reached.", tone: "bad" },
  UPSTREAM_REFUSED: { text: "The server did not let the gateway in, or refused its credential.", tone: "bad" },
  UPSTREAM_BUSY: { text: "The server had too many calls in flight.", tone: "bad" },
  UPSTREAM_TIMEOUT: { text: "The server did not answer in time.", tone: "bad" },
  UPSTREAM_CLOSED: { text: "The server went away during the call.", tone: "bad" },
  UPSTREAM_INVALID: { text: "The server's answer was not MCP.", tone: "bad" },
  UPSTREAM_TOO_LARGE: { text: "The server's answer was too large.", tone: "bad" },
} as const satisfies Record<CallOutcome, OutcomeWords>;

// Some words stand for requests and for sign-ins: what they say here is true of both.
const ACTS = {
  approve: { text: "Somebody approved the request.", tone: "calm" },
  reject: { text: "Somebody rejected the request.", tone: "calm" },
  delivered: { text: "The requester was told how it ended.", tone: "calm" },
  pending: { text: "The request waits for people.", tone: "calm" },
  approved: { text: "The request is approved.", tone: "calm" },
  executing: { text: "The approved call runs.", tone: "calm" },
  succeeded: { text: "The approved call was run, and it went well.", tone: "calm" },
  failed: { text: "The approved call was run, and it failed.", tone: "calm" },
  indeterminate: { text: "Nobody knows whether the approved call happened.", tone: "calm" },
  rejected: { text: "The request was rejected.", tone: "calm" },
  invalidated: { text: "The request was withdrawn: what it was bound to has changed.", tone: "calm" },
  expired: { text: "Its time was over.", tone: "calm" },
  cancelled: { text: "It was taken back by whoever it was about.", tone: "calm" },
  signed_in: { text: "The caller signed in, as strongly as was asked.", tone: "calm" },
  refused: { text: "The sign-in was refused.", tone: "calm" },
  unknown: { text: "The sign-in was refused: nobody waited for it any more.", tone: "calm" },
  met: { text: "The sign-in was refused: it had been made before.", tone: "calm" },
  spent: { text: "The sign-in was refused: too many attempts had failed.", tone: "calm" },
  replayed: { text: "The sign-in was refused: its answer had been used before.", tone: "calm" },
  foreign_state: { text: "The sign-in was refused: it was begun in another browser.", tone: "calm" },
  mixed_up_issuer: { text: "The sign-in was refused: another identity provider answered.", tone: "calm" },
  wrong_user: { text: "The sign-in was refused: it was somebody else's.", tone: "calm" },
  too_weak: { text: "The sign-in was refused: it was too weak.", tone: "calm" },
  too_old: { text: "The sign-in was refused: it was too old.", tone: "calm" },
  provider_refused: { text: "The sign-in was refused by the identity provider.", tone: "calm" },
  provider_unreachable: { text: "The identity provider did not answer.", tone: "calm" },
  foreign_page: { text: "The sign-in was refused: another page asked for it.", tone: "calm" },
  session_ended: { text: "A client's session was ended.", tone: "calm" },
  console_session_ended: { text: "A session of the console was ended.", tone: "calm" },
  console_signed_in: { text: "Somebody signed in to the console.", tone: "calm" },
  console_sign_in_refused: { text: "A sign-in to the console was refused.", tone: "warn" },
  console_signed_out: { text: "Somebody signed out of the console.", tone: "calm" },
  upstream_tested: { text: "A server was tried.", tone: "calm" },
  upstream_configured: { text: "The configuration has changed a server.", tone: "calm" },
  configuration_changed: { text: "The configuration was changed and taken over.", tone: "calm" },
  configuration_refused: { text: "A changed configuration was refused: the old one stays.", tone: "warn" },
  policies_changed: { text: "The policies were replaced.", tone: "calm" },
  policies_refused: { text: "Changed policies were refused: the old ones stay.", tone: "warn" },
  upstream_registered: { text: "A server was registered.", tone: "calm" },
  upstream_removed: { text: "A server was removed.", tone: "calm" },
  definition_new: { text: "The server lists a new tool.", tone: "calm" },
  definition_changed: { text: "The server describes the tool otherwise than before.", tone: "calm" },
  definition_gone: { text: "The server no longer lists the tool.", tone: "calm" },
  definitions_changing: {
    text: "The server changed its tools so often that the changes were only counted.",
    tone: "calm",
  },
  calls_left_out: {
    text: "More requests for what nobody knew, or in a form that was refused, only counted.",
    tone: "warn",
  },
} as const satisfies Record<ActOutcome, OutcomeWords>;

const BROKEN = {
  unreadable: {
    text: "This row of the record was changed and cannot be read. Run `portcullis audit verify`.",
    tone: "bad",
  },
} as const satisfies Record<typeof UNREADABLE_OUTCOME, OutcomeWords>;

const LOST = {
  gateway_lost: {
    text: "No end is on record, and a gateway has started since: unless another one on this store still carries it out, its gateway ended while it ran, and nobody knows whether it happened.",
    tone: "bad",
  },
} as const satisfies Record<typeof GATEWAY_LOST, OutcomeWords>;

const OUTCOMES: Readonly<Record<string, OutcomeWords>> = { ...CALLS, ...ACTS, ...BROKEN, ...LOST };

/**
 * What an outcome means; what another version wrote stands for itself. `null`: the call has not ended, or its end was
 * never recorded.
 */
export function outcomeWords(outcome: string | null): OutcomeWords {
  if (outcome === null) return { text: "No end is on record: the call runs, or the gateway was killed.", tone: "warn" };
  const known = Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome] : undefined;
  if (known !== undefined) return known;
  const refused = refusalWords(outcome);
  return refused === undefined
    ? { text: `It ended with ${outcome}.`, tone: "calm" }
    : { text: `It was refused: ${refused}`, tone: "warn" };
}

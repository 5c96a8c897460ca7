/**
 * The error table. The code is the identity of an error, in answers, logs and tests; the message is what the caller
 * reads and never repeats input or secrets. `status` is the HTTP status, `rpc` the JSON-RPC code where there is one.
 */
export const ERRORS = {
  JSON_MALFORMED: { status: 400, rpc: -32700, message: "The body is not valid JSON." },
  JSON_TOO_DEEP: { status: 400, rpc: -32600, message: "The body is nested too deeply." },
  JSON_TOO_MANY: {
    status: 400,
    rpc: -32600,
    message: "The body holds more values and names of members than this gateway accepts. Send it in parts.",
  },
  JSON_UNSAFE_NUMBER: {
    status: 400,
    rpc: -32600,
    message: "The body holds a number beyond ±(2^53-1), which readers would round differently. Send it as a string.",
  },
  JSON_FORBIDDEN_KEY: { status: 400, rpc: -32600, message: 'The body holds the key "__proto__", which is refused.' },
  KEYS_AMBIGUOUS: {
    status: 400,
    rpc: -32602,
    message:
      "A key differs from another one, or from a name of the protocol or the tool, only in case, form or invisible " +
      "characters, so that readers could take one for the other.",
  },
  BODY_TOO_LARGE: { status: 413, rpc: -32600, message: "The body is larger than this gateway accepts." },
  NOT_A_MESSAGE: { status: 400, rpc: -32600, message: "The body is not a JSON-RPC 2.0 message." },
  BATCH_NOT_ALLOWED: {
    status: 400,
    rpc: -32600,
    message: "Batches exist only in protocol revision 2025-03-26. Send one message per request.",
  },
  HOST_NOT_ALLOWED: {
    status: 403,
    rpc: -32600,
    message: "The Host header names no host that this gateway serves, see server.allowed_hosts.",
  },
  ORIGIN_NOT_ALLOWED: { status: 403, rpc: -32600, message: "The Origin header is not in allowed_origins." },
  HEADER_MISMATCH: { status: 400, rpc: -32020, message: "The HTTP headers do not match the body." },
  HEADER_REPEATED: { status: 400, rpc: -32600, message: "A header that may come only once has more than one value." },
  FORWARDED_INVALID: {
    status: 400,
    rpc: -32600,
    message:
      "The proxy in front of this gateway does not say readably for whom it speaks. Its operator looks at the Forwarded " +
      "and X-Forwarded-For headers that it sends.",
  },
  CAPABILITY_REQUIRED: { status: 400, rpc: -32021, message: "The request needs a client capability not declared." },
  VERSION_UNSUPPORTED: { status: 400, rpc: -32022, message: "Unsupported protocol version" },
  METHOD_UNKNOWN: { status: 404, rpc: -32601, message: "Method not found" },
  PARAMS_INVALID: { status: 400, rpc: -32602, message: "The parameters are not valid." },
  INTERNAL: { status: 500, rpc: -32603, message: "The gateway failed to handle this request. Its log says why." },
  SESSION_REQUIRED: {
    status: 400,
    rpc: -32600,
    message: "This needs a session: send initialize first, then repeat its Mcp-Session-Id header.",
  },
  SESSION_UNKNOWN: { status: 404, rpc: -32600, message: "The session is unknown or has expired. Initialize again." },
  STREAM_UNKNOWN: {
    status: 400,
    rpc: -32600,
    message: "The Last-Event-ID names no stream that this session can still resume. Send the request again.",
  },
  TOO_MANY_OPEN: {
    status: 503,
    rpc: -32603,
    message: "Too many requests or streams are open here. Close some, or try again later.",
  },
  STOPPING: { status: 503, rpc: -32603, message: "The gateway is stopping. Try again in a moment." },
  HTTP_METHOD_UNKNOWN: { status: 405, rpc: -32600, message: "This HTTP method is not served here." },
  PATH_UNKNOWN: { status: 404, rpc: -32600, message: "The API has nothing at this path." },
  STORE_UNAVAILABLE: {
    status: 503,
    rpc: -32603,
    message: "The gateway cannot read or write its store right now. Its operator finds the reason in its log.",
  },
  ENDPOINT_UNKNOWN: { status: 404, rpc: -32600, message: "No upstream and no endpoint has this name." },
  NOT_ACCEPTABLE: {
    status: 406,
    rpc: -32600,
    message: "The Accept header must allow application/json and text/event-stream.",
  },
  MEDIA_TYPE_UNSUPPORTED: { status: 415, rpc: -32600, message: "The Content-Type must be application/json." },
  CREDENTIAL_MISSING: { status: 401, rpc: -32600, message: "A credential is required: Authorization: Bearer <token>." },
  TOKEN_INVALID: { status: 401, rpc: -32600, message: "The access token is not valid." },
  PASSWORD_INVALID: { status: 401, rpc: -32600, message: "The user name or the password is not right." },
  ATTEMPTS_TOO_MANY: {
    status: 429,
    rpc: -32600,
    message: "Too many credentials like this one were refused. Wait as long as Retry-After says, then try again.",
  },
  TOKEN_EXPIRED: { status: 401, rpc: -32600, message: "The access token has expired." },
  ISSUER_UNREACHABLE: {
    status: 503,
    rpc: -32603,
    message:
      "The access token cannot be checked right now: its issuer does not answer. Keep it, and try again shortly.",
  },
  ISSUER_NOT_PERMITTED: {
    status: 403,
    rpc: -32600,
    message: "Whoever comes with a token of this issuer may not do this here. Operators say so in auth.jwt[].may.",
  },
  ENDPOINT_NOT_PERMITTED: { status: 403, rpc: -32600, message: "Your kind of credential does not open this endpoint." },
  SCOPE_INSUFFICIENT: { status: 403, rpc: -32600, message: "The access token lacks a scope that this needs." },
  TOOL_UNKNOWN: { status: 200, rpc: -32602, message: "Unknown tool" },
  RESOURCE_UNKNOWN: { status: 200, rpc: -32602, message: "Resource not found" },
  RESOURCE_AMBIGUOUS: { status: 200, rpc: -32602, message: "More than one server here can have this resource." },
  DENIED: { status: 200, rpc: -32001, message: "A policy denied this call." },
  AUDIT_UNAVAILABLE: {
    status: 503,
    rpc: -32603,
    message: "The call was not made: it could not be recorded. Ask the gateway's operator to check its store.",
  },
  LIMITS_UNAVAILABLE: {
    status: 503,
    rpc: -32603,
    message: "The call was not made: its limits could not be counted. Ask the gateway's operator to check its store.",
  },
  APPROVALS_UNAVAILABLE: {
    status: 503,
    rpc: -32603,
    message: "The call was not made: its approval could not be kept. Ask the gateway's operator to check its store.",
  },
  APPROVALS_TOO_MANY: {
    status: 429,
    rpc: -32001,
    message: "Too many of your calls wait for approval. Wait until some are decided, or cancel them.",
  },
  APPROVALS_TAKEN_BACK: {
    status: 429,
    rpc: -32001,
    message: "You have asked for approval and taken it back too often within an hour.",
  },
  FLOW_UNKNOWN: {
    status: 500,
    rpc: -32603,
    message: "The call needs an approval by a flow that is not configured. Ask the gateway's operator.",
  },
  APPROVAL_UNKNOWN: { status: 404, rpc: -32602, message: "There is no approval request with this id." },
  APPROVAL_CONFLICT: {
    status: 409,
    rpc: -32602,
    message: "The request has changed since you saw it. Look at it again, then decide.",
  },
  APPROVAL_CLOSED: { status: 409, rpc: -32602, message: "The request is in a state in which this cannot be done." },
  APPROVAL_DIGEST_MISMATCH: {
    status: 409,
    rpc: -32602,
    message: "The arguments are not those that would run. Look at the request again, then decide.",
  },
  APPROVAL_NOT_ELIGIBLE: { status: 403, rpc: -32602, message: "You may not decide this stage of the request." },
  APPROVAL_OWN: { status: 403, rpc: -32602, message: "Nobody decides on their own request." },
  APPROVAL_TWICE: { status: 409, rpc: -32602, message: "You have decided on this request already." },
  APPROVAL_REASON_REQUIRED: { status: 400, rpc: -32602, message: "This decision needs a reason." },
  STEP_UP_UNAVAILABLE: {
    status: 503,
    rpc: -32603,
    message: "The call was not made: sign-ins could not be looked up. Ask the gateway's operator to check its store.",
  },
  STEP_UP_TOO_MANY: {
    status: 429,
    rpc: -32001,
    message: "Too many sign-ins are waiting for you. Finish one, or wait until they expire.",
  },
  STEP_UP_IMPOSSIBLE: {
    status: 500,
    rpc: -32603,
    message: "No sign-in can satisfy all policies about this call. Ask the gateway's operator.",
  },
  ADMIN_REQUIRED: {
    status: 403,
    rpc: -32602,
    message: "Only administrators may do this: people with one of the roles in auth.admin.roles.",
  },
  CREDENTIAL_INSUFFICIENT: {
    status: 403,
    rpc: -32602,
    message:
      "People do this, and not their agents: with a session of the console, an API key of kind person, or an access token " +
      "with the API's scope.",
  },
  CALL_UNKNOWN: { status: 404, rpc: -32602, message: "There is no call with this id on record." },
  CSRF_TOKEN_INVALID: {
    status: 403,
    rpc: -32600,
    message: "The request does not carry the token of your session. Load the page again, then repeat it.",
  },
  UPSTREAM_UNKNOWN: { status: 404, rpc: -32602, message: "No upstream has this name." },
  UPSTREAM_EXISTS: { status: 409, rpc: -32602, message: "An upstream or an endpoint has this name already." },
  UPSTREAM_FROM_FILE: {
    status: 409,
    rpc: -32602,
    message: "This upstream stands in the configuration file. Change it there; it is reloaded at once.",
  },
  UPSTREAM_ADDRESS_REFUSED: {
    status: 400,
    rpc: -32602,
    message: "Upstreams that are registered at run time may not be at this address.",
  },
  UPSTREAMS_TOO_MANY: { status: 409, rpc: -32602, message: "As many upstreams are registered as may be. Remove one." },
  RESULT_WITHHELD: {
    status: 200,
    rpc: -32603,
    message:
      "The call was carried out, but its result is withheld: it could not be searched for what policies take out of " +
      "it. Do not repeat the call for its result; ask for less at once.",
  },
  UPSTREAM_UNAVAILABLE: { status: 502, rpc: -32603, message: "The server cannot be reached right now." },
  UPSTREAM_REFUSED: {
    status: 502,
    rpc: -32603,
    message: "The server does not let the gateway in, which its operator has to mend.",
  },
  UPSTREAM_BUSY: { status: 503, rpc: -32603, message: "The server has too many calls in flight." },
  UPSTREAM_TIMEOUT: { status: 504, rpc: -32603, message: "The server did not answer in time." },
  UPSTREAM_CLOSED: { status: 502, rpc: -32603, message: "The server went away during the call." },
  UPSTREAM_INVALID: { status: 502, rpc: -32603, message: "The server gave an answer that is not MCP." },
  UPSTREAM_TOO_LARGE: { status: 502, rpc: -32603, message: "The server gave too large an answer." },
  CALL_CANCELLED: { status: 499, rpc: -32603, message: "The call was cancelled." },
  SESSION_ENDED: {
    status: 404,
    rpc: -32603,
    message: "The session was ended at the gateway while the call ran. Initialize again.",
  },
  GATEWAY_STOPPED: { status: 503, rpc: -32603, message: "The gateway stopped while the call ran." },
  UPSTREAM_CHANGED: {
    status: 502,
    rpc: -32603,
    message: "The server of this tool was changed or removed at the gateway before the call was over.",
  },
} as const satisfies Record<string, { status: number; rpc: number; message: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An expected refusal, as a value. `detail` adds what is safe to show (a path, a header's name), never input. */
export interface Refusal<Code extends ErrorCode = ErrorCode> {
  readonly ok: false;
  readonly code: Code;
  readonly detail?: string;
}

/** Makes a refusal. */
export function refuse<Code extends ErrorCode>(code: Code, detail?: string): Refusal<Code> {
  return detail === undefined ? { ok: false, code } : { ok: false, code, detail };
}

/** The text for the caller: the table's message, then the detail. */
export function refusalText(refusal: Refusal): string {
  const message = ERRORS[refusal.code].message;
  return refusal.detail === undefined ? message : `${message} ${refusal.detail}`;
}

import type { Incoming } from "./response-envelope.ts";

/** Errors of the protocol's own layer, not of what a tool does: the SDKs' codes for a session that is not there. */
const CODES: ReadonlySet<number> = new Set([-32000, -32001, -32600]);
/** Of what a method makes of its own parameters. */
const INVALID_PARAMS = -32602;
/**
 * The message begins with it: a tool may have sessions of its own to talk about. No two repetitions next to each other take the
 * same characters, so that a message of millions of them is looked at once and not once from each.
 */
const LOST =
  /^\W*(?:(?:bad request|not found|unauthorized)\W*)?(?:(?:mcp )?session(?: id)?(?: \S+)? (?:was |is |has )?(?:not found|expired|terminated|invalid|unknown|closed|no longer|does not exist)|(?:no valid|invalid|unknown|expired|missing) (?:mcp[- ])?session|(?:server )?not initialized)/i;

/**
 * Whether a response that holds no answer to the request says that the session is gone: 404, or, against the specification, 410, and
 * 400 or 401 with words about it, as several servers send. 2025-11-25 basic/transports, "Session Management".
 */
export function namesLostSession(status: number, body: Buffer): boolean {
  if (status === 404 || status === 410) return true;
  return (status === 400 || status === 401) && /session|not initialized/i.test(body.toString("utf8", 0, 2_000));
}

/**
 * The same for a JSON-RPC error that answers this very request: its own words have to say so, with whatever status. Tools answer with
 * 404, too, for what they do not find; and with status 200 the code must be one of the protocol's own layer.
 */
export function errorNamesLostSession(message: Incoming, status = 200): boolean {
  if (message.kind !== "error" || !LOST.test(message.error.message)) return false;
  const { code } = message.error;
  return CODES.has(code) || (status >= 400 && status < 500 && code !== INVALID_PARAMS);
}

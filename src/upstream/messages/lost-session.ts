import type { Incoming } from "./response-envelope.ts";

/** Errors of the protocol's own layer, not of what a tool does: the SDKs' codes for a session that is not there. */
const CODES: ReadonlySet<number> = new Set([-32000, -32001, -32600]);
/** The message begins with it: a tool may have sessions of its own to talk about. */
const LOST =
  /^\W*(?:bad request|not found|unauthorized)?\W*(?:(?:mcp )?session(?: id)?(?: \S+)? (?:was |is |has )?(?:not found|expired|terminated|invalid|unknown|closed|no longer|does not exist)|(?:no valid|invalid|unknown|expired|missing) (?:mcp[- ])?session|(?:server )?not initialized)/i;

/**
 * Whether an answer says that the session is gone: 404, or, against the specification, 410, and 400 or 401 with words about it, as
 * several servers send. 2025-11-25 basic/transports, "Session Management".
 */
export function namesLostSession(status: number, body: Buffer): boolean {
  if (status === 404 || status === 410) return true;
  return (status === 400 || status === 401) && /session|not initialized/i.test(body.toString("utf8", 0, 2_000));
}

/** The same for a JSON-RPC error with status 200, of a session that has answered before: on a new one it must mean something else. */
export function errorNamesLostSession(message: Incoming): boolean {
  return message.kind === "error" && CODES.has(message.error.code) && LOST.test(message.error.message);
}

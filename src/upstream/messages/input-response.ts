import type { InputResponse } from "../../core/call.ts";
import { findAmbiguousKey } from "../../core/keys.ts";
import { ANSWERS, findStrayKey, sendable } from "../../mcp/members/members.ts";
import { dropFrom, withoutOurs } from "../../mcp/members/own-meta.ts";

/**
 * A client's answer to `method` as the server may have it: of its result, what the protocol has for that question, without
 * the gateway's own keys. What two readers could read differently is no answer. @throws never
 */
export function sendableAnswer(method: string, response: InputResponse): InputResponse {
  const members = Object.hasOwn(ANSWERS, method) ? ANSWERS[method] : undefined;
  if (members === undefined) return UNREADABLE;
  if (!response.ok) {
    const { code, message, data } = response.error;
    if (data === undefined) return response;
    if (findAmbiguousKey(data, "$") !== undefined) return UNREADABLE;
    const told = withoutOurs(data);
    dropFrom(told);
    return { ok: false, error: { code, message, data: told } };
  }
  const { result } = response;
  if (findAmbiguousKey(result, "$") !== undefined || findStrayKey(result, members, "$") !== undefined)
    return UNREADABLE;
  return { ok: true, result: withoutOurs(sendable(result, members)) };
}

const UNREADABLE: InputResponse = {
  ok: false,
  error: { code: -32603, message: "The client's answer has keys that readers could take for one another." },
};

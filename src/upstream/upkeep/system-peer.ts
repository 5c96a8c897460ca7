import type { ClientPeer, InputResponse } from "../../core/call.ts";

/**
 * The gateway itself as a peer: whose connection the lists are read over. Some servers show a tool only to clients that
 * can answer what it asks, so this peer declares everything; its lists are then those of the most able client. It makes
 * no calls, so hardly anything is ever asked of it. `callable`: all clients share this connection and call over it; then
 * it declares nothing, because a question could not be put to the right one.
 */
export function systemPeer(callable: boolean): ClientPeer {
  return {
    key: "portcullis:system",
    owner: "portcullis:system",
    holder: "portcullis:system",
    capabilities: callable
      ? {}
      : { elicitation: { form: {}, url: {} }, sampling: { context: {}, tools: {} }, roots: { listChanged: false } },
    takesInputRequests: true,
    request: ({ method }) => Promise.resolve(method === "roots/list" ? NO_ROOTS : NOBODY),
    notify() {},
  };
}

const NO_ROOTS: InputResponse = { ok: true, result: { roots: [] } };
const NOBODY: InputResponse = { ok: false, error: { code: -1, message: "Nobody is there who could answer." } };

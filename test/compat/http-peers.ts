import { initialize, modern, type RawAnswer, send } from "../support/raw-mcp.ts";
import type { Peer } from "./stdio-peer.ts";

/** Where to ask, and as whom. */
export interface Place {
  readonly port: number;
  readonly path: string;
  readonly key: string;
}

/** A client of 2025-11-25 over HTTP. @throws if the handshake fails */
export async function connectLegacy({ port, path, key }: Place): Promise<Peer> {
  const session = await initialize(port, { path, user: key });
  await session.post({ jsonrpc: "2.0", method: "notifications/initialized" });
  return {
    ask: async (method, params) => textOf(await session.request(method, { ...params }), method),
    async close() {
      await send(port, { method: "DELETE", path, headers: session.headers });
    },
  };
}

/** A client of 2026-07-28 over HTTP, which has no session. */
export function connectModern({ port, path, key }: Place): Peer {
  return {
    async ask(method, params) {
      const request = modern(method, { ...params });
      const headers = { ...request.headers, Authorization: `Bearer ${key}` };
      return textOf(await send(port, { ...request, path, headers }), method);
    },
    close: async () => {},
  };
}

function textOf({ text, events, status }: RawAnswer, method: string): string {
  const last = events.filter(({ data }) => data !== "").at(-1);
  const answer = last?.data ?? text;
  if (!answer.startsWith("{")) throw new Error(`${method} was answered with status ${status}: ${answer.slice(0, 500)}`);
  return answer;
}

import type { IncomingMessage } from "node:http";
import type { Refusals, RefusedAt } from "../core/refusals.ts";
import type { Arrived } from "../http/arrivals.ts";
import { claimIn } from "./claimed.ts";

/**
 * Puts a request on record that was refused before anybody asked who sends it. Where its head does not say readably whence it comes, it
 * comes from whoever is connected. @throws never
 */
export function recordArrival(
  refusals: Refusals,
  asked: { readonly at: RefusedAt; readonly incoming: IncomingMessage; readonly came: Arrived; readonly code: string },
): void {
  const { at, incoming, came, code } = asked;
  const ip = came.ok ? came.from.ip : (incoming.socket.remoteAddress ?? "");
  refusals.refused({ code, at, ip, claim: () => claimIn(incoming.headers.authorization, code) });
}

import type { IncomingMessage } from "node:http";
import type { Refusal } from "../core/errors.ts";
import { type ClientAddress, createClientAddresses } from "./addresses/client-address.ts";
import { checkSingleHeaders } from "./single-headers.ts";

/** A request whose head can be believed, or why it cannot. */
export type Arrived = { readonly ok: true; readonly from: ClientAddress } | Refusal;

/** What every face asks of a request before it looks at anything else in it. @throws never */
export type Arrive = (incoming: IncomingMessage) => Arrived;

/** Makes the check: no header that decides something twice, and an address to go by. */
export function createArrivals(options: { readonly trustedProxies: readonly string[] }): Arrive {
  const addressOf = createClientAddresses(options.trustedProxies);
  return (incoming) => {
    const repeated = checkSingleHeaders(incoming);
    if (repeated !== undefined) return repeated;
    const from = addressOf(incoming);
    return from.ok ? { ok: true, from } : from;
  };
}

import { buildConnector } from "undici";
import { nameLookups } from "../../http/name-lookups.ts";
import { AddressRefused, type AddressRules } from "./address-rules.ts";

/**
 * Connects only to where the rules let it, each time anew: the name is resolved, every address checked, and one of
 * exactly those connected to, so that a name that leads elsewhere a moment later changes nothing. The certificate is
 * checked against the name all the same. Without rules it connects anywhere.
 */
export function confinedConnect(rules: AddressRules | undefined, timeoutMs: number): buildConnector.connector {
  if (rules === undefined) return buildConnector({ timeout: timeoutMs, lookup: nameLookups.lookup });
  const connect = buildConnector({ timeout: timeoutMs, lookup: rules.lookup });
  return (options, callback) => {
    // Node asks no resolver for an address.
    const why = rules.whyNotLiteral(options.hostname);
    if (why === undefined) connect(options, callback);
    else queueMicrotask(() => callback(new AddressRefused(why), null));
  };
}

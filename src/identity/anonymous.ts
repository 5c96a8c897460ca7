import { ANONYMOUS_ISSUER, AT_HOME, NO_TOKEN, type Principal } from "../core/principal.ts";

/** Who calls without a credential, where that is allowed. */
export const ANONYMOUS: Principal = {
  issuer: ANONYMOUS_ISSUER,
  subject: "anonymous",
  kind: "anonymous",
  clientId: undefined,
  email: undefined,
  name: undefined,
  roles: [],
  groups: [],
  claims: {},
  ...NO_TOKEN,
  ...AT_HOME,
  may: ["call"],
};

/** Whether an address is this machine's: 127/8, `::1`, or 127/8 written as IPv6. */
export function isLoopbackAddress(address: string): boolean {
  const v4 = address.toLowerCase().startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  return address === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(v4);
}

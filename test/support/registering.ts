import type { Json } from "../../src/core/json.ts";
import type { Operator } from "../../src/operations/operator.ts";
import type { UpstreamOperations, UpstreamView } from "../../src/operations/upstreams/upstreams.ts";
import { principalOf } from "./approval-people.ts";
import { eventually } from "./eventually.ts";
import type { TestGateway } from "./gateway.ts";
import { startLegacyUpstream } from "./legacy-upstream.ts";
import { startModernUpstream } from "./modern-upstream.ts";

/** Somebody who administers the gateway, and somebody who does not. */
export const root: Operator = {
  principal: { ...principalOf("root"), email: "root@example.com" },
  admin: true,
  lacks: undefined,
};
export const ann: Operator = { principal: principalOf("ann"), admin: false, lacks: undefined };

/** The configuration that lets upstreams be registered where tests have their servers. */
export const LOOPBACK = { registration: { addresses: ["127.0.0.0/8"] } };

/** A server of each era. */
export const ERAS = [
  ["modern", startModernUpstream],
  ["legacy", startLegacyUpstream],
] as const;

/** What operators do with upstreams, in the process that runs now. */
export function upstreamsOf(gateway: TestGateway): UpstreamOperations {
  return gateway.running.wired.upstreamOperations;
}

/** Registers an upstream and waits until it is up and its tools are listed. @throws when it is refused */
export async function register(gateway: TestGateway, name: string, entry: Json): Promise<UpstreamView> {
  const registered = await upstreamsOf(gateway).register(root, name, entry);
  if (!registered.ok) throw new Error(JSON.stringify(registered));
  return listed(gateway, name);
}

/** The upstream, once its tools are listed. */
export function listed(gateway: TestGateway, name: string): Promise<UpstreamView> {
  return eventually(async () => {
    const view = upstreamsOf(gateway).get(name);
    return view !== undefined && view.tools > 0 ? view : undefined;
  });
}

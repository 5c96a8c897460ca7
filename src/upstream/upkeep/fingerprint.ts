import { digestOf } from "../../core/digest.ts";
import type { UpstreamOptions } from "../upstream.ts";

/** What stands behind a transport, as `Upstream.place` says. */
export function fingerprintOf(transport: UpstreamOptions["transport"]): string {
  if (transport.kind !== "stdio") return digestOf({ url: transport.url });
  const { command, args, cwd } = transport;
  return digestOf({ command, args, cwd: cwd ?? null });
}

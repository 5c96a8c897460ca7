import { digestOf } from "../../core/digest.ts";
import type { UpstreamOptions } from "../upstream.ts";

/** What stands behind a transport, as `Upstream.address` says. */
export function fingerprintOf(transport: UpstreamOptions["transport"]): string {
  if (transport.kind !== "stdio") return digestOf({ url: transport.url });
  const { command, args, cwd } = transport;
  return digestOf({ command, args, cwd: cwd ?? null });
}

/** How names of headers and variables end whose values are credentials: `Authorization`, `X-Api-Key`, `GITHUB_TOKEN`. */
const CREDENTIAL =
  /(?:^|[-_])(?:authorization|auth|token|jwt|(?:api)?key|secret|pass|passw(?:or)?d|pwd|credentials?|pat|cookie)$/i;

/**
 * Where calls go, as `Upstream.place` says. A value that is nothing but a reference stands for itself as it is written, if its name
 * says that it is a credential: so another reference is another place, and the same one with a fresh secret is not.
 */
export function placeOf({ transport, references = {} }: Pick<UpstreamOptions, "transport" | "references">): string {
  const address = fingerprintOf(transport);
  const given = Object.entries(transport.kind === "stdio" ? transport.env : transport.headers);
  const { removedHeaders: removed } = transport.kind === "stdio" ? {} : transport;
  if (given.length === 0 && removed === undefined) return address;
  const named = given.map(([name, value]) => {
    const written = CREDENTIAL.test(name) && Object.hasOwn(references, name) ? references[name] : undefined;
    // Names of headers have no case, names of variables do.
    const key = transport.kind === "stdio" ? name : name.toLowerCase();
    return [key, written === undefined ? { value } : { written }] as const;
  });
  const sorted = named.sort(([a], [b]) => (a < b ? -1 : 1));
  return digestOf({ address, given: sorted, ...(removed !== undefined && { removed: [...removed].sort() }) });
}

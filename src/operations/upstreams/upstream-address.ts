import { looksSecret } from "../../audit/names/sensitive-names.ts";
import { scrubText } from "../../audit/secrets/secrets.ts";
import type { UpstreamOptions } from "../../upstream/upstream.ts";

const MAX_CHARS = 500;
const MARK = "[…]";

/**
 * Where an upstream is, for eyes: its URL without user, query and fragment, or its command with the arguments. What
 * looks like a credential in it is taken out. Neither headers nor environment.
 */
export function upstreamAddress(transport: UpstreamOptions["transport"]): string {
  if (transport.kind !== "stdio") {
    const { origin, pathname } = new URL(transport.url);
    return scrubText(`${origin}${pathname}`, MAX_CHARS, MARK);
  }
  const { command, args } = transport;
  const shown = args.map((arg, index) => {
    const before = args[index - 1] ?? "";
    // The value of a flag: --api-key abc.
    return before.startsWith("-") && !before.includes("=") && looksSecret(before) ? MARK : arg;
  });
  return scrubText([command, ...shown].join(" "), MAX_CHARS, MARK);
}

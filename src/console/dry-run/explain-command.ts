import { writeExact } from "../../core/exact-json.ts";
import type { GivenCall } from "../../policy/tests/given-call.ts";

/**
 * The same call for a terminal: a line for `portcullis policy explain`, quoted for a POSIX shell. `undefined` where the
 * command has no option for what the call says.
 */
export function explainCommand({
  tool,
  args,
  user = {},
  client = {},
  endpoint,
  time,
  ...more
}: GivenCall): string | undefined {
  const { email, id, roles = [], groups = [], ...moreUser } = user;
  const { name, ip, ...moreClient } = client;
  if ([more, moreUser, moreClient].some((rest) => Object.keys(rest).length > 0)) return undefined;
  const options: readonly (readonly [option: string, value: string | undefined])[] = [
    ["tool", tool],
    ["args", args === undefined ? undefined : writeExact(args)],
    ["user", email],
    ["id", id],
    ...roles.map((role) => ["role", role] as const),
    ...groups.map((group) => ["group", group] as const),
    ["client", name],
    ["ip", ip],
    ["endpoint", endpoint],
    ["time", time],
  ];
  // With `=`, so that a value that begins with a dash is no option.
  const words = options.flatMap(([option, value]) => (value === undefined ? [] : [`--${option}=${quoted(value)}`]));
  return ["portcullis policy explain", ...words].join(" \\\n  ");
}

function quoted(text: string): string {
  return /^[\w@%+:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

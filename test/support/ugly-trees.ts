import { fileURLToPath } from "node:url";

const UGLY = fileURLToPath(new URL("ugly-stdio.mjs", import.meta.url));
const server = (...habits: string[]): string => [process.execPath, UGLY, ...habits].join(" ");
const shell = (script: string): readonly [command: string, args: readonly string[]] => ["sh", ["-c", script]];

/** Process trees that do not end as they should: a name, and what is started. */
export const UGLY_TREES: Readonly<Record<string, readonly [command: string, args: readonly string[]]>> = {
  "ignores the end of its input": [process.execPath, [UGLY, "deaf"]],
  "ignores SIGTERM, too": [process.execPath, [UGLY, "deaf", "untouched"]],
  "is started by a shell that waits for it": shell(`${server("deaf", "untouched")}; true`),
  "is started by a shell in a shell": shell(`sh -c '${server("deaf")}; true'; true`),
  "has a grandchild that holds its pipes": [process.execPath, [UGLY, "child"]],
  "has one beside it that ignores signals": shell(`trap '' TERM HUP INT; sleep 1000 & exec ${server()}`),
  "forks on SIGTERM": [process.execPath, [UGLY, "deaf", "forks"]],
  "reads nothing": [process.execPath, [UGLY, "deaf", "unread"]],
  "has stopped": [process.execPath, [UGLY, "deaf", "halts"]],
  "never answers": [process.execPath, [UGLY, "deaf", "untouched", "mute"]],
  "crashes again and again and leaves children": [process.execPath, [UGLY, "crashes", "child"]],
};

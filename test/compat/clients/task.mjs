/** What to do: an address and a key, the same over stdio, and the call. */
export const task = JSON.parse(process.env.COMPAT_TASK ?? "{}");

/** Headers for the address. */
export const headers = { Authorization: `Bearer ${task.key}` };

/** Variables that a program needs to run at all. */
export const env = { PATH: process.env.PATH, HOME: process.env.HOME, PORTCULLIS_COMPAT: process.env.PORTCULLIS_COMPAT };

/** Prints what the client saw, as the last line, and ends. */
export function print(tools, call) {
  process.stdout.write(`\n${JSON.stringify({ tools, call })}\n`, () => process.exit(0));
}

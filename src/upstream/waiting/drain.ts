import type { Readable } from "node:stream";

/** Between two pieces of 64 KB that are thrown away: whoever writes without end waits, and nobody waits for it here. */
const REST_MS = 10;

/** Lets a pipe rest after a piece of it was thrown away. */
export function rest(pipe: Readable): void {
  pipe.pause();
  setTimeout(() => pipe.resume(), REST_MS).unref();
}

/** Throws away whatever still comes out of a pipe, so that its writer can end. */
export function drain(pipe: Readable): void {
  pipe.removeAllListeners("data");
  pipe.on("data", () => rest(pipe));
}

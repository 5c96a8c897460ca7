import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { approvalDetailSchema } from "../../admin/approvals/schema.ts";
import type { ApiClient } from "../api/client.ts";
import type { Shell } from "../shell.ts";
import { one, painter, print } from "../terminal/output.ts";
import { decideApproval, type Prompt } from "./decide.ts";
import { approvalText } from "./text.ts";
import { SCREEN } from "./tree.ts";

/** Lines that somebody types while something else goes on. */
export interface TypedLines {
  /** The next line; `undefined` if none comes within `ms`, or it is over. */
  next(ms: number): Promise<string | undefined>;
  /** Drops what was typed ahead. */
  forget(): void;
  close(): void;
}

/** Lines typed ahead beyond these are dropped. */
const MAX_AHEAD = 16;

/** Reads lines from a terminal, which keeps editing them itself. */
export function readTyped(stdin: Readable, signal: AbortSignal): TypedLines {
  const lines = createInterface({ input: stdin });
  const ahead: string[] = [];
  let deliver: ((line: string) => void) | undefined;
  lines.on("line", (line) => {
    if (deliver !== undefined) deliver(line);
    else if (ahead.length < MAX_AHEAD) ahead.push(line);
  });
  return {
    next(ms) {
      const waiting = ahead.shift();
      if (waiting !== undefined || signal.aborted) return Promise.resolve(waiting);
      return new Promise((resolve) => {
        const done = (line: string | undefined): void => {
          deliver = undefined;
          clearTimeout(timer);
          signal.removeEventListener("abort", over);
          resolve(line);
        };
        const over = (): void => done(undefined);
        const timer = setTimeout(over, ms);
        signal.addEventListener("abort", over);
        deliver = done;
      });
    },
    forget: () => void ahead.splice(0),
    close: () => lines.close(),
  };
}

/** How a request with this number is decided. */
export function keysFor(number: number): string {
  return `a ${number} approves, r ${number} <reason> rejects, s ${number} shows`;
}

const HELP = "Type a <number>, r <number> <reason> or s <number>; Ctrl-C ends.";

/** Does what a typed line says about the request that `idOf` knows by its number. It never ends the watch. */
export async function obeyLine(
  shell: Shell,
  api: ApiClient,
  line: string,
  idOf: (number: number) => string | undefined,
  prompt: Prompt,
): Promise<void> {
  const [, key, digits, reason] = /^\s*([ars])\s*(\d{1,6})(?:\s+(.*\S))?\s*$/.exec(line) ?? [];
  const id = digits === undefined ? undefined : idOf(Number(digits));
  if (id === undefined) {
    if (line.trim() !== "") shell.err(key === undefined ? HELP : `There is no request ${digits} here any more.`);
    return;
  }
  // What one line comes to is not what the whole watch comes to.
  const watching: Shell = { ...shell, setExitCode: () => {} };
  if (key !== "s") {
    const decision = key === "a" ? "approve" : "reject";
    return decideApproval(watching, api, { id, decision }, reason === undefined ? {} : { reason }, prompt);
  }
  const seen = await api.get(`/approvals/${encodeURIComponent(id)}`, approvalDetailSchema);
  if (!seen.ok) return shell.err(seen.message);
  const text = approvalText(
    seen.value,
    { paint: painter(shell.colours), now: Date.now(), command: shell.command },
    SCREEN,
  );
  await print(shell.stdout, one(`${text}\n`));
}

import type { Readable, Writable } from "node:stream";

/** The terminal and the process as commands see them; `cli.ts` makes it. */
export interface Shell {
  /** Writes to standard output, a line break added. */
  out(text: string): void;
  /** Writes to standard error, a line break added. */
  err(text: string): void;
  /** How this program was started, for lines that people copy: `portcullis`, `npx portcullis`, `npm run portcullis --`. */
  readonly command: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is a terminal that shows colours. */
  readonly colours: boolean;
  /** The exit code that the process ends with: 0 done, 1 refused, 2 usage. */
  setExitCode(code: 0 | 1 | 2): void;
  /** Resolves at the first SIGINT, SIGTERM or SIGHUP (the terminal was closed). A second one ends the process at once. */
  stopped(): Promise<void>;
  readonly stdin: Readable;
  readonly stdout: Writable;
}

/** Text in bold where colours show. */
export function bold(shell: Shell, text: string): string {
  return shell.colours ? `\u001b[1m${text}\u001b[22m` : text;
}

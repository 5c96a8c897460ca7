import type { ChildProcess } from "node:child_process";
// Of the process module only what reaches other processes: a group cannot be signalled through its leader's handle.
import { kill, platform } from "node:process";

/** Whether a child can lead a group of its own: everywhere but on Windows. */
export const HAS_GROUPS = platform !== "win32";

/** How often a group that is to end is looked at, in ms. */
const LOOK_MS = 20;

/**
 * A child, and all that it started and that stayed in its group (`npx` and `sh -c` start the server proper). The child has
 * to be `detached`, which makes it the leader. The system gives the id of a group to nobody else while anybody is in it;
 * one that was seen empty is never signalled again.
 */
export class ProcessGroup {
  readonly #child: ChildProcess;
  #gone = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    // At once, before the id can be anybody else's.
    child.once("exit", () => this.empty);
  }

  /** Whether nobody is in it any more. */
  get empty(): boolean {
    const { exitCode, signalCode } = this.#child;
    if (exitCode === null && signalCode === null) return false;
    if (!this.#gone) this.#gone = !HAS_GROUPS || !this.#send(0);
    return this.#gone;
  }

  /** Sends a signal to everybody in it. */
  signal(signal: "SIGTERM" | "SIGKILL"): void {
    if (this.empty) return;
    if (HAS_GROUPS) this.#send(signal);
    else this.#child.kill(signal);
  }

  /** Resolves to whether it was empty within `ms`. `each` runs at each look. */
  async emptyWithin(ms: number, each: () => void = () => {}): Promise<boolean> {
    for (let waited = 0; ; waited += LOOK_MS) {
      if (this.empty) return true;
      if (waited >= ms) return false;
      each();
      await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, ms)));
    }
  }

  /** Whether there is anybody to send it to. */
  #send(signal: "SIGTERM" | "SIGKILL" | 0): boolean {
    const { pid } = this.#child;
    if (pid === undefined) return false;
    try {
      return kill(-pid, signal);
    } catch (err) {
      // Somebody is there, and belongs to another user.
      return err instanceof Error && "code" in err && err.code === "EPERM";
    }
  }
}

import type { ProcessGroup } from "./process-group.ts";

/** The variable that says in each child, and in all that it starts, whose it is. */
export const CHILD_MARK = "PORTCULLIS_CHILD";

/** The processes that one gateway started, and how they are known again. */
export interface Children {
  /** Value of `CHILD_MARK`; `undefined` where marks cannot be found again. */
  readonly mark: string | undefined;
  add(group: ProcessGroup): void;
  /** It has ended. */
  remove(group: ProcessGroup): void;
  /** Kills all of them, for a process that ends without waiting for anything. */
  kill(): void;
}

/** Makes it. */
export function createChildren(mark?: string): Children {
  const groups = new Set<ProcessGroup>();
  return {
    mark,
    add: (group) => void groups.add(group),
    remove: (group) => void groups.delete(group),
    kill() {
      for (const group of groups) group.signal("SIGKILL");
    },
  };
}

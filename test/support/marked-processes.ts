import { readdirSync, readFileSync } from "node:fs";

/** Ids of the processes in whose environment `variable` (`NAME=value`) stands. Linux only. */
export function processesWith(variable: string): readonly number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const set = readFileSync(`/proc/${name}/environ`, "utf8").split("\0").includes(variable);
      return set ? [Number(name)] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

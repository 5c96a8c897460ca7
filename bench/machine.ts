import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

/** Which CPU a program runs on: what is measured has one for itself, upstream and load share the next. */
export type Role = "measured" | "load";

const CPUS: Readonly<Record<Role, string>> = { measured: "0", load: "1" };

function found(command: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${command}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Whether programs can be kept apart on this machine. */
export const canPin = availableParallelism() >= 2 && found("taskset");

/** Whether nginx is on the PATH. */
export const hasNginx = found("nginx");

/** The command, put on its role's CPU where that is possible. */
export function pinned(role: Role, command: string, args: readonly string[]): [command: string, args: string[]] {
  return canPin ? ["taskset", ["-c", CPUS[role], command, ...args]] : [command, [...args]];
}

/** Clock ticks per second of `/proc/<pid>/stat`; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU time that a process has used, in microseconds. @throws where there is no /proc */
export function cpuMicros(pid: number): number {
  // The second field, the command in parentheses, may hold spaces: count from behind it.
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Share of this machine that is busy for a second while the benchmark itself does nothing, 0 to 1. */
export async function foreignLoad(): Promise<number> {
  const before = cpuTimes();
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const after = cpuTimes();
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function cpuTimes(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((cpu) => cpu.times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  const all = times.reduce((sum, time) => sum + time.user + time.nice + time.sys + time.irq + time.idle, 0);
  return { idle, all };
}

/** The middle one, or the mean of the two in the middle. `NaN` for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (upper + lower) / 2;
}

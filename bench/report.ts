import { median } from "./machine.ts";

/** One slice: one target, one concurrency, one round. */
export interface Sample {
  readonly target: string;
  readonly connections: number;
  readonly callsPerSecond: number;
  /** Microseconds. */
  readonly p50: number;
  readonly p99: number;
  /** CPU of the measured program per call, in microseconds. */
  readonly cpu: number;
  /** Resident memory after the slice, in bytes. */
  readonly resident: number;
}

/** The medians of a target at one concurrency. */
export type Medians = Pick<Sample, "callsPerSecond" | "p50" | "p99" | "cpu" | "resident">;

/** Medians over the rounds. */
function summarize(samples: readonly Sample[], target: string, connections: number): Medians {
  const own = samples.filter((sample) => sample.target === target && sample.connections === connections);
  const of = (key: keyof Medians) => median(own.map((sample) => sample[key]));
  return {
    callsPerSecond: of("callsPerSecond"),
    p50: of("p50"),
    p99: of("p99"),
    cpu: of("cpu"),
    resident: of("resident"),
  };
}

/** A table with right-aligned columns after the first. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))),
    )
    .map((row) => `  ${row.join("  ")}`)
    .join("\n");
}

const whole = (value: number) => (Number.isNaN(value) ? "-" : Math.round(value).toLocaleString("en"));
const ratio = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : "-");

/** The measured numbers, one row per target and concurrency. */
export function measuredTable(
  samples: readonly Sample[],
  targets: readonly string[],
  levels: readonly number[],
): string {
  const rows = [["", "conn", "calls/s", "p50 µs", "p99 µs", "CPU µs/call", "RSS MB"]];
  for (const target of targets) {
    for (const connections of levels) {
      const m = summarize(samples, target, connections);
      const memory = Math.round(m.resident / (1 << 20)).toString();
      const numbers = [m.callsPerSecond, m.p50, m.p99, m.cpu].map(whole);
      rows.push([target, String(connections), ...numbers, memory]);
    }
  }
  return table(rows);
}

/** How the targets compare: with the upstream alone, with a plain proxy, with the SDK way. */
export function ratioTable(
  samples: readonly Sample[],
  names: { readonly direct: string; readonly nginx: string | undefined; readonly sdk: string | undefined },
  targets: readonly string[],
  levels: readonly number[],
): string {
  const rows = [["", "conn", "÷ direct", "÷ nginx", "÷ SDK pair", "added p50 µs", "÷ nginx's", "CPU ÷ direct's"]];
  for (const target of targets) {
    if (target === names.direct) continue;
    for (const connections of levels) {
      const of = (name: string | undefined) => (name === undefined ? undefined : summarize(samples, name, connections));
      const m = summarize(samples, target, connections);
      const direct = summarize(samples, names.direct, connections);
      const nginx = of(names.nginx);
      const added = m.p50 - direct.p50;
      rows.push([
        target,
        String(connections),
        ratio(m.callsPerSecond / direct.callsPerSecond),
        ratio(m.callsPerSecond / (nginx?.callsPerSecond ?? Number.NaN)),
        ratio(m.callsPerSecond / (of(names.sdk)?.callsPerSecond ?? Number.NaN)),
        whole(added),
        ratio(added / ((nginx?.p50 ?? Number.NaN) - direct.p50)),
        ratio(m.cpu / direct.cpu),
      ]);
    }
  }
  return table(rows);
}

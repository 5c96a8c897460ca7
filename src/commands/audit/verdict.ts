import type { AnchorFile } from "../../audit/checkpoints/anchor-file.ts";
import type { RecordVerdict } from "../../audit/verify/verify-record.ts";
import type { Colour } from "../terminal/output.ts";

/** The anchor file that a verdict was made with. */
interface UsedAnchor {
  readonly path: string;
  readonly anchor: AnchorFile;
}

/** What `audit verify --json` prints: snake_case, times in RFC 3339. */
export function recordJson({ chain, findings, unproven }: RecordVerdict, used: UsedAnchor | undefined) {
  const [first] = findings;
  return {
    ok: findings.length === 0,
    proven: findings.length === 0 && unproven.length === 0,
    rows: chain.rows,
    ...(chain.ok
      ? {
          last_seq: chain.lastSeq,
          last_hash: chain.lastHash,
          keyed_from: chain.keyedFrom.seq,
          checkpoints: chain.checkpoints.count,
        }
      : {}),
    ...(first === undefined ? {} : { reason: first.code, message: first.message }),
    ...(first?.seq === undefined ? {} : { seq: first.seq }),
    anchor: used === undefined ? null : anchorJson(used),
    findings: findings.map(({ code, seq, message }) => ({ code, seq: seq ?? null, message })),
    unproven,
  };
}

function anchorJson({ path, anchor: { checkpoints } }: UsedAnchor) {
  const last = checkpoints.at(-1);
  return {
    file: path,
    checkpoints: checkpoints.length,
    last_seq: last?.seq ?? null,
    last_at: last === undefined ? null : new Date(last.at).toISOString(),
  };
}

/** The same for people. */
export function recordText(
  { chain, findings, unproven }: RecordVerdict,
  used: UsedAnchor | undefined,
  paint: (colour: Colour, text: string) => string,
): string {
  const lines: string[] = [];
  if (!chain.ok && chain.reason !== "empty") {
    lines.push(`${paint("red", "Broken")} at row ${chain.seq}, after ${chain.rows} good rows.`);
  } else if (findings.length > 0) lines.push(`${paint("red", "Broken")}.`);
  lines.push(...findings.map(({ message }) => message));
  if (findings.length === 0 && chain.ok) {
    lines.push(`${paint("green", "Good")}: ${chain.rows} rows, unbroken. Last: ${chain.lastSeq}:${chain.lastHash}`);
  }
  if (used !== undefined) lines.push(`Held against ${used.anchor.checkpoints.length} checkpoints in ${used.path}.`);
  lines.push(...unproven.map(({ message }) => `${paint("yellow", "Not proven")}: ${message}`));
  return `${lines.join("\n")}\n`;
}

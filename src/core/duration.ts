const UNITS = [
  { ms: 86_400_000, name: "d" },
  { ms: 3_600_000, name: "h" },
  { ms: 60_000, name: "min" },
  { ms: 1_000, name: "s" },
] as const;

/**
 * A span of time for people, rounded up: `42 s`, `5 min`, `1 h 30 min`, `2 d`. At most two units, so that it is never
 * shorter than what it stands for and never more exact than anybody reads.
 */
export function durationText(ms: number): string {
  // Whole seconds first, so that 59.5 s are one minute and not 60 s.
  const span = Math.ceil(ms / 1_000) * 1_000;
  const first = UNITS.findIndex((unit) => span >= unit.ms);
  const large = UNITS[first];
  if (large === undefined) return "1 s";
  const small = UNITS[first + 1];
  if (small === undefined) return `${Math.ceil(span / large.ms)} ${large.name}`;
  const smalls = Math.ceil(span / small.ms);
  const perLarge = large.ms / small.ms;
  const rest = smalls % perLarge;
  const whole = `${Math.floor(smalls / perLarge)} ${large.name}`;
  return rest === 0 ? whole : `${whole} ${rest} ${small.name}`;
}
